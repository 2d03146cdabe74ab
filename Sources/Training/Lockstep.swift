import Basics
import Kernels
import Objectives
import Policies
import Preferences

/// One to eight runs that take every step together, a run a lane.
///
/// A single step of a small table is a chain of operations that wait for one another; eight chains side by side take hardly longer
/// than one. A run that fails leaves its lane idle.
///
/// Not generic, because whoever opens an existential gets code that does not know its type: that is asked once a step.
struct Lockstep {
  private let common: TableRuns
  private let firstRun: Int
  private let runCount: Int
  private let begin: [[Double]]
  private let evaluate: LaneStream.Evaluation
  private let check: (_ lane: Int, [PairSample]) throws -> Void
  private let tables: LaneTables
  private let streams: [LaneStream]
  private var curves: [TrainingCurve]
  /// What stopped a run, [runs].
  private var failures: [(any Error)?]
  /// Their lanes.
  private var failed: UInt32 = 0
  /// Sum over the steps of a window.
  private var learningRates = 0.0

  /// - Parameter firstRun: the number of the first run, for whoever looks at the tables.
  init<O: Objective>(_ common: TableRuns, _ runs: [TableRun<O>], firstRun: Int) {
    let objectives = runs.map(\.objective)
    self.common = common
    self.firstRun = firstRun
    runCount = runs.count
    begin = runs.map(\.logits)
    evaluate = { O.evaluate(objectives.span, $0, scores: $1, into: &$2) }
    check = { lane, samples in
      try checkStepZero(samples, objective: objectives[lane], tolerance: common.stepZeroTolerance)
    }
    tables = LaneTables(promptCount: common.promptCount, width: common.responseCount)
    for (lane, run) in runs.enumerated() { tables.begin(lane: lane, logits: run.logits) }
    streams = runs[0].streams.indices.map { stream in
      LaneStream(
        runs.map { ($0.streams[stream], $0.seed) }, configuration: common.configuration, width: common.responseCount)
    }
    curves = runs.map { _ in TrainingCurve(steps: common.configuration.steps) }
    failures = runs.map { _ in nil }
  }

  mutating func train() -> [Result<TrainedTable, any Error>] {
    let corrections = BiasCorrections.of(common.configuration)
    for step in 0..<common.configuration.steps {
      take(step, correction: corrections.step(step + 1, of: common.configuration))
      if failed == UInt32(1) << UInt32(runCount) - 1 { break }
    }
    let passes = 2 * common.configuration.batchSize * streams.count * common.configuration.steps
    return (0..<runCount).map { lane in
      if let failure = failures[lane] { return .failure(failure) }
      var curve = curves[lane]
      curve.work += TrainingWork(forwardPasses: passes, backwardPasses: passes)
      return .success(TrainedTable(logits: tables.logits(lane: lane), curve: curve))
    }
  }

  /// One step, counted from 0.
  private mutating func take(_ step: Int, correction: BiasCorrections.Step) {
    let configuration = common.configuration
    var broken: UInt32 = 0
    for stream in streams { broken |= stream.addGradient(step, to: tables, evaluate) }
    let learningRate = configuration.learningRate(step: step)
    let update = AdamUpdate<Double>(
      configuration: configuration, correction: correction, scale: 1, learningRate: learningRate)
    let unbounded = tables.step(update.constants, limit: configuration.maxGradientNorm, streams: streams.count)
    learningRates += learningRate
    if step == 0 || broken | unbounded != 0 { noteFailures(step, unbounded: unbounded) }
    closeWindow(after: step + 1)
    if common.interval > 0, (step + 1) % common.interval == 0 { look(after: step + 1) }
  }

