import Basics
import Foundation
import Synchronization

/// How a sweep is run.
public struct SweepOptions: Sendable {
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
}

/// What a call of ``runSweep`` did.
public struct SweepOutcome: Sendable {
  /// Cells that were done before.
  public var skipped = 0
  public var completed = 0
  public var failed = 0
  public var interrupted = false
  public var seconds = 0.0
}

/// Thrown inside a cell when the user asked to stop; the cell leaves no record.
struct Interrupted: Error {}

/// Runs the cells that are not done yet, each exactly once, and writes one record per cell as it ends.
///
/// A failed cell gets a record with its error and does not stop the others; the next call tries it again.
///
/// - Parameters:
///   - isInterrupted: asked between steps and cells.
///   - report: called from the threads that run cells, one call at a time.
/// - Throws: ``UserError`` (73) when records cannot be written.
public func runSweep(
  _ cells: [PlannedCell], setting: some Setting, into folder: ResultsFolder, provenance: Provenance,
  options: SweepOptions, isInterrupted: @escaping @Sendable () -> Bool, report: @escaping @Sendable (SweepEvent) -> Void
) throws -> SweepOutcome {
  let clock = ContinuousClock()
  let begin = clock.now
  try folder.checkWritable()
  let existing = folder.loadRecords().records
  let unique = uniqueCells(cells)
  let pending = unique.filter { existing[$0.id]?.status != .done }
  let state = Mutex(SweepState(outcome: SweepOutcome(skipped: unique.count - pending.count)))

  parallelForEach(pending.count, workers: setting.cellsRunSideBySide ? options.workers : 1) { index in
    let stop = state.withLock { $0.stop }
    if stop || isInterrupted() { return state.withLock { $0.outcome.interrupted = $0.outcome.interrupted || !stop } }
    let cell = pending[index]
    let start = clock.now
    // A tabular cell takes milliseconds: it has no checkpoints.
    let checkpoints = setting.cellsRunSideBySide ? nil : folder.checkpointFolder(cell.id)
    do {
      let record = try runCell(
        cell, setting: setting, provenance: provenance, checkpoints: checkpoints,
        elapsed: { seconds(clock.now - start) },
        isInterrupted: isInterrupted,
        reportStep: { step in
          state.withLock { state in
            report(
              .step(
                arm: cell.arm, step: step, of: cell.configuration.totalSteps,
                done: state.outcome.completed + state.outcome.failed))
          }
        })
      try folder.save(record)
      if record.status == .done, let checkpoints { try? FileManager.default.removeItem(at: checkpoints) }
      state.withLock { $0.count(record, cell: cell, total: pending.count, report: report, options: options) }
    } catch is Interrupted {
      state.withLock { $0.outcome.interrupted = true }
    } catch {
      state.withLock {
        $0.stop = true
        $0.fatal = $0.fatal ?? error
      }
    }
  }
  return try state.withLock { state in
    if let fatal = state.fatal { throw fatal }
    state.outcome.seconds = seconds(clock.now - begin)
    return state.outcome
  }
}

private struct SweepState {
  var outcome: SweepOutcome
  /// No further cell is started.
  var stop = false
  /// An error of the sweep itself, not of a cell.
  var fatal: (any Error)?

  mutating func count(
    _ record: RunRecord, cell: PlannedCell, total: Int, report: (SweepEvent) -> Void, options: SweepOptions
  ) {
    if let failure = record.failure {
      outcome.failed += 1
      if options.failFast { stop = true }
      report(
        .cellFailed(
          id: cell.id, arm: cell.arm, message: failure.message, done: outcome.completed + outcome.failed, of: total))
    } else {
      outcome.completed += 1
      report(
        .cellFinished(
          id: cell.id, arm: cell.arm, seconds: record.provenance.seconds, done: outcome.completed + outcome.failed,
          of: total))
    }
  }
}

/// One cell's record; a numerical failure is a record too.
private func runCell(
  _ cell: PlannedCell, setting: some Setting, provenance: Provenance, checkpoints: URL?,
  elapsed: () -> Double, isInterrupted: () -> Bool, reportStep: (Int) -> Void
) throws -> RunRecord {
  var record = RunRecord(
    id: cell.id, status: .done, configuration: cell.configuration, metrics: [:], provenance: provenance)
  do {
    let outcome = try setting.run(cell.configuration, savingPolicyTo: nil, checkpoints: checkpoints) { step in
      if isInterrupted() { throw Interrupted() }
      if !setting.cellsRunSideBySide { reportStep(step) }
    }
    if let bad = outcome.metrics.sorted(by: { $0.key < $1.key }).first(where: { !$0.value.isFinite }) {
      throw UserError(
        "the metric `\(bad.key)` is not finite", at: "cell \(cell.id)", because: "its value is \(bad.value)",
        exitCode: .numericalFailure)
    }
    record.metrics = outcome.metrics
    record.curve = outcome.curve
    record.diagnosis = outcome.curve.diagnosis
  } catch let error as UserError {
    record.status = .failed
    record.failure = RunRecord.Failure(message: error.description, exitCode: error.exitCode.rawValue)
  }
  record.provenance = provenance.finished(after: elapsed())
  return record
}

/// The first appearance of each cell.
public func uniqueCells(_ cells: [PlannedCell]) -> [PlannedCell] {
  var seen: Set<String> = []
  return cells.filter { seen.insert($0.id).inserted }
}

func seconds(_ duration: Duration) -> Double {
  Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
}
