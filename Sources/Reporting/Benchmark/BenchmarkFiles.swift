import Basics
import Foundation
import Laboratory

/// Writes a benchmark's report, its table and, where there are scaling curves, their table and figure.
///
/// - Returns: the files written.
/// - Throws: ``UserError`` (73) when the folder cannot be written.
public func write(_ report: BenchmarkReport, to folder: URL) throws -> [URL] {
  var files: [URL] = []
  func save(_ text: String, _ name: String) throws {
    let file = folder.appendingPathComponent(name)
    try AtomicFile.write(text, to: file)
    files.append(file)
  }
  try save(try canonicalJSON(report, pretty: true) + "\n", "report.json")
  try save(report.csv(), "measurements.csv")
  if let figure = ScalingFigure(report).figure() {
    var scaling = report
    scaling.measurements = report.measurements.filter { $0.name.hasPrefix("scaling.") }
    try save(scaling.csv(), "scaling.csv")
    try save(figure.svg(), "scaling.svg")
  }
  return files
}
