import CVectorMath

/// What is watched of eight runs in step, or of eight steps of a run alone: losses, log-ratios of chosen and rejected responses,
/// and pairs in order, summed over a step and over a window of steps.
@safe public final class LaneSums {
  /// Sums of a step and of the window, [4][8] each.
  private let memory = LaneMemory(repeating: 0.0, count: 2 * 4 * 8)

  public init() {}

  /// Those of the step, [4][8].
  var step: UnsafeMutablePointer<Double> { unsafe memory.start }

  /// Adds a batch that has been scored, of eight lanes, to the sums of the step.
  public func add(_ batch: LaneBatch) {
    precondition(batch.lanes == LaneTables.lanes, "a batch of \(batch.lanes) lanes")
    unsafe bfpo_lane_watch(batch.pointers.start, step)
  }

  /// Ends a step of eight runs.
  ///
  /// - Parameter streams: divides all but the losses.
  public func endStep(streams: Int) { unsafe bfpo_lane_window(Double(streams), step, step + 4 * 8) }

  /// Ends steps of a run alone, a step a lane: adds them one after the other to the window of the first lane.
  public func endSteps(_ lanes: Range<Int>, streams: Int) {
    precondition(lanes.lowerBound >= 0 && lanes.upperBound <= 8, "no lanes \(lanes)")
    let divisor = Double(streams)
    for quantity in 0..<4 {
      let sums = unsafe step + 8 * quantity
      var total = unsafe sums[4 * 8]
      for lane in lanes { unsafe total += quantity == 0 || streams == 1 ? sums[lane] : sums[lane] / divisor }
      unsafe sums[4 * 8] = total
      unsafe sums.update(repeating: 0, count: 8)
    }
  }

  /// The sums of a window of steps, which begin anew.
  public func takeWindow(lane: Int) -> InlineArray<4, Double> {
    InlineArray { quantity in
      defer { memory[8 * (4 + quantity) + lane] = 0 }
      return memory[8 * (4 + quantity) + lane]
    }
  }
}
