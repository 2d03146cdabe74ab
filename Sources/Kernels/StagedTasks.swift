import Basics
import Synchronization

/// Work that may begin when the stage before has ended: units, of which a task takes several in a row.
public struct TaskStage: Sendable, Equatable {
  public let units: Int
  /// Tasks begin at its multiples, but for the first of each worker.
  public let grain: Int

  public init(units: Int, grain: Int = 1) {
    precondition(units >= 0 && grain > 0, "\(units) units in grains of \(grain)")
    self.units = units
    self.grain = grain
  }

  /// A worker's own part, which it takes first: neighbouring units, so that it reads one stream of memory.
  private func part(of worker: Int, among workers: Int) -> Range<Int> {
    units * worker / workers..<units * (worker + 1) / workers
  }

  /// One of the tasks that a worker's part is cut into; nil after the last.
  package func task(_ index: Int, of worker: Int, among workers: Int) -> Range<Int>? {
    let part = part(of: worker, among: workers)
    let size = ((part.count + tasksOfPart - 1) / tasksOfPart + grain - 1) / grain * grain
    let start = part.lowerBound / grain * grain + index * size
    let (lower, upper) = (max(start, part.lowerBound), min(start + size, part.upperBound))
    return lower < upper ? lower..<upper : nil
  }
}

/// Tasks that a worker's part of a stage is cut into, so that others can take some of them when it is slow.
private let tasksOfPart = 4

/// Runs stages of tasks in order: no task of a stage begins before all tasks of the stage before have ended.
///
/// One fork for all stages: a worker takes the tasks of its own part, then those that others have left, and waits in a loop for the
/// stage before, which for stages of a few microseconds is much cheaper than a fork and a join each. A worker that the system has
/// put aside holds up the others only while it holds a task. How units are cut into tasks, and which worker runs which, is not
/// defined.
///
/// - Parameters:
///   - prepare: called before the wait for a worker's first task of a stage, to bring memory near.
///   - body: runs some units; `worker` is below `workers`, and no two tasks run at once with the same one.
public func runStages(
  _ stages: [TaskStage], workers: Int, prepare: @Sendable (_ stage: Int, _ units: Range<Int>) -> Void = { _, _ in },
  _ body: @Sendable (_ worker: Int, _ stage: Int, _ units: Range<Int>) -> Void
) {
  if workers <= 1 {
    for (stage, own) in stages.enumerated() where own.units > 0 { body(0, stage, 0..<own.units) }
    return
  }
  let run = StagedRun(stages, workers: workers)
  runTogether(workers) { worker in
    var before = 0
    for (stage, own) in stages.enumerated() {
      var done = 0
      while let task = run.claim(stage, worker) {
        if done == 0 {
          prepare(stage, task)
          run.wait(for: before)
        }
        body(worker, stage, task)
        done += task.count
      }
      if done > 0 { run.add(done) }
      before += own.units
    }
  }
}

/// What the workers of one call share.
@safe
private final class StagedRun: @unchecked Sendable {
  private let stages: [TaskStage]
  private let workers: Int
  /// Tasks taken of each worker's part of each stage, [workers][stages]: rarely touched by another worker.
  private let taken: UnsafeMutablePointer<Atomic<Int>>
  /// Units done, of all stages.
  private let done = Atomic(0)

  init(_ stages: [TaskStage], workers: Int) {
    self.stages = stages
    self.workers = workers
    unsafe taken = UnsafeMutablePointer.allocate(capacity: workers * stages.count)
    for index in 0..<workers * stages.count { unsafe (taken + index).initialize(to: Atomic(0)) }
  }

  deinit {
    unsafe taken.deinitialize(count: workers * stages.count)
    unsafe taken.deallocate()
  }

  /// The next task of a stage: of the worker's own part, or of another's.
  func claim(_ stage: Int, _ worker: Int) -> Range<Int>? {
    for offset in 0..<workers {
      let owner = (worker + offset) % workers
      let slot = owner * stages.count + stage
      // A look before the claim, because a claim of a part that is used up would disturb its owner.
      let next = unsafe taken[slot].load(ordering: .relaxed)
      if stages[stage].task(next, of: owner, among: workers) == nil { continue }
      let index = unsafe taken[slot].wrappingAdd(1, ordering: .relaxed).oldValue
      if let task = stages[stage].task(index, of: owner, among: workers) { return task }
    }
    return nil
  }

  func add(_ units: Int) { done.wrappingAdd(units, ordering: .acquiringAndReleasing) }

  /// Waits until so many units are done.
  func wait(for count: Int) {
    waitBusily { done.load(ordering: .acquiring) >= count }
  }
}
