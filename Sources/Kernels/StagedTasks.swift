import Basics
import CMatrixEngine
import Dispatch
import Glibc
import Synchronization

/// Runs stages of tasks in order: no task of a stage begins before all tasks of the stage before have ended.
///
/// One fork for all stages: workers take tasks in order and wait in a loop for the stage before, which for stages of a few
/// microseconds is much cheaper than a fork and a join each. A worker that the system has put aside holds up the others only
/// while it holds a task. Which worker runs which task is not defined.
///
/// - Parameters:
///   - counts: tasks of each stage.
///   - prepare: called before the wait for a task's turn, to bring memory near.
///   - body: runs one task; `worker` is below `workers`, and no two tasks run at once with the same one.
public func runStages(
  _ counts: [Int], workers: Int, prepare: @Sendable (_ stage: Int, _ task: Int) -> Void = { _, _ in },
  _ body: @Sendable (_ worker: Int, _ stage: Int, _ task: Int) -> Void
) {
  if workers <= 1 {
    for (stage, count) in counts.enumerated() {
      for task in 0..<count { body(0, stage, task) }
    }
    return
  }
  var starts = [0]
  starts.reserveCapacity(counts.count + 1)
  for count in counts { starts.append(starts.last! + count) }
  let next = Atomic(0)
  let done = Atomic(0)
  runWorkers(workers, starts: starts, next: next, done: done, prepare: prepare, body)
}

private func runWorkers(
  _ workers: Int, starts: [Int], next: borrowing Atomic<Int>, done: borrowing Atomic<Int>,
  prepare: @Sendable (_ stage: Int, _ task: Int) -> Void,
  _ body: @Sendable (_ worker: Int, _ stage: Int, _ task: Int) -> Void
) {
  DispatchQueue.concurrentPerform(iterations: workers) { worker in
    var stage = 0
    while true {
      let ticket = next.wrappingAdd(1, ordering: .relaxed).oldValue
      if ticket >= starts[starts.count - 1] { return }
      while ticket >= starts[stage + 1] { stage += 1 }
      prepare(stage, ticket - starts[stage])
      wait(for: starts[stage], of: done)
      body(worker, stage, ticket - starts[stage])
      done.wrappingAdd(1, ordering: .acquiringAndReleasing)
    }
  }
}

/// Waits until so many tasks are done: busy for some microseconds, then letting others run.
private func wait(for count: Int, of done: borrowing Atomic<Int>) {
  var turns = 0
  while done.load(ordering: .acquiring) < count {
    turns += 1
    if turns < 500 { bfpo_pause() } else { sched_yield() }
  }
}
