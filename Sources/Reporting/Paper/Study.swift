import Basics
import Foundation
import Laboratory

/// A study as it is committed: whichever of its tables are there, without its cells.
struct Study: Sendable {
  let name: String
  let folder: URL
  let spec: ExperimentSpec
  let specification: JSONValue
  /// `summary.csv`, which every study has.
  let summary: CSVTable
  /// `study.json`; nil where it is not committed. Records are not looked at: those that lie about may not be the committed ones.
  let metadata: StudySummary?

  /// - Throws: ``UserError``: 66 when the study or its summary is missing.
  init(_ name: String, in results: URL, at location: String) throws {
    self.name = name
    folder = results.appendingPathComponent(name)
    let file = folder.appendingPathComponent("experiment.json5")
    guard FileManager.default.fileExists(atPath: file.path) else {
      let known = ((try? FileManager.default.contentsOfDirectory(atPath: results.path)) ?? []).sorted()
      throw UserError(
        "there are no results named `\(name)`", at: location,
        advice: known.isEmpty ? "run `./bfpo sweep run` first" : suggestion(for: name, among: known),
        exitCode: .inputMissing)
    }
    spec = try ExperimentSpec(contentsOf: file)
    specification = try JSONValue(parsing: try AtomicFile.read(file), json5: true, source: file.relativePath)
    summary = try CSVTable(
      contentsOf: folder.appendingPathComponent("summary.csv"),
      advice: "`./bfpo sweep collect \(name)` makes it from the records")
    let json = folder.appendingPathComponent("study.json")
    if FileManager.default.fileExists(atPath: json.path) {
      do {
        metadata = try JSONDecoder().decode(StudySummary.self, from: try AtomicFile.read(json))
      } catch let error as DecodingError {
        throw UserError(
          "study.json cannot be read", at: json.relativePath, because: decodingReason(error),
          advice: "make it again with `./bfpo sweep collect \(name)`", exitCode: .badData)
      }
    } else {
      metadata = nil
    }
  }

  func table(_ source: RowSelection.Source) throws -> CSVTable {
    if source == .summary { return summary }
    return try CSVTable(
      contentsOf: folder.appendingPathComponent("\(source.rawValue).csv"),
      advice: "commit it, or choose another table; `./bfpo sweep collect \(name)` makes it from the records")
  }

  /// Runs by state; from the summary's rows where no metadata is committed.
  var counts: StudySummary.Counts {
    if let metadata { return metadata.cells }
    var seen: Set<[String]> = []
    var counts = StudySummary.Counts(planned: 0, done: 0, failed: 0, missing: 0)
    for row in summary.rows where seen.insert(setting(row)).inserted {
      counts.done += Int(row["seeds"] ?? "") ?? 0
      counts.failed += Int(row["failed"] ?? "") ?? 0
      counts.missing += Int(row["missing"] ?? "") ?? 0
    }
    counts.planned = counts.done + counts.failed + counts.missing
    return counts
  }

  var settings: Int { Set(summary.rows.map(setting)).count }

  /// Smallest and largest number of seeds behind a mean.
  var seedCounts: [Int] { summary.rows.compactMap { Int($0["seeds"] ?? "") } }

  /// What identifies a setting in the summary: the columns before `metric`.
  private func setting(_ row: [String: String]) -> [String] {
    summary.header.prefix { $0 != "metric" }.map { row[$0] ?? "" }
  }

  static let keys = ["arms", "settings", "seeds", "cells", "done", "failed", "missing"]

  /// A number of the study as a whole.
  func number(_ key: String, at location: String) throws -> String {
    switch key {
    case "arms": return "\(spec.arms.count)"
    case "settings": return "\(settings)"
    case "seeds": return "\(spec.seeds.count)"
    case "cells": return "\(counts.planned)"
    case "done": return "\(counts.done)"
    case "failed": return "\(counts.failed)"
    case "missing": return "\(counts.missing)"
    default:
      throw UserError(
        "a study has no `\(key)`", at: location, advice: suggestion(for: key, among: Self.keys), exitCode: .badData)
    }
  }

  /// A value of the specification by its path, defaults filled in for `training`.
  func specified(_ path: String, at location: String) throws -> String {
    var members = specification.object ?? [:]
    members["training"] = try JSONValue(encoding: spec.training)
    if let world = spec.world { members["world"] = try JSONValue(encoding: world) }
    var value = JSONValue.object(members)
    for part in path.split(separator: ".").map(String.init) {
      guard
        let next = value[part]
          ?? Int(part).flatMap({ index in value.array.flatMap { $0.indices.contains(index) ? $0[index] : nil } })
      else {
        throw UserError(
          "the specification of \(name) has no `\(path)`", at: location,
          advice: suggestion(for: part, among: (value.object ?? [:]).keys.sorted()), exitCode: .badData)
      }
      value = next
    }
    if let list = value.array { return list.map(axisText).joined(separator: ", ") }
    return axisText(value)
  }
}
