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
  var figures = ["frontier.svg", "sweep.svg"]
  if let equal = EqualDivergence(points, spec: spec) {
    try write(equal.csv(), "equal-kl.csv")
    let figure = equal.figure(
      title: "Methods at equal KL: \(spec.name)", reference: reference, conventions: [conventionsText(points)])
    try write(figure.svg(), "equal-kl.svg")
    figures.append("equal-kl.svg")
  }
  if let figure = multiplierFigure(sweep) {
    try write(figure.svg(), "multiplier.svg")
    figures.append("multiplier.svg")
  }
  let effort = efforts(sweep.cells, results: sweep.results)
  try write(effortCSV(effort), "effort.csv")
  return SweepReport(
    points: points, table: summaryTable(points) + "\n" + effortTable(effort),
    figures: figures.map { folder.url.appendingPathComponent($0) })
}
