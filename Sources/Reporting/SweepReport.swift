import Basics
import Foundation
import Laboratory
import Preferences
import Theory

/// What is made from an experiment's records: tables and figures.
public struct SweepReport: Sendable {
  public var points: [SummaryPoint]
  /// The summary as text, one row a point.
  public var table: String
  public var figures: [URL]
}

/// Writes the tables and figures of an experiment from its plan and records: see `Results/README.md`.
///
/// - Throws: ``UserError``: 66 when nothing has run into the folder, 73 when files cannot be written.
public func writeReport(_ folder: ResultsFolder) throws -> SweepReport { try writeReport(CollectedSweep(folder)) }

/// The same from results that have been read.
public func writeReport(_ sweep: CollectedSweep) throws -> SweepReport {
  let (folder, spec, reference, points) = (sweep.folder, sweep.spec, sweep.reference, sweep.points)
  func write(_ text: String, _ name: String) throws {
    try AtomicFile.write(text, to: folder.url.appendingPathComponent(name))
  }
  try write(metricsCSV(sweep.cells, results: sweep.results), "metrics.csv")
  try write(summaryCSV(points), "summary.csv")
  try write(try canonicalJSON(points, pretty: true) + "\n", "summary.json")
  try write(armsCSV(sweep.arms), "arms.csv")
  try write(try canonicalJSON(sweep.study, pretty: true) + "\n", "study.json")
  if sweep.baseline != nil {
    try write(comparisonsCSV(sweep.comparisons), "comparisons.csv")
  } else {
    // One from an earlier call would no longer belong to the records.
    try? FileManager.default.removeItem(at: folder.url.appendingPathComponent("comparisons.csv"))
  }
  let limit = spec.world.map { SyntheticWorld($0).frontier }
  let frontier = frontierFigure(spec, points: points, reference: reference, limit: limit)
  try write(frontierCSV(frontier), "frontier.csv")
  try write(frontier.svg(), "frontier.svg")
  try write(sweepFigure(spec, points: points, reference: reference).svg(), "sweep.svg")
  return SweepReport(
    points: points, table: summaryTable(points),
    figures: ["frontier.svg", "sweep.svg"].map { folder.url.appendingPathComponent($0) })
}
