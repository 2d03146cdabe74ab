import Basics
import Kernels
import Objectives
import Policies

/// Trains a policy on its own responses: the loop behind Safe RLHF, with the parameters, the optimiser and the curve of
/// ``trainOffline``.
///
/// Each step, in the order of Safe RLHF's code: draw responses; move λ by the mean cost of recent ones; shape the signals, estimate
/// advantages and combine them with the new λ; then `innerEpochs` times one step of the actor, with the language-modelling term
/// where there is one, and one of the critics. Everything random is a function of (`seed`, step).
///
/// - Parameters:
///   - policy: starts as the reference and ends trained.
///   - critics: used when the objective's collection says so.
///   - configuration: a pass takes at most 2 · `microBatchSize` responses, as many as that number of pairs has.
///   - stepZeroTolerance: largest |log π − log π_ref| of a response before the first update, nats.
///   - checkpointing: saves the run between steps and takes it up again, with the same result as an undisturbed one.
///   - afterStep: called with the number of steps done and the policy as it then is; throwing stops the run.
/// - Returns: the training curve.
/// - Throws: ``UserError``: 3 at the first non-finite number, 3 or 4 when λ could not do its work (see ``checkConstraint``);
///   whatever `afterStep` throws.
///
/// Source: arXiv 2310.12773, code (`PPOLagTrainer`).
public func trainOnPolicy<P: TokenPolicy & ~Copyable, O: RolloutObjective, C: Critics>(
  _ policy: inout P, source: RolloutSource<P>, critics: C, objective: O, configuration: TrainingConfiguration,
  seed: SeedTree, stepZeroTolerance: Double, checkpointing: Checkpointing<P.Scalar> = .none,
  afterStep: (Int, borrowing P) throws -> Void = { _, _ in }
) throws -> TrainingCurve where C.Query == P.Query {
  let learner = OnPolicyLearner(source: source, objective: objective, configuration: configuration)
  var memory = OnPolicyMemory(
    constraint: ConstraintTracker(objective, promptCount: source.promptCount), critics: critics)
  var gradient = policy.zeroGradient()
  var optimiser = AdamW(like: gradient, configuration: configuration, workers: policy.workers)
  var tape = policy.makeTape()
  var curve = TrainingCurve(steps: configuration.steps)
  var begin = 0
  if let (step, saved) = try checkpointing.restore(&policy, &optimiser, as: OnPolicyMemory<C>.self) {
    begin = step
    memory.constraint = saved.constraint
    memory.critics.restore(saved.critics)
    if let state = saved.curve { curve.restore(state) }
  }

  for step in begin..<configuration.steps {
    let (point, work) = try learner.step(
      step, policy: &policy, memory: &memory, optimiser: &optimiser, tape: &tape, gradient: &gradient,
      draws: seed.child("rollouts").child(step), stepZeroTolerance: step == 0 ? stepZeroTolerance : nil)
    curve.append(point)
    curve.work += work
    try checkpointing.finishStep(
      step + 1, &policy, optimiser, memory: { memory.with(curve) }, afterStep: afterStep)
  }
  try UserError.attaching(curve.evidence) {
    try checkConstraint(curve, objective: objective, constraint: memory.constraint)
  }
  return curve
}

/// What a run on the policy's own responses remembers between steps beside the policy and its optimiser.
private struct OnPolicyMemory<C: Critics>: Codable {
  var constraint: ConstraintTracker
  var critics: C
  /// Set when saved.
  var curve: TrainingCurve.State?

  func with(_ curve: TrainingCurve) -> OnPolicyMemory {
    var memory = self
    memory.curve = curve.state
    return memory
  }
}

/// One step of a run on the policy's own responses.
private struct OnPolicyLearner<P: TokenPolicy & ~Copyable, O: RolloutObjective> {
  let source: RolloutSource<P>
  let objective: O
  let configuration: TrainingConfiguration

