import Basics
import Kernels
import Objectives
import Policies
import Preferences

/// One to eight runs that take every step together, a run a lane.
///
/// A single step of a small table is a chain of operations that wait for one another; eight chains side by side take little longer
/// than one. A run that fails leaves its lane idle. A run alone has tables of one lane, and what is watched of it, for which no step
/// waits, is worked out for eight steps at once.
///
/// Not generic, because whoever opens an existential gets code that does not know its type: that is asked once a step.
struct Lockstep {
  private let common: TableRuns
  private let firstRun: Int
  private let runCount: Int
  private let begin: [[Double]]
  private let check: (_ lane: Int, [PairSample]) throws -> Void
  private let engine: LaneEngine
  private let evaluate: LaneStream.Evaluation
  private var curves: [TrainingCurve]
  /// What stopped a run, [runs].
  private var failures: [(any Error)?]
  /// Their lanes.
  private var failed: UInt32 = 0
  /// Sum over the steps of a window.
  private var learningRates = 0.0
  /// The first step of the window, and how many there are when it ends.
  private var window: (begin: Int, end: Int)

  /// - Parameter firstRun: the number of the first run, for whoever looks at the tables.
  init<O: Objective>(_ common: TableRuns, _ runs: [TableRun<O>], firstRun: Int) {
    let objectives = runs.map(\.objective)
    self.common = common
    self.firstRun = firstRun
    runCount = runs.count
    begin = runs.map(\.logits)
    check = { lane, samples in
      try checkStepZero(samples, objective: objectives[lane], tolerance: common.stepZeroTolerance)
    }
    func makeTables(lanes: Int) -> LaneTables {
      LaneTables(promptCount: common.promptCount, width: common.responseCount, lanes: lanes)
    }
    let tables = makeTables(lanes: runs.count == 1 ? 1 : LaneTables.lanes)
    for (lane, run) in runs.enumerated() { tables.begin(lane: lane, logits: run.logits) }
    let streams = runs[0].streams.indices.map { stream in
      LaneStream(
        runs.map { ($0.streams[stream], $0.seed) }, configuration: common.configuration, width: common.responseCount,
        seesLogits: runs[0].streams[stream].cancelsNormalisers(of: runs[0].objective))
    }
    engine = LaneEngine(
      tables: tables, history: runs.count == 1 ? makeTables(lanes: LaneTables.lanes) : nil, streams: streams)
    evaluate = { O.evaluate(objectives.span, $0, scores: $1, into: &$2) }
    curves = runs.map { _ in TrainingCurve(steps: common.configuration.steps) }
    failures = runs.map { _ in nil }
    window = (0, curves[0].windowEnd)
  }

  mutating func train() -> [Result<TrainedTable, any Error>] {
    let (configuration, interval) = (common.configuration, common.interval)
    let (engine, evaluate) = (engine, evaluate)
    let corrections = BiasCorrections.of(configuration)
    for step in 0..<configuration.steps {
      take(
        step, engine, evaluate, configuration, correction: corrections.step(step + 1, of: configuration))
      if step + 1 == window.end { closeWindow() }
      if interval > 0, (step + 1) % interval == 0 { look(after: step + 1) }
      if failed == UInt32(1) << UInt32(runCount) - 1 { break }
    }
    let passes = 2 * configuration.batchSize * engine.streams.count * configuration.steps
    return (0..<runCount).map { lane in
      if let failure = failures[lane] { return .failure(failure) }
      var curve = curves[lane]
      curve.work += TrainingWork(forwardPasses: passes, backwardPasses: passes)
      return .success(TrainedTable(logits: engine.tables.logits(lane: lane), curve: curve))
    }
  }

  /// One step, counted from 0.
  private mutating func take(
    _ step: Int, _ engine: LaneEngine, _ evaluate: LaneStream.Evaluation, _ configuration: TrainingConfiguration,
    correction: BiasCorrections.Step
  ) {
    let broken = engine.addGradient(step, windowBegin: window.begin, isLast: step + 1 == window.end, evaluate)
    let learningRate = configuration.learningRate(step: step)
    let update = AdamUpdate<Double>(
      configuration: configuration, correction: correction, scale: 1, learningRate: learningRate)
    let unbounded = engine.tables.step(update.constants, limit: configuration.maxGradientNorm)
    learningRates += learningRate
    if step == 0 || broken | unbounded != 0 { noteFailures(step, unbounded: unbounded) }
  }

  /// Keeps the first failure of every run, in the order in which a run alone would meet them, and leaves its lane idle.
  private mutating func noteFailures(_ step: Int, unbounded: UInt32) {
    for lane in lanes(~failed) {
      do {
        for stream in engine.streams {
          if step == 0 { try check(lane, stream.drawnSamples(lane: lane)) }
          if let failure = stream.failure(lane: lane, step: step) { throw failure }
        }
        if unbounded >> UInt32(lane) & 1 == 1 { throw brokenGradient(step: step) }
      } catch {
        failures[lane] = error
        failed |= 1 << UInt32(lane)
      }
    }
    for lane in lanes(failed) { engine.tables.begin(lane: lane, logits: begin[lane]) }
  }

  private func lanes(_ mask: UInt32) -> [Int] { (0..<runCount).filter { mask >> UInt32($0) & 1 == 1 } }

  private func brokenGradient(step: Int) -> UserError {
    var gradient = TensorSet<Double>(names: ["logits"], shapes: [[common.promptCount, common.responseCount]])
    gradient.values[0][0] = .nan
    return nonFiniteGradient(gradient, step: step)
  }

  private mutating func closeWindow() {
    for lane in 0..<runCount {
      let sums = engine.takeWindow(lane: lane)
      curves[lane].append(
        window: CurvePoint(
          step: 0, loss: sums[0], chosenLogRatio: sums[1], rejectedLogRatio: sums[2], accuracy: sums[3],
          gradientNorm: sums[4], learningRate: learningRates), endingAt: window.end)
    }
    learningRates = 0
    window = (window.end, curves[0].windowEnd)
  }

  private func look(after step: Int) {
    for lane in 0..<runCount where failures[lane] == nil {
      let policy = TabularPolicy(
        promptCount: common.promptCount, responseCount: common.responseCount, logits: engine.tables.logits(lane: lane))
      common.look(firstRun + lane, step, policy)
    }
  }
}
