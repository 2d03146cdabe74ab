import Basics
import Foundation
import Laboratory

/// A form in which a sweep's results leave the toolkit.
public enum ExportFormat: String, NamedChoice {
  /// Tidy: one row per cell and metric.
  case csv
  /// One row per cell, a column per metric.
  case wide
  /// One object per cell, a line each, with its curve.
  case jsonl
  /// One event file per cell.
  case tensorboard
  /// booktabs tables and macros.
  case latex
  /// Tables for a page.
  case markdown
}

/// Writes a sweep's results in one form.
///
/// - Returns: the files written; for TensorBoard, the folder.
/// - Throws: ``UserError`` (73) when a file cannot be written.
public func export(_ sweep: CollectedSweep, as format: ExportFormat, into folder: URL) throws -> [URL] {
  func write(_ text: String, _ name: String) throws -> URL {
    let file = folder.appendingPathComponent(name)
    try AtomicFile.write(text, to: file)
    return file
  }
  switch format {
  case .csv:
    var files = [
      try write(metricsCSV(sweep.cells, results: sweep.results), "metrics.csv"),
      try write(summaryCSV(sweep.points), "summary.csv"),
      try write(armsCSV(sweep.arms), "arms.csv"),
    ]
    if sweep.baseline != nil { files.append(try write(comparisonsCSV(sweep.comparisons), "comparisons.csv")) }
    return files
  case .wide: return [try write(wideCSV(sweep.cells, results: sweep.results), "wide.csv")]
  case .jsonl: return [try writeJSONLines(sweep, to: folder.appendingPathComponent("cells.jsonl"))]
  case .tensorboard: return [try writeEventFiles(sweep, into: folder.appendingPathComponent("tensorboard"))]
  case .latex:
    return [
      try write(sweepMacros(sweep), "macros.tex"), try write(latexTables(sweep.tables), "tables.tex"),
    ]
  case .markdown:
    let head =
      "# \(markdownText(sweep.spec.name))\n\n\(markdownText(sweep.spec.question))\n\n\(markdownText(sweep.coverage)).\n"
    return [try write(([head] + sweep.tables.map { $0.markdown() }).joined(separator: "\n"), "tables.md")]
  }
}

/// One line a cell, in the order of the plan: its place in the experiment, then its record as it is, curve and provenance included.
///
/// Records are not decoded but freed of their line breaks, a few at a time, so memory does not grow with their number.
private func writeJSONLines(_ sweep: CollectedSweep, to file: URL) throws -> URL {
  let arms = Dictionary(grouping: sweep.cells, by: \.id).mapValues { cells in
    var seen: Set<String> = []
    return cells.map(\.arm).filter { seen.insert($0).inserted }
  }
  try AtomicFile.write(to: file) { handle in
    for cell in uniqueCells(sweep.cells) {
      let place: [String: JSONValue] = [
        "experiment": .string(sweep.spec.name), "arms": .array((arms[cell.id] ?? []).map(JSONValue.string)),
        "axes": .object(Dictionary(cell.axes.map { ($0.name, $0.value) }) { $1 }),
      ]
      var line = Array(try JSONValue.object(place).canonical().utf8.dropLast()) + [UInt8(ascii: ",")]
      if sweep.results[cell.id] != nil {
        line += compactJSON(try AtomicFile.read(sweep.folder.recordFile(cell.id))).dropFirst()
      } else {
        let missing: [String: JSONValue] = [
          "schema": .number(1), "id": .string(cell.id), "status": .string("missing"),
          "configuration": try JSONValue(encoding: cell.configuration),
        ]
        line += try JSONValue.object(missing).canonical().utf8.dropFirst()
      }
      try handle.write(contentsOf: Data(line + [UInt8(ascii: "\n")]))
    }
  }
  return file
}

/// A JSON text without the white space outside its strings.
private func compactJSON(_ text: Data) -> [UInt8] {
  var compact: [UInt8] = []
  compact.reserveCapacity(text.count)
  var isString = false
  var isEscaped = false
  for byte in text {
    if isString {
      compact.append(byte)
      isString = isEscaped || byte != UInt8(ascii: "\"")
      isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
    } else if byte > UInt8(ascii: " ") {
      compact.append(byte)
      isString = byte == UInt8(ascii: "\"")
    }
  }
  return compact
}

/// Every table as a `table` environment. Needs `\usepackage{booktabs}`.
private func latexTables(_ tables: [DataTable]) -> String {
  "% Made by `bfpo sweep export --format latex`; needs \\usepackage{booktabs}.\n"
    + tables.map { table in
      "\n\\begin{table}\n\\centering\n\\caption{\(latexText(table.title)).}\n\(table.latex())\\end{table}\n"
    }.joined()
}

/// `\bfpo{ARM/SETTING/METRIC}` prints the mean, and the same followed by `/low`, `/high`, `/n`, `/failed` and `/missing` the rest.
private func sweepMacros(_ sweep: CollectedSweep) -> String {
  var values = [
    "cells": "\(sweep.counts.planned)", "failed": "\(sweep.counts.failed)", "missing": "\(sweep.counts.missing)",
  ]
  for point in sweep.points {
    for (metric, estimate) in point.metrics {
      let name = [point.arm, point.setting, metric].filter { !$0.isEmpty }.joined(separator: "/")
      for (end, value) in [("", estimate.mean), ("/low", estimate.low), ("/high", estimate.high)] {
        values[name + end] = latexText(fixed(value, 3).replacing("-", with: "−"))
      }
      values["\(name)/n"] = "\(estimate.n)"
      values["\(name)/failed"] = "\(point.failed)"
      values["\(name)/missing"] = "\(point.missing)"
    }
  }
  return latexMacros(
    values.sorted { $0.key < $1.key }, command: "bfpo", about: "Made by `bfpo sweep export --format latex`.")
}

/// Definitions of a command that prints a value by its name; an unknown name is an error of LaTeX that says so.
///
/// Values are LaTeX. Names keep every character but those that TeX cannot have inside `\csname`.
func latexMacros(_ values: [(key: String, value: String)], command: String, about: String) -> String {
  var lines = [
    "% \(about)",
    "\\makeatletter",
    "\\newcommand*{\\\(command)}[1]{\\@ifundefined{\(command)@#1}"
      + "{\\PackageError{bfpo}{no value is named `#1'}{See the list in this file.}}{\\@nameuse{\(command)@#1}}}",
  ]
  for (name, value) in values {
    let plain = name.filter { !"\\{}%#~ ^&$".contains($0) }
    lines.append("\\@namedef{\(command)@\(plain)}{\(value)}")
  }
  return (lines + ["\\makeatother"]).joined(separator: "\n") + "\n"
}
