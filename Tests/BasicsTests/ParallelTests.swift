import Basics
import Synchronization
import Testing

@Suite struct ParallelTests {
  @Test(arguments: [1, 2, 3, 64]) func `every index once, whatever the number of workers`(workers: Int) {
    let counts = Mutex([Int](repeating: 0, count: 500))
    parallelForEach(500, workers: workers) { index in counts.withLock { $0[index] += 1 } }
    #expect(counts.withLock { $0 } == [Int](repeating: 1, count: 500))
  }

  @Test func `nothing to do`() {
    let calls = Atomic(0)
    parallelForEach(0, workers: 4) { _ in calls.add(1, ordering: .relaxed) }
    #expect(calls.load(ordering: .relaxed) == 0)
  }
}
