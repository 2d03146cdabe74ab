import Basics
import CBenchmark

/// What the processor can do at most: product instructions on registers, and memory streamed through all workers.
final class RooflinePart: PartRunner {
  private let workers: Int
  private let triads: [Triad]

  init(workers: Int) {
    self.workers = workers
    triads = (0..<workers).map { _ in Triad(count: (16 << 20) / workers) }
  }

  func sample(_ round: inout BenchmarkRound) {
    round.record("roofline.float32", rate { bfpo_peak_float32(2_000_000) }, .operationsPerSecond)
    let narrow = rate { bfpo_peak_bfloat16(2_000_000) }
    if narrow > 0 { round.record("roofline.bfloat16", narrow, .operationsPerSecond) }
    let triads = triads
    let seconds = stopwatch { parallelForEach(workers, workers: workers) { triads[$0].run() } }
    round.record("roofline.triad", Double(triads.reduce(0) { $0 + $1.bytes }) / seconds, .bytesPerSecond)
  }

  /// The instructions of the two loops, such as `avx512, avx512-bf16`.
  static var instructions: String {
    let names = unsafe [bfpo_peak_float32_instructions(), bfpo_peak_bfloat16_instructions()]
    return unsafe names.compactMap { unsafe $0.map { unsafe String(cString: $0) } }.joined(separator: ", ")
  }

  /// Operations per second when every worker runs a loop that returns its number of operations.
  private func rate(_ loop: @Sendable () -> Double) -> Double {
    var operations = 0.0
    let seconds = stopwatch {
      operations = parallelMap(workers, workers: workers) { _ in loop() }.reduce(0, +)
    }
    return operations / seconds
  }
}

/// a = b + s c over arrays that no cache holds.
///
/// Source: McCalpin 1995, "Memory bandwidth and machine balance in current high performance computers".
@safe
private final class Triad: @unchecked Sendable {
  private let count: Int
  private let arrays: UnsafeMutablePointer<Float>

  /// - Parameter count: elements of each of the three arrays.
  init(count: Int) {
    self.count = count
    unsafe arrays = .allocate(capacity: 3 * count)
    unsafe arrays.initialize(repeating: 1, count: 3 * count)
  }

  deinit { unsafe arrays.deallocate() }

  /// Two arrays read, one written; what a cache reads before it writes is not counted.
  var bytes: Int { 3 * MemoryLayout<Float>.size * count }

  func run() { unsafe bfpo_triad(arrays, arrays + count, arrays + 2 * count, 0.5, count) }
}
