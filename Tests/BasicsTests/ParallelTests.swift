import Basics
import Dispatch
import Foundation
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

/// One after another, because calls at the same time would not meet the same team.
@Suite(.serialized) struct WorkerTeamTests {
  /// Runs a call, whose workers take tasks of some length each.
  private func check(workers: Int, tasks: Int, microseconds: UInt32 = 0) {
    let next = Atomic(0)
    let numbers = Mutex<[Int]>([])
    let counts = Mutex([Int](repeating: 0, count: tasks))
    runTogether(workers) { worker in
      numbers.withLock { $0.append(worker) }
      while true {
        let task = next.add(1, ordering: .relaxed).oldValue
        if task >= tasks { return }
        if microseconds > 0 { usleep(microseconds) }
        counts.withLock { $0[task] += 1 }
      }
    }
    let seen = numbers.withLock(\.self)
    #expect(counts.withLock { $0 } == [Int](repeating: 1, count: tasks))
    #expect(Set(seen).count == seen.count && seen.contains(0) && seen.allSatisfy { $0 < workers }, "\(seen)")
  }

  @Test func `calls of any width one after another`() {
    for round in 0..<300 { check(workers: [2, 5, 1, 7, 3][round % 5], tasks: round % 11) }
  }

  @Test func `helpers that sleep are woken`() {
    for round in 0..<60 {
      usleep(UInt32(200 + 100 * (round % 20)))
      check(workers: 3, tasks: 6, microseconds: 100)
    }
  }

  @Test func `a caller waits for a helper's long task`() {
    for _ in 0..<20 {
      let isTaken = Atomic(false)
      let ended = Atomic(0)
      runTogether(2) { worker in
        if worker > 0 {
          isTaken.store(true, ordering: .releasing)
          usleep(3000)
          ended.add(1, ordering: .relaxed)
        } else {
          for _ in 0..<1000 where !isTaken.load(ordering: .acquiring) { usleep(10) }
        }
      }
      #expect(ended.load(ordering: .relaxed) == (isTaken.load(ordering: .relaxed) ? 1 : 0))
    }
  }

  @Test func `a call inside another, and two at once`() {
    let total = Atomic(0)
    parallelForEach(4, workers: 4) { _ in
      parallelForEach(50, workers: 4) { _ in total.add(1, ordering: .relaxed) }
    }
    #expect(total.load(ordering: .relaxed) == 200)
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      for _ in 0..<50 { parallelForEach(10, workers: 3) { _ in total.add(1, ordering: .relaxed) } }
    }
    #expect(total.load(ordering: .relaxed) == 2200)
  }
}
