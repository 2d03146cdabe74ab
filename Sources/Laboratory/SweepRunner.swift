import Basics
import Foundation
import Synchronization

/// How a sweep is run.
public struct SweepOptions: Sendable {
  /// Threads.
  public var workers: Int
  /// Stop at the first failed cell.
  public var failFast: Bool

  public init(workers: Int, failFast: Bool = false) {
    self.workers = workers
    self.failFast = failFast
  }
}

/// How far a sweep has come, for whoever shows it.
public enum SweepEvent: Sendable {
  case cellFinished(id: String, arm: String, seconds: Double, done: Int, of: Int)
  case cellFailed(id: String, arm: String, message: String, done: Int, of: Int)
  /// A step inside a cell that is long enough to watch.
  case step(arm: String, step: Int, of: Int, done: Int)
  /// Nothing is left but cells of a process on another machine, whose heartbeat is being watched.
  case waiting(cells: Int)
}

/// What a call of ``runSweep`` did.
public struct SweepOutcome: Sendable {
  /// Cells that were done before, or that another runner finished meanwhile.
  public var skipped = 0
  public var completed = 0
  public var failed = 0
  /// Cells that another live runner is at.
  public var elsewhere = 0
  public var interrupted = false
  public var seconds = 0.0
}

/// Thrown inside a cell when the user asked to stop; the cell leaves no record.
struct Interrupted: Error {}

/// How one cell ended.
enum CellEnd {
  case recorded(RunRecord)
  /// Another runner has it.
  case elsewhere
  /// Another runner finished it since the sweep looked.
  case changed(RunRecord.Status)
}

/// Runs the cells that are not done yet, each exactly once, and writes one record per cell as it ends.
///
/// A failed cell gets a record with its error and does not stop the others; the next call tries it again. Several calls, in
/// processes on one or several machines, may work on one folder: a cell is run by the one that claims it (``CellClaims``).
///
/// - Parameters:
///   - cells: those to be run; what is done among them is skipped.
///   - isInterrupted: asked between steps and cells.
///   - report: called from the threads that run cells, one call at a time.
/// - Throws: ``UserError`` (73) when records cannot be written. What was done is kept, and every claim is given back.
public func runSweep(
  _ cells: [PlannedCell], setting: some Setting, into folder: ResultsFolder, provenance: Provenance,
  options: SweepOptions, isInterrupted: @escaping @Sendable () -> Bool, report: @escaping @Sendable (SweepEvent) -> Void
) throws -> SweepOutcome {
  let width = setting.cellsRunSideBySide ? options.workers : 1
  return try withContext(cells, folder, provenance, isInterrupted) { context in
    try SweepInProgress(context: context, failFast: options.failFast, width: width, report).run(cells) { cell, step in
      try context.runHere(cell, setting: setting, reportStep: setting.cellsRunSideBySide ? { _ in } : step)
    }
  }
}

/// The same with every cell in a process of its own; see ``runSweep(_:setting:into:provenance:options:isInterrupted:report:)``.
public func runSweep(
  _ cells: [PlannedCell], processes: CellProcesses, into folder: ResultsFolder, provenance: Provenance,
  options: SweepOptions, isInterrupted: @escaping @Sendable () -> Bool, report: @escaping @Sendable (SweepEvent) -> Void
) throws -> SweepOutcome {
  try withContext(cells, folder, provenance, isInterrupted) { context in
    let sweep = SweepInProgress(context: context, failFast: options.failFast, width: processes.count, report)
    return try sweep.run(cells) { cell, step in try processes.run(cell, context: context, reportStep: step) }
  }
}

private func withContext(
  _ cells: [PlannedCell], _ folder: ResultsFolder, _ provenance: Provenance,
  _ isInterrupted: @escaping @Sendable () -> Bool, _ body: (CellContext) throws -> SweepOutcome
) throws -> SweepOutcome {
  try folder.checkWritable()
  let claims = try CellClaims(folder)
  defer { claims.close() }
  claims.removeTraces()
  return try body(
    CellContext(
      folder: folder, claims: claims, provenance: provenance, isInterrupted: isInterrupted,
      before: folder.recordStates(cells)))
}

