import Kernels

/// What the runs of a ``Lockstep`` compute with: tables, batches, and the sums of what is watched.
///
/// A class of constants, so that no step counts references to them: that costs more than a step's arithmetic.
final class LaneEngine {
  let tables: LaneTables
  let streams: [LaneStream]
  /// The first stream apart, because a reference that is read from an array is counted.
  private let first: LaneStream
  private let streamCount: Int
  private let sums = LaneSums()
  /// The tables at the beginning of eight steps of a run alone; of several runs they are `tables`.
  private let history: LaneTables
  private let isAlone: Bool

  /// - Parameter history: for a run alone, tables of the same shape and eight lanes.
  init(tables: LaneTables, history: LaneTables?, streams: [LaneStream]) {
    self.tables = tables
    self.history = history ?? tables
    isAlone = history != nil
    self.streams = streams
    first = streams[0]
    streamCount = streams.count
  }

  /// Adds the gradient of a step, counted from 0, and what is watched of it: of a run alone for up to eight steps at once, the last of
  /// which ends a window or is followed by a step whose number eight divides.
  ///
  /// - Parameters:
  ///   - windowBegin: the first step of the window.
  ///   - isLast: whether the step is the window's last.
  /// - Returns: the lanes in which a value is not finite.
  func addGradient(
    _ step: Int, windowBegin: Int, isLast: Bool, _ evaluate: LaneStream.Evaluation
  ) -> UInt32 {
    var broken = first.addGradient(step, to: tables, sums: sums, evaluate)
    for stream in 1..<streamCount {
      broken |= streams[stream].addGradient(step, to: tables, sums: sums, evaluate)
    }
    if !isAlone {
      sums.endStep(streams: streamCount)
      return broken
    }
    let lane = step % LaneTables.lanes
    history.keep(lane: lane, logitsOf: tables)
    if lane == LaneTables.lanes - 1 || isLast { watch(max(windowBegin - step + lane, 0)..<(lane + 1)) }
    return broken
  }

  private func watch(_ steps: Range<Int>) {
    for stream in streams { stream.watch(history, sums) }
    sums.endSteps(steps, streams: streamCount)
  }

  /// The sums over a window, which begin anew: losses, log-ratios of chosen and rejected responses, pairs in order, norms.
  func takeWindow(lane: Int) -> InlineArray<5, Double> {
    let sums = sums.takeWindow(lane: lane)
    return [sums[0], sums[1], sums[2], sums[3], tables.takeNorms(lane: lane)]
  }
}
