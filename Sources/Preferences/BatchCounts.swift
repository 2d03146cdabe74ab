import Basics

/// How often each row is in a batch, for up to eight samplers of the same kind that go in step, a sampler a lane.
///
/// A single sampler's batches are worked out eight steps at a time.
public struct BatchCounts {
  private let samplers: [BatchSampler]
  private let seeds: InlineArray<8, SeedTree>
  /// The counts [count][8] of eight steps from this one on, of a single sampler.
  private var ahead: [Double] = []
  private var aheadFrom = -1

  /// - Parameter samplers: at least one and at most eight, of batches of fewer than 256 rows.
  public init(_ samplers: [BatchSampler]) {
    precondition((1...8).contains(samplers.count), "\(samplers.count) samplers in eight lanes")
    let first = samplers[0]
    precondition(
      samplers.allSatisfy { $0.count == first.count && $0.batchSize == first.batchSize && $0.mode == first.mode }
        && first.batchSize < 256, "the samplers differ, or their batches are too large")
    self.samplers = samplers
    seeds = InlineArray { samplers[$0 < samplers.count ? $0 : 0].seed }
    if samplers.count == 1 { ahead = [Double](repeating: 0, count: 8 * first.count) }
  }

  /// Writes the counts at a step, [count][8]; those of lanes without a sampler may be any.
  public mutating func write(step: Int, to counts: inout MutableSpan<Double>) {
    if samplers.count > 1 {
      Self.write(samplers, seeds, steps: InlineArray(repeating: step), to: &counts)
      return
    }
    if aheadFrom < 0 || step < aheadFrom || step >= aheadFrom + 8 {
      aheadFrom = step
      let (samplers, seeds) = (samplers, seeds)
      var span = ahead.mutableSpan
      Self.write(samplers, seeds, steps: InlineArray { step + $0 }, to: &span)
    }
    let column = step - aheadFrom
    let ahead = ahead.span
    for first in stride(from: 0, to: counts.count, by: 8) { counts[first] = ahead[first + column] }
  }

  private static func write(
    _ samplers: [BatchSampler], _ seeds: InlineArray<8, SeedTree>, steps: InlineArray<8, Int>,
    to counts: inout MutableSpan<Double>
  ) {
    var left: UInt32 = 0xff
    if samplers[0].mode == .withReplacement {
      left = SeedTree.countDraws(
        samplers[0].batchSize, below: samplers[0].count, children: steps, of: seeds, to: &counts)
    }
    if left == 0 { return }
    for lane in 0..<8 where left >> UInt32(lane) & 1 == 1 {
      for row in 0..<samplers[0].count { counts[8 * row + lane] = 0 }
      let sampler = samplers[lane < samplers.count ? lane : 0]
      for row in sampler.indices(step: steps[lane]) { counts[8 * row + lane] += 1 }
    }
  }
}
