import Basics
import Kernels
import Objectives
import Policies
import Preferences

/// ``trainOffline(_:streams:objective:configuration:seed:stepZeroTolerance:multiplier:auxiliary:checkpointing:afterStep:)`` of a
/// table: the same run, in a loop that takes no memory from step to step and asks the objective once a batch.
///
/// The two agree bit for bit, unless a stream has no more pairs than a batch: there each pair is evaluated once and counts as often
/// as it was drawn, so that sums are rounded differently, and so are margins from which the normaliser cancels. A caller with a
/// concrete ``TabularPolicy`` gets this one.
public func trainOffline<O: Objective>(
  _ policy: inout TabularPolicy, streams: [PairStream<TabularQuery>], objective: O,
  configuration: TrainingConfiguration, seed: SeedTree, stepZeroTolerance: Double,
  multiplier: Multiplier<TabularPolicy> = .unconstrained, checkpointing: Checkpointing<Double> = .none,
  afterStep: (Int, borrowing TabularPolicy) throws -> Void = { _, _ in }
) throws -> TrainingCurve {
  // A batch in pieces, whose gradients are rounded piece by piece, is left to the general loop.
  if configuration.microBatchSize > 0, configuration.microBatchSize < configuration.batchSize {
    return try trainOfflineInGeneral(
      &policy, streams: streams, objective: objective, configuration: configuration, seed: seed,
      stepZeroTolerance: stepZeroTolerance, multiplier: multiplier, checkpointing: checkpointing, afterStep: afterStep)
  }
  precondition(!streams.isEmpty && streams.allSatisfy { !$0.pairs.isEmpty }, "training needs at least one pair")
  var batches = streams.map {
    TableBatches($0, objective: objective, configuration: configuration, seed: seed, width: policy.responseCount)
  }
  var prompts = PromptSums(promptCount: policy.promptCount, width: policy.responseCount)
  var optimiser = AdamW(like: policy.zeroGradient(), configuration: configuration)
  var gradient = [Double](repeating: 0, count: policy.logits.count)
  var curve = TrainingCurve(steps: configuration.steps)
  var multiplier = multiplier
  var begin = 0
  if let (step, memory) = try checkpointing.restore(&policy, &optimiser, as: OfflineMemory.self) {
    begin = step
    curve.restore(memory.curve)
    multiplier.value = memory.multiplier
  }

  for step in begin..<configuration.steps {
    setZero(&gradient)
    var totals = BatchTotals()
    for index in batches.indices {
      try policy.withLogits { logits in
        try batches[index].accumulate(
          logits.span, objective: objective, multiplier: multiplier.value, prompts: &prompts,
          gradient: &gradient, totals: &totals, step: step,
          stepZeroTolerance: step == 0 ? stepZeroTolerance : nil)
      }
    }
    let norm = norm(gradient)
    guard norm.isFinite else {
      var set = policy.zeroGradient()
      set.values[0] = gradient
      throw nonFiniteGradient(set, step: step)
    }
    let limit = configuration.maxGradientNorm
    let learningRate = configuration.learningRate(step: step)
    policy.withLogits {
      optimiser.step(
        table: &$0, gradient: gradient, scale: limit > 0 && norm > limit ? limit / norm : 1,
        learningRate: learningRate)
    }
    let lambda = multiplier.isConstrained ? multiplier.value : nil
    curve.append(
      totals, step: step + 1, gradientNorm: norm, learningRate: learningRate, multiplier: lambda,
      expectedCost: try multiplier.advance(policy, step: step + 1))
    curve.work += totals.work
    try checkpointing.finishStep(
      step + 1, &policy, optimiser,
      memory: { OfflineMemory(curve: curve.state, multiplier: multiplier.value, auxiliaryHead: nil) },
      afterStep: afterStep)
  }
  try UserError.attaching(curve.evidence) { try multiplier.checkEnd(curve) }
  return curve
}

private func setZero(_ values: inout [Double]) {
  var values = values.mutableSpan
  for i in values.indices { values[i] = 0 }
}

/// The loop for any policy: here the type of the policy is not known, so that the other `trainOffline` is called.
private func trainOfflineInGeneral<P: Policy & ~Copyable, O: Objective>(
  _ policy: inout P, streams: [PairStream<P.Query>], objective: O, configuration: TrainingConfiguration, seed: SeedTree,
  stepZeroTolerance: Double, multiplier: Multiplier<P>, checkpointing: Checkpointing<P.Scalar>,
  afterStep: (Int, borrowing P) throws -> Void
) throws -> TrainingCurve {
  try trainOffline(
    &policy, streams: streams, objective: objective, configuration: configuration, seed: seed,
    stepZeroTolerance: stepZeroTolerance, multiplier: multiplier, checkpointing: checkpointing, afterStep: afterStep)
}