/// Works through cells on a few threads until nothing is left that this process may run.
private final class SweepInProgress: Sendable {
  private struct State {
    var outcome = SweepOutcome()
    /// No further cell is started.
    var stop = false
    /// An error of the sweep itself, not of a cell.
    var fatal: (any Error)?
    var held: [PlannedCell] = []
  }

  private let context: CellContext
  private let failFast: Bool
  private let width: Int
  private let report: @Sendable (SweepEvent) -> Void
  private let state = Mutex(State())

  init(
    context: CellContext, failFast: Bool, width: Int, _ report: @escaping @Sendable (SweepEvent) -> Void
  ) {
    self.context = context
    self.failFast = failFast
    self.width = width
    self.report = report
  }

  typealias Perform = @Sendable (_ cell: PlannedCell, _ step: (Int) -> Void) throws -> CellEnd

  func run(_ cells: [PlannedCell], perform: Perform) throws -> SweepOutcome {
    let begin = ContinuousClock.now
    let unique = uniqueCells(cells)
    var pending = unique.filter { context.before[$0.id]?.status != .done }
    let total = pending.count
    state.withLock { $0.outcome.skipped = unique.count - total }
    while !pending.isEmpty {
      let round = pending
      parallelForEach(round.count, workers: width) { work(round[$0], total: total, perform: perform) }
      pending = runnable(total: total)
    }
    return try state.withLock { state in
      if let fatal = state.fatal { throw fatal }
      state.outcome.elsewhere = state.held.count
      state.outcome.seconds = seconds(ContinuousClock.now - begin)
      return state.outcome
    }
  }

  private func work(_ cell: PlannedCell, total: Int, perform: Perform) {
    let stop = state.withLock { $0.stop }
    if stop || context.isInterrupted() {
      return state.withLock { $0.outcome.interrupted = $0.outcome.interrupted || !stop }
    }
    do {
      let end = try perform(cell) { step in
        state.withLock { state in
          report(
            .step(
              arm: cell.arm, step: step, of: cell.configuration.totalSteps,
              done: state.outcome.completed + state.outcome.failed))
        }
      }
      state.withLock { count(end, cell: cell, total: total, in: &$0) }
    } catch is Interrupted {
      state.withLock { $0.outcome.interrupted = true }
    } catch {
      state.withLock {
        $0.stop = true
        $0.fatal = $0.fatal ?? error
      }
    }
  }

  private func count(_ end: CellEnd, cell: PlannedCell, total: Int, in state: inout State) {
    switch end {
    case .elsewhere: state.held.append(cell)
    case .changed(.done): state.outcome.skipped += 1
    case .changed(.failed): state.outcome.failed += 1
    case .recorded(let record):
      if record.failure == nil { state.outcome.completed += 1 } else { state.outcome.failed += 1 }
      let done = state.outcome.completed + state.outcome.failed
      if let failure = record.failure {
        if failFast { state.stop = true }
        report(.cellFailed(id: cell.id, arm: cell.arm, message: failure.message, done: done, of: total))
      } else {
        report(
          .cellFinished(id: cell.id, arm: cell.arm, seconds: record.provenance.seconds, done: done, of: total))
      }
    }
  }

  /// Of the cells that others had: those whose runner is gone by now. Waits while a runner on another machine may be gone.
  private func runnable(total: Int) -> [PlannedCell] {
    var isTold = false
    while true {
      let (stop, held) = state.withLock { ($0.stop || $0.outcome.interrupted, $0.held) }
      if stop || held.isEmpty || context.isInterrupted() { return [] }
      var free: [PlannedCell] = []
      var kept: [PlannedCell] = []
      for cell in held {
        if let status = context.changed(cell) {
          state.withLock { count(.changed(status), cell: cell, total: total, in: &$0) }
        } else if context.claims.isHeld(cell.id) {
          kept.append(cell)
        } else {
          free.append(cell)
        }
      }
      state.withLock { $0.held = kept }
      if !free.isEmpty || kept.allSatisfy({ context.claims.isSettled($0.id) }) { return free }
      if !isTold { report(.waiting(cells: kept.count)) }
      isTold = true
      Thread.sleep(forTimeInterval: 0.5)
    }
  }
}

/// The first appearance of each cell.
public func uniqueCells(_ cells: [PlannedCell]) -> [PlannedCell] {
  var seen: Set<String> = []
  return cells.filter { seen.insert($0.id).inserted }
}

func seconds(_ duration: Duration) -> Double {
  Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
}
