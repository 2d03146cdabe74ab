import Basics
import Foundation
import Policies
import Training

/// What running a cell of a sweep needs besides the cell.
struct CellContext: Sendable {
  let folder: ResultsFolder
  let claims: CellClaims
  let provenance: Provenance
  let isInterrupted: @Sendable () -> Bool
  /// The records when the sweep began.
  let before: [String: RecordState]

  /// What another runner has made of a cell since the sweep began; nil when nothing, or when its record is being made again.
  func changed(_ cell: PlannedCell) -> RunRecord.Status? {
    guard let now = folder.state(cell.id), now != before[cell.id] else { return nil }
    return now.status
  }

  /// Runs a cell in this process: claims it, writes its record, gives it back.
  ///
  /// - Throws: ``Interrupted``, or what kept the record from being written.
  func runHere(_ cell: PlannedCell, setting: some Setting, reportStep: (Int) -> Void) throws -> CellEnd {
    guard try claims.acquire(cell.id) else { return .elsewhere }
    defer { claims.release(cell.id) }
    if let status = changed(cell) { return .changed(status) }
    // A tabular cell takes milliseconds: it has no checkpoints.
    let checkpoints = setting.cellsRunSideBySide ? nil : folder.checkpointFolder(cell.id)
    let record = try makeRecord(cell, setting: setting, checkpoints: checkpoints, reportStep: reportStep)
    try folder.save(record)
    if checkpoints != nil { folder.removeCheckpoints(cell.id) }
    return .recorded(record)
  }

  /// One cell's record; a numerical failure is a record too.
  private func makeRecord(
    _ cell: PlannedCell, setting: some Setting, checkpoints: URL?, reportStep: (Int) -> Void
  ) throws -> RunRecord {
    let begin = ContinuousClock.now
    var record = RunRecord(
      id: cell.id, status: .done, configuration: cell.configuration, metrics: [:], provenance: provenance)
    var hiddenStates: HiddenStateCounts?
    do {
      let outcome = try setting.run(cell.configuration, savingPolicyTo: nil, checkpoints: checkpoints) { step in
        if isInterrupted() { throw Interrupted() }
        reportStep(step)
      }
      if let bad = outcome.metrics.sorted(by: { $0.key < $1.key }).first(where: { !$0.value.isFinite }) {
        throw UserError(
          "the metric `\(bad.key)` is not finite", at: "cell \(cell.id)", because: "its value is \(bad.value)",
          exitCode: .numericalFailure)
      }
      hiddenStates = outcome.hiddenStates
      record.metrics = outcome.metrics
      record.curve = outcome.curve
      record.work = outcome.work
      record.diagnosis = outcome.curve.diagnosis
    } catch let error as UserError where error.exitCode != .cannotCreateOutput {
      record.status = .failed
      record.failure = RunRecord.Failure(message: error.description, exitCode: error.exitCode.rawValue)
      record.curve = try? error.evidence?.decode(TrainingCurve.self)
    }
    record.provenance = provenance.finished(after: seconds(ContinuousClock.now - begin))
    record.provenance.hiddenStates = hiddenStates
    return record
  }
}

extension ResultsFolder {
  func recordStates(_ cells: [PlannedCell]) -> [String: RecordState] {
    cells.reduce(into: [:]) { $0[$1.id] = state($1.id) }
  }

  func removeCheckpoints(_ id: String) {
    try? FileManager.default.removeItem(at: checkpointFolder(id))
    // Removed with its last content.
    _ = unsafe rmdir(url.appendingPathComponent("checkpoints").path)
  }
}
