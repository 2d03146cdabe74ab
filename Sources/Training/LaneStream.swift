import Basics
import Kernels
import Objectives
import Policies
import Preferences

/// One stream of pairs in the runs that go in step.
final class LaneStream {
  /// See ``Objective/evaluate(_:_:scores:into:)``.
  typealias Evaluation = (Span<PairSample>, Span<Double>, inout MutableSpan<Double>) -> Void

  private let batch: LaneBatch
  /// The batches of eight steps of a run alone; of several runs it is `batch`.
  private let history: LaneBatch
  private let isAlone: Bool
  /// [pairs][lanes]; lanes without a run hold what the first one does.
  private let samples: [PairSample]
  private let names: [String]
  private let counts: BatchCounts
  private let lanes: Int
  /// Whether logits do for log-probabilities; see ``PairStream/cancelsNormalisers(of:)``.
  private let seesLogits: Bool

  init(
    _ runs: [(stream: PairStream<TabularQuery>, seed: SeedTree)], configuration: TrainingConfiguration, width: Int,
    seesLogits: Bool
  ) {
    let first = runs[0].stream.pairs
    let lanes = runs.count == 1 ? 1 : LaneTables.lanes
    func makeBatch(lanes: Int) -> LaneBatch {
      LaneBatch(
        chosen: first.map { ($0.chosen.prompt, $0.chosen.response) },
        rejected: first.map { ($0.rejected.prompt, $0.rejected.response) }, width: width,
        share: 1 / Double(configuration.batchSize), isBalanced: seesLogits, lanes: lanes)
    }
    let batch = makeBatch(lanes: lanes)
    for (lane, run) in runs.enumerated() { batch.set(lane: lane, run.stream.pairs) }
    self.batch = batch
    isAlone = lanes == 1
    history = isAlone ? makeBatch(lanes: LaneTables.lanes) : batch
    if isAlone {
      for step in 0..<LaneTables.lanes { history.set(lane: step, first) }
    }
    let streams = (0..<lanes).map { runs[$0 < runs.count ? $0 : 0].stream }
    samples = first.indices.flatMap { pair in
      streams.map { $0.pairs[pair].sample(policyChosen: 0, policyRejected: 0) }
    }
    names = streams.map(\.name)
    counts = BatchCounts(
      runs.map {
        batchSampler(count: first.count, stream: $0.stream.name, configuration: configuration, seed: $0.seed)
      })
    self.lanes = lanes
    self.seesLogits = seesLogits
  }

  /// Adds the gradient of the batches of a step. Steps are taken one after the other, from 0 on.
  ///
  /// - Parameter sums: where to add what is watched of eight runs; of a run alone see ``watch(_:_:)``.
  /// - Returns: the lanes in which a value is not finite.
  @inline(never)
  func addGradient(_ step: Int, to tables: LaneTables, sums: LaneSums, _ evaluate: Evaluation) -> UInt32 {
    let column = step % LaneTables.lanes
    if isAlone {
      if column == 0 { history.withCounts { counts.write(from: step, to: &$0) } }
      batch.takeCounts(of: history, lane: column)
    } else {
      batch.withCounts { counts.write(step: step, to: &$0) }
    }
    if seesLogits { tables.copyLogits(to: batch) } else { tables.score(batch) }
    let samples = samples
    batch.withScores(logits: seesLogits) { evaluate(samples.span, $0, &$1) }
    // Whoever watches the batch wants log-probabilities, and so does the check of the first step.
    if seesLogits, !isAlone || step == 0 { tables.score(batch) }
    let broken = isAlone ? tables.addGradient(of: batch) : tables.addGradient(of: batch, watching: sums)
    if isAlone { batch.giveLosses(to: history, lane: column) }
    if seesLogits, broken != 0 { tables.score(batch) }
    return broken
  }

  /// Adds what is watched of a run alone at eight steps.
  ///
  /// - Parameter tables: those of the steps.
  func watch(_ tables: LaneTables, _ sums: LaneSums) {
    tables.score(history)
    sums.add(history)
  }

  /// The pairs of one run's batch, each once, as the policy scored them.
  func drawnSamples(lane: Int) -> [PairSample] {
    (0..<batch.pairCount).filter { batch.isDrawn(lane: lane, pair: $0) }.map { sample(lane: lane, pair: $0) }
  }

  /// The first pair of one run's batch that has a value that is not finite.
  func failure(lane: Int, step: Int) -> UserError? {
    for pair in 0..<batch.pairCount where batch.isDrawn(lane: lane, pair: pair) {
      let numbers = batch.numbers(lane: lane, pair: pair)
      let value = PairEvaluation(loss: numbers[2], dChosen: numbers[3], dRejected: numbers[4])
      if value.loss.isFinite, value.dChosen.isFinite, value.dRejected.isFinite { continue }
      return nonFiniteLoss(sample(lane: lane, pair: pair), value, step: step, pair: pair, stream: names[lane])
    }
    return nil
  }

  private func sample(lane: Int, pair: Int) -> PairSample {
    var sample = samples[lanes * pair + lane]
    let numbers = batch.numbers(lane: lane, pair: pair)
    (sample.policyChosen, sample.policyRejected) = (numbers[0], numbers[1])
    return sample
  }
}

extension LaneBatch {
  fileprivate func set(lane: Int, _ pairs: [PreparedPair<TabularQuery>]) {
    for (pair, prepared) in pairs.enumerated() {
      set(
        lane: lane, pair: pair, weight: prepared.weight, referenceChosen: prepared.referenceChosen,
        referenceRejected: prepared.referenceRejected)
    }
  }
}

extension PairStream<TabularQuery> {
  /// Whether logits do for log-probabilities, because the normaliser cancels: of an objective that sees the margin alone, and two
  /// responses to one prompt in every pair. No step then waits for exponentials and a logarithm, and margins lose no digits to them.
  func cancelsNormalisers(of objective: some Objective) -> Bool {
    objective.seesMarginAlone
      && pairs.allSatisfy {
        $0.chosen.prompt == $0.rejected.prompt && (objective.reduction == .sum || $0.chosenTokens == $0.rejectedTokens)
      }
  }
}
