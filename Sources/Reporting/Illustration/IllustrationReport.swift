import Basics
import Foundation
import Laboratory

/// The files made from the illustrative experiment.
public struct IllustrationReport: Sendable {
  public var record: IllustrationRecord
  /// In the order in which they were written.
  public var files: [URL]
}

/// Writes figures and tables of every design, the table of all designs, and the record.
///
/// - Parameter seconds: wall-clock seconds of training.
/// - Throws: ``UserError`` (73) when files cannot be written.
public func writeIllustration(
  _ results: [IllustrationResult], seeds: Int, seconds: Double, into folder: URL
) throws -> IllustrationReport {
  var files: [URL] = []
  func write(_ text: String, _ name: String) throws {
    let file = folder.appendingPathComponent(name)
    try AtomicFile.write(text, to: file)
    files.append(file)
  }
  for result in results {
    let id = result.design.id
    let table = IllustrationTable(result)
    try write(IllustrationCurves(result).svg(), "curves-\(id).svg")
    try write(IllustrationPlane(result).svg(), "plane-\(id).svg")
    try write(IllustrationTable.csv([result]), "final-\(id).csv")
    try write(table.markdown(), "final-\(id).md")
    try write(table.latex(), "final-\(id).tex")
  }
  try write(IllustrationTable.csv(results), "final.csv")
  let record = IllustrationRecord(results, seeds: seeds, seconds: seconds)
  try write(try canonicalJSON(record, pretty: true) + "\n", "illustrative.json")
  return IllustrationReport(record: record, files: files)
}
