import Basics
import Kernels
import Objectives
import Policies

/// Trains a policy on its own responses: the loop behind Safe RLHF, with the parameters, the optimiser and the curve of
/// ``trainOffline``.
///
/// Each step, in the order of Safe RLHF's code: draw responses; move λ by the mean cost of recent ones; shape the signals, estimate
/// advantages and combine them with the new λ; then `innerEpochs` times one step of the actor and one of the critics. Everything
/// random is a function of (`seed`, step).
///
/// - Parameters:
///   - policy: starts as the reference and ends trained.
///   - critics: used when the objective's collection says so.
///   - stepZeroTolerance: largest |log π − log π_ref| of a response before the first update, nats.
///   - afterStep: called with the number of steps done and the policy as it then is; throwing stops the run.
/// - Returns: the training curve.
/// - Throws: ``UserError``: 3 at the first non-finite number, 3 or 4 when λ could not do its work (see ``checkConstraint``);
///   whatever `afterStep` throws.
///
/// Source: arXiv 2310.12773, code (`PPOLagTrainer`).
public func trainOnPolicy<P: TokenPolicy & ~Copyable, O: RolloutObjective, C: Critics>(
  _ policy: inout P, source: RolloutSource<P>, critics: C, objective: O, configuration: TrainingConfiguration,
  seed: SeedTree, stepZeroTolerance: Double, afterStep: (Int, borrowing P) throws -> Void = { _, _ in }
) throws -> TrainingCurve where C.Query == P.Query {
  let collection = objective.collection
  var constraint = ConstraintTracker(objective, promptCount: source.promptCount)
  var critics = critics
  var gradient = policy.zeroGradient()
  var optimiser = AdamW(like: gradient, configuration: configuration)
  var tape = policy.makeTape()
  var curve = TrainingCurve(steps: configuration.steps)

  for step in 0..<configuration.steps {
    let groups = try source.draw(policy, collection, seed.child("rollouts").child(step))
    let queries = groups.flatMap(\.queries)
    var batch = RolloutBatch(
      groups, logProbabilities: policy.scoreTokens(queries, tape: &tape), reference: try source.reference(queries),
      scores: try source.scores(queries), values: collection.usesCritics ? critics.values(queries) : nil)
    if step == 0 { try checkStepZero(batch.rollouts, tolerance: stepZeroTolerance) }
    constraint.observe(batch, objective: objective)
    batch.makeTargets(objective, under: constraint)

    var point = batch.point(step: step + 1, learningRate: configuration.learningRate(step: step))
    point.note(constraint, objective: objective, exact: source.exactCosts?(policy))
    for epoch in 0..<collection.innerEpochs {
      let logProbabilities =
        epoch == 0 ? batch.rollouts.map(\.logProbabilities) : policy.scoreTokens(queries, tape: &tape)
      let actor = batch.actor(objective, logProbabilities: logProbabilities)
      gradient.setZero()
      policy.pullbackTokens(actor.cotangents, tape: &tape, into: &gradient)
      let norm = gradient.globalNorm()
      guard actor.loss.isFinite, norm.isFinite else {
        throw nonFinite(batch, actor, step: step, multiplier: constraint.multiplier)
      }
      let limit = configuration.maxGradientNorm
      optimiser.step(
        &policy, gradient: gradient, scale: limit > 0 && norm > limit ? limit / norm : 1,
        learningRate: point.learningRate)
      if collection.usesCritics, let derivatives = batch.criticDerivatives(objective, values: critics.values(queries)) {
        critics.update(queries, derivatives: derivatives, weights: batch.rollouts.map(\.weight))
      }
      point.note(actor, gradientNorm: norm, share: 1 / Double(collection.innerEpochs))
    }
    curve.append(point)
    try afterStep(step + 1, policy)
  }
  try checkConstraint(curve, objective: objective, constraint: constraint)
  return curve
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
