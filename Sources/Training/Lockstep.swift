import Basics
import Kernels
import Objectives
import Policies
import Preferences

/// Two to eight runs that take every step together, a run a lane.
///
/// A single step of a small table is a chain of operations that wait for one another; eight chains side by side take hardly longer
/// than one. A run that fails leaves its lane idle.
struct Lockstep<O: Objective> {
  private let common: TableRuns
  private let runs: [TableRun<O>]
  private let objectives: [O]
  private let firstRun: Int
  private let tables: LaneTables
  private let streams: [LaneStream]
  private var curves: [TrainingCurve]
  /// What stopped a run, [runs].
  private var failures: [(any Error)?]
  /// Sum over the steps of a window.
  private var learningRates = 0.0

  /// - Parameter firstRun: the number of the first run, for whoever looks at the tables.
  init(_ common: TableRuns, _ runs: [TableRun<O>], firstRun: Int) {
    self.common = common
    self.runs = runs
    objectives = runs.map(\.objective)
    self.firstRun = firstRun
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
      if !failures.contains(where: { $0 == nil }) { break }
    }
    let passes = 2 * common.configuration.batchSize * streams.count * common.configuration.steps
    return runs.indices.map { lane in
      if let failure = failures[lane] { return .failure(failure) }
      var curve = curves[lane]
      curve.work += TrainingWork(forwardPasses: passes, backwardPasses: passes)
      return .success(TrainedTable(logits: tables.logits(lane: lane), curve: curve))
    }
  }

  /// One step, counted from 0.
  private mutating func take(_ step: Int, correction: BiasCorrections.Step) {
    let configuration = common.configuration
    var failed: UInt32 = 0
    for stream in streams {
      stream.draw(step)
      tables.score(stream.batch)
      evaluate(stream)
      if step == 0 { failed |= check(stream) }
      let broken = tables.addGradient(of: stream.batch)
      if broken != 0 { failed |= note(lanes(broken).map { ($0, stream.failure(lane: $0, step: step)) }) }
    }
    let learningRate = configuration.learningRate(step: step)
    let update = AdamUpdate<Double>(
      configuration: configuration, correction: correction, scale: 1, learningRate: learningRate)
    let broken = tables.step(update.constants, limit: configuration.maxGradientNorm, streams: streams.count)
    if broken != 0 { failed |= note(lanes(broken).map { ($0, brokenGradient(step: step)) }) }
    learningRates += learningRate
    if failed != 0 {
      for lane in lanes(failed) { tables.begin(lane: lane, logits: runs[lane].logits) }
    }
    closeWindow(after: step + 1)
    if common.interval > 0, (step + 1) % common.interval == 0 { look(after: step + 1) }
  }

  private func evaluate(_ stream: LaneStream) {
    stream.batch.withScores { scores, values in
      O.evaluate(objectives.span, stream.samples.span, scores: scores, into: &values)
    }
  }

  /// The self-check of the first step.
  private mutating func check(_ stream: LaneStream) -> UInt32 {
    note(
      runs.indices.map { lane in
        do {
          try checkStepZero(
            stream.drawnSamples(lane: lane), objective: objectives[lane], tolerance: common.stepZeroTolerance)
          return (lane, nil)
        } catch {
          return (lane, error)
        }
      })
  }

  /// Keeps the first failure of every lane.
  ///
  /// - Returns: the lanes that fail for the first time.
  private mutating func note(_ found: [(lane: Int, failure: (any Error)?)]) -> UInt32 {
    var failed: UInt32 = 0
    for (lane, failure) in found where failure != nil && failures[lane] == nil {
      failures[lane] = failure
      failed |= 1 << UInt32(lane)
    }
    return failed
  }

  private func lanes(_ mask: UInt32) -> [Int] { runs.indices.filter { mask >> UInt32($0) & 1 == 1 } }

  private func brokenGradient(step: Int) -> UserError {
    var gradient = TensorSet<Double>(names: ["logits"], shapes: [[common.promptCount, common.responseCount]])
    gradient.values[0][0] = .nan
    return nonFiniteGradient(gradient, step: step)
  }

  private mutating func closeWindow(after step: Int) {
    guard curves[0].endsWindow(after: step) else { return }
    for lane in runs.indices {
      let sums = tables.takeWindow(lane: lane)
      curves[lane].append(
        window: CurvePoint(
          step: 0, loss: sums[0], chosenLogRatio: sums[1], rejectedLogRatio: sums[2], accuracy: sums[3],
          gradientNorm: sums[4], learningRate: learningRates), endingAt: step)
    }
    learningRates = 0
  }

  private func look(after step: Int) {
    for lane in runs.indices where failures[lane] == nil {
      let policy = TabularPolicy(
        promptCount: common.promptCount, responseCount: common.responseCount, logits: tables.logits(lane: lane))
      common.look(firstRun + lane, step, policy)
    }
  }
}

/// One stream of pairs in the runs that go in step.
struct LaneStream {
  let batch: LaneBatch
  /// [pairs][8]; lanes without a run hold what the first one does.
  let samples: [PairSample]
  private let names: [String]
  private let samplers: [BatchSampler]

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
    samplers = lanes.map {
      batchSampler(count: first.count, stream: $0.stream.name, configuration: configuration, seed: $0.seed)
    }
  }

  /// Draws the batches of a step.
  func draw(_ step: Int) {
    batch.withCounts { BatchSampler.count(samplers, step: step, to: &$0) }
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
