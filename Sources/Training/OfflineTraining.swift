import Basics
import Kernels
import Objectives
import Policies
import Preferences

/// Trains a policy on labelled pairs: the one loop behind every direct objective and both policies.
///
///     loss(step) = Σ_streams mean over the stream's batch of weight · (L(pair) + γ · auxiliary(pair))
///
/// Everything random is a function of (`seed`, step). The gradient of a batch does not depend on the micro-batch size beyond
/// rounding.
///
/// - Parameters:
///   - policy: starts as the reference and ends trained.
///   - streams: never empty; each with at least one pair.
///   - stepZeroTolerance: see ``checkStepZero``; nats per response.
///   - multiplier: λ of the objective's cost constraint, fixed or moving; see ``Objective/multiplierRule``.
///   - auxiliary: a loss on the policy's features, which then every drawn pair has graded responses for; nil for none. It leaves
///     the curve's other numbers as they are when γ = 0.
///   - checkpointing: saves the run between steps and takes it up again, with the same result as an undisturbed one.
///   - afterStep: called with the number of steps done and the policy as it then is; throwing stops the run.
/// - Returns: the training curve.
/// - Throws: ``UserError`` (3) at the first non-finite number, naming step, pair and tensor; whatever `afterStep` throws.
public func trainOffline<P: Policy & ~Copyable, O: Objective>(
  _ policy: inout P, streams: [PairStream<P.Query>], objective: O, configuration: TrainingConfiguration, seed: SeedTree,
  stepZeroTolerance: Double, multiplier: Multiplier<P> = .unconstrained, auxiliary: AuxiliaryLoss<P>? = nil,
  checkpointing: Checkpointing<P.Scalar> = .none,
  afterStep: (Int, borrowing P) throws -> Void = { _, _ in }
) throws -> TrainingCurve {
  precondition(!streams.isEmpty && streams.allSatisfy { !$0.pairs.isEmpty }, "training needs at least one pair")
  let samplers = streams.map {
    batchSampler(count: $0.pairs.count, stream: $0.name, configuration: configuration, seed: seed)
  }
  var gradient = policy.zeroGradient()
  var optimiser = AdamW(like: gradient, configuration: configuration, workers: policy.workers)
  var tape = policy.makeTape()
  var curve = TrainingCurve(steps: configuration.steps)
  var multiplier = multiplier
  var auxiliary = auxiliary
  var begin = 0
  if let (step, memory) = try checkpointing.restore(&policy, &optimiser, as: OfflineMemory.self) {
    begin = step
    curve.restore(memory.curve)
    multiplier.value = memory.multiplier
    if let head = memory.auxiliaryHead { auxiliary?.head = head }
  }

  for step in begin..<configuration.steps {
    gradient.setZero()
    var batch = BatchTotals()
    for (stream, sampler) in zip(streams, samplers) {
      let indices = sampler.indices(step: step)
      try accumulate(
        stream, indices: indices, objective: objective, policy: policy,
        multiplier: multiplier.value, microBatchSize: configuration.microBatchSize, tape: &tape, gradient: &gradient,
        batch: &batch, stepZeroTolerance: step == 0 ? stepZeroTolerance : nil, step: step)
      try auxiliary?.accumulate(
        stream, indices: indices, policy: policy, tape: &tape, gradient: &gradient, step: step)
      if auxiliary != nil { batch.work += stream.gradedWork(indices) }
    }
    let norm = gradient.globalNorm(workers: policy.workers)
    guard norm.isFinite else { throw nonFiniteGradient(gradient, step: step) }
    let limit = configuration.maxGradientNorm
    let learningRate = configuration.learningRate(step: step)
    optimiser.step(
      &policy, gradient: gradient, scale: limit > 0 && norm > limit ? limit / norm : 1, learningRate: learningRate)
    var point = batch.point(step: step + 1, gradientNorm: norm, learningRate: learningRate)
    if multiplier.isConstrained { point.multiplier = multiplier.value }
    if let value = auxiliary?.finishStep(learningRate: learningRate) {
      (point.auxiliaryLoss, point.auxiliaryAccuracy) = (value.loss, value.accuracy)
    }
    point.expectedCost = try multiplier.advance(policy, step: step + 1)
    curve.append(point)
    curve.work += batch.work
    try checkpointing.finishStep(
      step + 1, &policy, optimiser,
      memory: { OfflineMemory(curve: curve.state, multiplier: multiplier.value, auxiliaryHead: auxiliary?.head) },
      afterStep: afterStep)
  }
  try UserError.attaching(curve.evidence) { try multiplier.checkEnd(curve) }
  return curve
}

