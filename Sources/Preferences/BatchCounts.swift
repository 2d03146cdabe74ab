import Basics

/// How often each row is in a batch: for up to eight samplers of the same kind that go in step, a sampler a lane, or for eight steps
/// of a sampler alone, a step a lane.
public struct BatchCounts {
  private let samplers: [BatchSampler]
  private let seeds: InlineArray<8, SeedTree>

  /// - Parameter samplers: at least one and at most eight, of batches of fewer than 256 rows.
  public init(_ samplers: [BatchSampler]) {
    precondition((1...8).contains(samplers.count), "\(samplers.count) samplers in eight lanes")
    let first = samplers[0]
    precondition(
      samplers.allSatisfy { $0.count == first.count && $0.batchSize == first.batchSize && $0.mode == first.mode }
        && first.batchSize < 256, "the samplers differ, or their batches are too large")
    self.samplers = samplers
    seeds = InlineArray { samplers[$0 < samplers.count ? $0 : 0].seed }
  }

  /// Writes the counts at a step, [count][8]; those of lanes without a sampler may be any.
  public func write(step: Int, to counts: inout MutableSpan<Double>) {
    write(steps: InlineArray(repeating: step), to: &counts)
  }

  /// Writes the counts of a single sampler at eight steps from this one on, [count][8].
  public func write(from step: Int, to counts: inout MutableSpan<Double>) {
    precondition(samplers.count == 1, "\(samplers.count) samplers for the steps of one")
    write(steps: InlineArray { step + $0 }, to: &counts)
  }

  private func write(steps: InlineArray<8, Int>, to counts: inout MutableSpan<Double>) {
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