  func step<C: Critics>(
    _ step: Int, policy: inout P, memory: inout OnPolicyMemory<C>, optimiser: inout AdamW<P.Scalar>,
    tape: inout P.Tape, gradient: inout TensorSet<P.Scalar>, draws: SeedTree, stepZeroTolerance: Double?
  ) throws -> (point: CurvePoint, work: TrainingWork) where C.Query == P.Query {
    let collection = objective.collection
    let groups = try source.draw(policy, collection, draws)
    let queries = groups.flatMap(\.queries)
    let isWhole = passes(queries.count).count == 1
    var batch = RolloutBatch(
      groups,
      logProbabilities: isWhole
        ? policy.scoreTokens(queries, tape: &tape) : policy.tokenLogProbabilities(queries),
      reference: try source.reference(queries), scores: try source.scores(queries),
      values: collection.usesCritics ? try memory.critics.values(queries) : nil)
    if let stepZeroTolerance { try checkStepZero(batch.rollouts, tolerance: stepZeroTolerance) }
    memory.constraint.observe(batch, objective: objective)
    batch.makeTargets(objective, under: memory.constraint)

    var point = batch.point(step: step + 1, learningRate: configuration.learningRate(step: step))
    point.note(memory.constraint, objective: objective, exact: source.exactCosts?(policy))
    for epoch in 0..<collection.innerEpochs {
      gradient.setZero()
      var actor = pullback(
        batch, policy: policy, tape: &tape, gradient: &gradient, isOnTape: epoch == 0 && isWhole)
      actor.loss += pullbackPretraining(step: step, policy: policy, tape: &tape, gradient: &gradient)
      let norm = gradient.globalNorm(workers: policy.workers)
      guard actor.loss.isFinite, norm.isFinite else {
        throw nonFinite(batch, actor, step: step, multiplier: memory.constraint.multiplier)
      }
      let limit = configuration.maxGradientNorm
      optimiser.step(
        &policy, gradient: gradient, scale: limit > 0 && norm > limit ? limit / norm : 1,
        learningRate: point.learningRate)
      if collection.usesCritics,
        let derivatives = batch.criticDerivatives(objective, values: try memory.critics.values(queries))
      {
        try memory.critics.update(queries, derivatives: derivatives, weights: batch.rollouts.map(\.weight))
      }
      point.note(actor, gradientNorm: norm, share: 1 / Double(collection.innerEpochs))
    }
    return (point, work(batch, step: step, isWhole: isWhole))
  }

  /// A batch of one pass is scored once, to be judged and by the first inner epoch; one of several once more.
  private func work(_ batch: RolloutBatch<P.Query>, step: Int, isWhole: Bool) -> TrainingWork {
    let texts = objective.ptxCoefficient > 0 ? source.pretraining?(step).count ?? 0 : 0
    let count = batch.rollouts.count
    let passes = objective.collection.innerEpochs * (count + texts)
    return TrainingWork(
      forwardPasses: passes + (isWhole ? 0 : count), backwardPasses: passes,
      sampledTokens: batch.rollouts.reduce(0) { $0 + ($1.isExact ? 0 : $1.logProbabilities.count) })
  }

  /// The responses of each pass.
  private func passes(_ count: Int) -> [Range<Int>] {
    let size = configuration.microBatchSize == 0 ? count : 2 * configuration.microBatchSize
    return stride(from: 0, to: count, by: max(1, size)).map { $0..<min($0 + size, count) }
  }

  /// Adds the actor's gradient, pass by pass.
  ///
  /// - Parameter isOnTape: whether the tape holds the whole batch, scored by this very policy.
  private func pullback(
    _ batch: RolloutBatch<P.Query>, policy: borrowing P, tape: inout P.Tape, gradient: inout TensorSet<P.Scalar>,
    isOnTape: Bool
  ) -> ActorEvaluation {
    var total = ActorEvaluation(loss: 0, cotangents: [], clipFraction: 0)
    for part in passes(batch.queries.count) {
      let logProbabilities =
        isOnTape
        ? batch.rollouts.map(\.logProbabilities) : policy.scoreTokens(Array(batch.queries[part]), tape: &tape)
      let actor = batch.actor(objective, part: part, logProbabilities: logProbabilities)
      policy.pullbackTokens(actor.cotangents, tape: &tape, into: &gradient)
      total.loss += actor.loss
      total.clipFraction += actor.clipFraction
    }
    return total
  }

