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

/// Writes `metrics.csv`, `summary.csv`, `summary.json`, `frontier.csv` and the figures of an experiment from its plan and records.
///
/// - Throws: ``UserError``: 66 when nothing has run into the folder, 73 when files cannot be written.
public func writeReport(_ folder: ResultsFolder) throws -> SweepReport {
  let (spec, cells, reference) = try folder.loadPlan()
  let records = folder.loadRecords().records
  let points = summarise(cells, records: records)
  func write(_ text: String, _ name: String) throws {
    try AtomicFile.write(text, to: folder.url.appendingPathComponent(name))
  }
  try write(metricsCSV(cells, records: records), "metrics.csv")
  try write(summaryCSV(points), "summary.csv")
  try write(try canonicalJSON(points, pretty: true) + "\n", "summary.json")
  let limit = spec.world.map { SyntheticWorld($0).frontier }
  let frontier = frontierFigure(spec, points: points, reference: reference, limit: limit)
  try write(frontierCSV(frontier), "frontier.csv")
  try write(frontier.svg(), "frontier.svg")
  try write(sweepFigure(spec, points: points, reference: reference).svg(), "sweep.svg")
  return SweepReport(
    points: points, table: summaryTable(points),
    figures: ["frontier.svg", "sweep.svg"].map { folder.url.appendingPathComponent($0) })
}