  /// Keeps the first failure of every run, in the order in which a run alone would meet them, and leaves its lane idle.
  private mutating func noteFailures(_ step: Int, unbounded: UInt32) {
    for lane in lanes(~failed) {
      do {
        for stream in streams {
          if step == 0 { try check(lane, stream.drawnSamples(lane: lane)) }
          if let failure = stream.failure(lane: lane, step: step) { throw failure }
        }
        if unbounded >> UInt32(lane) & 1 == 1 { throw brokenGradient(step: step) }
      } catch {
        failures[lane] = error
        failed |= 1 << UInt32(lane)
      }
    }
    for lane in lanes(failed) { tables.begin(lane: lane, logits: begin[lane]) }
  }

  private func lanes(_ mask: UInt32) -> [Int] { (0..<runCount).filter { mask >> UInt32($0) & 1 == 1 } }

  private func brokenGradient(step: Int) -> UserError {
    var gradient = TensorSet<Double>(names: ["logits"], shapes: [[common.promptCount, common.responseCount]])
    gradient.values[0][0] = .nan
    return nonFiniteGradient(gradient, step: step)
  }

  private mutating func closeWindow(after step: Int) {
    guard curves[0].endsWindow(after: step) else { return }
    for lane in 0..<runCount {
      let sums = tables.takeWindow(lane: lane)
      curves[lane].append(
        window: CurvePoint(
          step: 0, loss: sums[0], chosenLogRatio: sums[1], rejectedLogRatio: sums[2], accuracy: sums[3],
          gradientNorm: sums[4], learningRate: learningRates), endingAt: step)
    }
    learningRates = 0
  }

  private func look(after step: Int) {
    for lane in 0..<runCount where failures[lane] == nil {
      let policy = TabularPolicy(
        promptCount: common.promptCount, responseCount: common.responseCount, logits: tables.logits(lane: lane))
      common.look(firstRun + lane, step, policy)
    }
  }
}

/// One stream of pairs in the runs that go in step.
final class LaneStream {
  /// See ``Objective/evaluate(_:_:scores:into:)``.
  typealias Evaluation = (Span<PairSample>, Span<Double>, inout MutableSpan<Double>) -> Void

  let batch: LaneBatch
  /// [pairs][8]; lanes without a run hold what the first one does.
  let samples: [PairSample]
  private let names: [String]
  private var counts: BatchCounts

  init(_ runs: [(stream: PairStream<TabularQuery>, seed: SeedTree)], configuration: TrainingConfiguration, width: Int) {
    let first = runs[0].stream.pairs
    batch = LaneBatch(
      chosen: first.map { ($0.chosen.prompt, $0.chosen.response) },
      rejected: first.map { ($0.rejected.prompt, $0.rejected.response) }, width: width,
      share: 1 / Double(configuration.batchSize))
    let lanes = (0..<LaneTables.lanes).map { runs[$0 < runs.count ? $0 : 0] }
    for (lane, run) in runs.enumerated() {
      for (pair, prepared) in run.stream.pairs.enumerated() {
        batch.set(
          lane: lane, pair: pair, weight: prepared.weight, referenceChosen: prepared.referenceChosen,
          referenceRejected: prepared.referenceRejected)
      }
    }
    samples = first.indices.flatMap { pair in
      lanes.map { $0.stream.pairs[pair].sample(policyChosen: 0, policyRejected: 0) }
    }
    names = lanes.map(\.stream.name)
    counts = BatchCounts(
      runs.map {
        batchSampler(count: first.count, stream: $0.stream.name, configuration: configuration, seed: $0.seed)
      })
  }

  /// Scores and evaluates the batches of a step.
  ///
  /// - Returns: the lanes in which a value is not finite.
  func addGradient(_ step: Int, to tables: LaneTables, _ evaluate: Evaluation) -> UInt32 {
    batch.withCounts { counts.write(step: step, to: &$0) }
    tables.score(batch)
    let samples = samples
    batch.withScores { evaluate(samples.span, $0, &$1) }
    return tables.addGradient(of: batch)
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
    var sample = samples[LaneTables.lanes * pair + lane]
    let numbers = batch.numbers(lane: lane, pair: pair)
    (sample.policyChosen, sample.policyRejected) = (numbers[0], numbers[1])
    return sample
  }
}
