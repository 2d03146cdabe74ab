import CBenchmark
import Foundation

/// What a piece of work asks of the system's memory.
package struct MemoryTraffic {
  /// Calls of malloc and its kin by all threads; nil where they cannot be counted.
  package var allocations: Int?
  /// Pages that the kernel had to map, without reading a disk.
  package var pageFaults: Int

  package static func of(_ work: () -> Void) -> MemoryTraffic {
    let before = minorFaults()
    bfpo_allocations_start()
    work()
    let calls = bfpo_allocations_stop()
    return MemoryTraffic(allocations: calls < 0 ? nil : Int(calls), pageFaults: minorFaults() - before)
  }

  private static func minorFaults() -> Int {
    var usage = rusage()
    unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Int(usage.ru_minflt)
  }
}