  /// Adds the gradient of −ptxCoefficient · mean over the texts' tokens of log π, pass by pass.
  ///
  /// - Returns: the term's loss; 0 without one.
  private func pullbackPretraining(
    step: Int, policy: borrowing P, tape: inout P.Tape, gradient: inout TensorSet<P.Scalar>
  ) -> Double {
    guard objective.ptxCoefficient > 0, let texts = source.pretraining?(step), !texts.isEmpty else { return 0 }
    let tokens = texts.reduce(0) { $0 + policy.tokenCount($1) }
    let share = objective.ptxCoefficient / Double(tokens)
    var loss = 0.0
    for part in passes(texts.count) {
      let scores = policy.score(Array(texts[part]), tape: &tape)
      loss -= share * scores.reduce(0, +)
      policy.pullback(scores.map { _ in -share }, tape: &tape, into: &gradient)
    }
    return loss
  }
}

extension RolloutBatch {
  /// What is watched of the batch before it is learned from.
  fileprivate func point(step: Int, learningRate: Double) -> CurvePoint {
    var point = CurvePoint(
      step: step, loss: 0, chosenLogRatio: 0, rejectedLogRatio: 0, accuracy: 0, gradientNorm: 0,
      learningRate: learningRate)
    let explained = explainedVariances()
    var sums = RolloutPoint(
      reward: 0, cost: 0, violation: 0, kl: 0, entropy: 0, clipFraction: 0,
      rewardExplainedVariance: explained?.reward, costExplainedVariance: explained?.cost)
    for rollout in rollouts {
      let weight = rollout.weight
      sums.reward += weight * rollout.scores.reward
      sums.cost += weight * rollout.scores.cost
      for (own, reference) in zip(rollout.logProbabilities, rollout.reference) {
        sums.kl += weight * DivergenceEstimator.k3.estimate(own - reference)
        sums.entropy -= weight * own
      }
    }
    point.rollouts = sums
    return point
  }
}

extension CurvePoint {
  /// λ with the J_C that it followed, and the violation by the exact expected cost where there is one.
  fileprivate mutating func note(
    _ constraint: ConstraintTracker, objective: some RolloutObjective, exact: [CostDistribution]?
  ) {
    let law = objective.multiplierLaw
    if law.isLearned {
      multiplier = constraint.multiplier
      promptMultipliers = constraint.promptMultipliers
    }
    expectedCost = constraint.expectedCost
    if let exact {
      rollouts?.violation = objective.violation(exact)
    } else {
      let cost = objective.costRisk.isMean ? rollouts?.cost ?? 0 : expectedCost ?? 0
      rollouts?.violation = max(0, cost - law.budget)
    }
  }

  fileprivate mutating func note(_ actor: ActorEvaluation, gradientNorm norm: Double, share: Double) {
    loss += share * actor.loss
    gradientNorm += share * norm
    rollouts?.clipFraction += share * actor.clipFraction
  }
}

private func nonFinite<Query>(
  _ batch: RolloutBatch<Query>, _ actor: ActorEvaluation, step: Int, multiplier: Double
) -> UserError {
  let worst = batch.targets.flatMap(\.advantages).first { !$0.isFinite }
  return .numerical(
    "a number is no longer finite", at: "step \(step)",
    because: "loss = \(actor.loss), λ = \(multiplier)" + (worst.map { ", an advantage is \($0)" } ?? ""),
    advice: "lower the learning rate, raise tau, or set maxGradientNorm")
}

/// Before the first update the policy is the reference: every KL term is 0.
private func checkStepZero(_ rollouts: [ScoredRollout], tolerance: Double) throws {
  for (index, rollout) in rollouts.enumerated() {
    let ratio = rollout.logRatios.reduce(0, +)
    if abs(ratio) <= tolerance { continue }
    throw UserError.numerical(
      "the step-0 self-check failed", at: "response \(index) of the first batch",
      because:
        "before training the policy must equal the reference, but a log-ratio is \(ratio) nats (allowed \(tolerance))",
      advice: "check that the reference is the same model and file")
  }
}