/// The pairs of each pass: as many as asked for, or with 0 as many as the policy's memory is meant for.
private func passes<P: Policy & ~Copyable>(
  of stream: PairStream<P.Query>, _ indices: [Int], policy: borrowing P, size: Int
) -> [Range<Int>] {
  if size > 0 {
    return stride(from: 0, to: indices.count, by: size).map { $0..<min($0 + size, indices.count) }
  }
  var (start, parts): (Int, [Range<Int>]) = (0, [])
  // A pass that ended between the two responses of a pair takes both.
  for end in policy.passes(of: stream.queries(indices[...])).map({ ($0.upperBound + 1) / 2 }) where end > start {
    parts.append(start..<end)
    start = end
  }
  return parts
}

/// Scores one stream's batch in micro-batches, adds its gradient, and watches its numbers.
private func accumulate<P: Policy & ~Copyable, O: Objective>(
  _ stream: PairStream<P.Query>, indices: [Int], objective: O, policy: borrowing P, multiplier: Double,
  microBatchSize: Int, tape: inout P.Tape, gradient: inout TensorSet<P.Scalar>, batch: inout BatchTotals,
  stepZeroTolerance: Double?, step: Int
) throws {
  let share = 1 / Double(indices.count)
  var means: BatchMeans?
  // Means over the batch cost a pass of their own when it is cut.
  let parts = passes(
    of: stream, indices, policy: policy,
    size: microBatchSize == 0 && objective.usesBatchMeans ? indices.count : microBatchSize)
  if objective.usesBatchMeans, parts.count > 1 {
    let samples = stream.samples(indices[...], scores: policy.score(stream.queries(indices[...])))
    batch.work.forwardPasses += 2 * indices.count
    means = BatchMeans(samples, reduction: objective.reduction)
  }
  for part in parts {
    let chunk = indices[part]
    let queries = stream.queries(chunk)
    var samples = stream.samples(chunk, scores: policy.score(queries, tape: &tape), multiplier: multiplier)
    if objective.usesBatchMeans {
      let known = means ?? BatchMeans(samples, reduction: objective.reduction)
      for offset in samples.indices { samples[offset].batch = known }
    }
    if let stepZeroTolerance { try checkStepZero(samples, objective: objective, tolerance: stepZeroTolerance) }
    var cotangents = [Double](repeating: 0, count: queries.count)
    for (offset, index) in chunk.enumerated() {
      let sample = samples[offset]
      let weight = stream.pairs[index].weight
      let value = objective.evaluate(sample)
      guard value.loss.isFinite, value.dChosen.isFinite, value.dRejected.isFinite else {
        throw nonFiniteLoss(sample, value, step: step, pair: index, stream: stream.name)
      }
      cotangents[2 * offset] = value.dChosen * weight * share
      cotangents[2 * offset + 1] = value.dRejected * weight * share
      batch.add(sample, loss: value.loss * weight, share: share)
    }
    policy.pullback(cotangents, tape: &tape, into: &gradient)
    batch.work += TrainingWork(forwardPasses: queries.count, backwardPasses: queries.count)
  }
  batch.streams += 1
}

/// How batches of a stream are drawn in ``trainOffline``: a pure function of the run's seed and the stream's name.
public func batchSampler(
  count: Int, stream: String, configuration: TrainingConfiguration, seed: SeedTree
) -> BatchSampler {
  BatchSampler(
    count: count, batchSize: configuration.batchSize, mode: configuration.sampling,
    seed: seed.child("batches").child(stream))
}
