import Basics
import Foundation
import TestSupport
import Testing

/// `sweep collect` and `sweep export` on a small sweep in which one arm's cells fail (R-17, R-27).
@Suite struct ExportCommandTests {
  /// No policy keeps a cost budget of −100: three of nine cells fail with exit code 4.
  static let specification = #"""
    {
      name: "small", question: "?", world: { prompts: 3, responses: 4, comparisons: 64 }, training: { steps: 40 },
      arms: [
        { name: "DPO", objective: "dpo", order: "both" },
        { name: "BFPO, \"both\"", objective: "bfpo", order: "helpfulness" },
        { name: "Safe", objective: "safe-rlhf", settings: { budget: -100 } },
      ],
      baseline: "DPO", seeds: 3,
    }
    """#

  private func withSweep(_ body: (URL) throws -> Void) throws {
    try withTemporaryFolder { folder in
      try Data(Self.specification.utf8).write(to: folder.appending(path: "small.json5"))
      let run = try runProgram(["sweep", "small.json5", "--results", "out"], in: folder)
      #expect(run.status == 2, "\(run.errors)")
      try body(folder)
    }
  }

  private func export(_ format: String, _ file: String, in folder: URL) throws -> String {
    let run = try runProgram(
      ["sweep", "export", "small", "--results", "out", "-f", format, "-o", "ex"], in: folder)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("6 of 9 cells done, 3 failed, 0 missing"), "\(run.errors)")
    return try String(contentsOf: folder.appending(path: "ex/\(file)"), encoding: .utf8)
  }

  @Test func `tidy and wide tables hold the same numbers, quoted so that a CSV reader gets them back`() throws {
    try withSweep { folder in
      let tidy = try parseCSV(try export("csv", "metrics.csv", in: folder))
      let wide = try parseCSV(try export("wide", "wide.csv", in: folder))
      #expect(Set(tidy.map { $0["arm"] }) == ["DPO", "BFPO, \"both\""])
      #expect(wide.count == 9 && Set(wide.map { $0["status"] }) == ["done", "failed"])
      for row in tidy {
        let cell = try #require(wide.first { $0["cell"] == row["cell"] })
        let value = try #require(row["value"])
        #expect(cell[try #require(row["metric"])] == value)
        #expect(Double(value) != nil)
      }
      let failed = wide.filter { $0["status"] == "failed" }
      #expect(failed.count == 3)
      for row in failed { #expect(row["error"]?.contains("budget") == true && row["safety"] == "") }
    }
  }

  @Test func `JSON Lines have one object a cell, with curve, configuration, state and provenance`() throws {
    try withSweep { folder in
      let lines = try export("jsonl", "cells.jsonl", in: folder).split(separator: "\n")
      #expect(lines.count == 9)
      let cells = try lines.map { try JSONValue(parsing: Data($0.utf8), source: "line") }
      for cell in cells {
        #expect(cell["schema"]?.number == 1 && cell["configuration"]?["objective"]?.string != nil)
        #expect(cell["provenance"]?["commit"]?.string != nil)
        if cell["status"]?.string == "failed" {
          #expect(cell["failure"]?["exitCode"]?.number == 4)
        } else {
          #expect(cell["curve"]?["points"]?.array?.isEmpty == false && cell["metrics"]?["safety"]?.number != nil)
        }
      }
    }
  }

  @Test func `tables for people say n and what failed`() throws {
    try withSweep { folder in
      let markdown = try export("markdown", "tables.md", in: folder)
      #expect(markdown.contains("n = 0–3 seeds a setting; 3 of 9 cells failed, 0 missing"))
      #expect(markdown.contains("failed cells") && markdown.contains("small: differences from DPO"))
      let latex = try export("latex", "tables.tex", in: folder)
      #expect(latex.contains("3 of 9 cells failed") && latex.contains("\\toprule"))
      let macros = try String(contentsOf: folder.appending(path: "ex/macros.tex"), encoding: .utf8)
      #expect(macros.contains("\\@namedef{bfpo@DPO/safety/n}{3}") && macros.contains("\\@namedef{bfpo@failed}{3}"))
    }
  }

  @Test func `TensorBoard gets one event file a cell`() throws {
    try withSweep { folder in
      let run = try runProgram(
        ["sweep", "export", "small", "--results", "out", "-f", "tensorboard", "-o", "ex"], in: folder)
      #expect(run.status == 0)
      for arm in ["DPO", "BFPO, \"both\"", "Safe"] {
        for seed in 0..<3 {
          let file = folder.appending(path: "ex/tensorboard/\(arm)/default/seed-\(seed)/events.out.tfevents.0.bfpo")
          let data = try Data(contentsOf: file)
          #expect(data.range(of: Data("brain.Event:2".utf8)) != nil)
          #expect((data.range(of: Data("metrics/safety".utf8)) != nil) == (arm != "Safe"))
        }
      }
    }
  }

  @Test func `collect makes the tables again, with 2 when cells failed, and counts a deleted record as missing`() throws
  {
    try withSweep { folder in
      let results = folder.appending(path: "out/small")
      let before = try Data(contentsOf: results.appending(path: "summary.csv"))
      try FileManager.default.removeItem(at: results.appending(path: "summary.csv"))
      let run = try runProgram(["sweep", "collect", "small", "--results", "out"], in: folder)
      #expect(run.status == 2 && run.output.contains("n = 0–3 seeds a setting; 3 of 9 cells failed, 0 missing"))
      #expect(try Data(contentsOf: results.appending(path: "summary.csv")) == before)
      let comparisons = try parseCSV(
        try String(contentsOf: results.appending(path: "comparisons.csv"), encoding: .utf8))
      #expect(comparisons.map { $0["metric"] } == ["helpfulness", "safety"])
      // Three differences have eight sign patterns, and a pattern counts with its opposite.
      for row in comparisons {
        #expect(row["baseline"] == "DPO" && row["seeds"] == "3")
        #expect(["0.25", "0.5", "0.75", "1.0"].contains(row["p"]))
      }

      let tidy = try parseCSV(try String(contentsOf: results.appending(path: "metrics.csv"), encoding: .utf8))
      let cell = try #require(tidy.first { $0["arm"] == "DPO" }?["cell"])
      try Data("{".utf8).write(to: results.appending(path: "cells/\(cell).json"))
      let damaged = try runProgram(["sweep", "collect", "small", "--results", "out", "--json"], in: folder)
      #expect(damaged.status == 2 && damaged.errors.contains("cannot be read and counts as missing"))
      let json = try JSONValue(parsing: Data(damaged.output.utf8), source: "collect")
      #expect(json["schema"]?.number == 1 && json["cells"]?["missing"]?.number == 1)
    }
  }

  @Test func `wrong names are answered with the nearest, and exit codes say whose mistake it is`() throws {
    try withSweep { folder in
      func run(_ words: String...) throws -> ProgramRun {
        try runProgram(["sweep", "export"] + words + ["--results", "out"], in: folder)
      }
      let study = try run("smal")
      #expect(study.status == 66 && study.errors.contains("did you mean `small`?"))
      let format = try run("small", "--format", "cvs")
      #expect(format.status == 64 && format.errors.contains("did you mean `csv`?"))
      let baseline = try run("small", "--baseline", "DPOO")
      #expect(baseline.status == 64 && baseline.errors.contains("did you mean `DPO`?"))
      let metric = try run("small", "--metric", "safty")
      #expect(metric.status == 64 && metric.errors.contains("did you mean `safety`?"))
      try Data().write(to: folder.appending(path: "file"))
      let blocked = try run("small", "-o", "file/below")
      #expect(blocked.status == 73 && blocked.errors.contains("cannot write"))
    }
  }
}

/// A comma-separated table with a header, after RFC 4180: a reader that shares nothing with our writer.
func parseCSV(_ text: String) throws -> [[String: String]] {
  var records: [[String]] = [[""]]
  var isQuoted = false
  var rest = Substring(text)
  while let character = rest.popFirst() {
    let last = records.count - 1
    switch character {
    case "\"" where isQuoted && rest.first == "\"":
      records[last][records[last].count - 1].append("\"")
      rest.removeFirst()
    case "\"": isQuoted.toggle()
    case "," where !isQuoted: records[last].append("")
    case "\n" where !isQuoted: records.append([""])
    default: records[last][records[last].count - 1].append(character)
    }
  }
  if records.last == [""] { records.removeLast() }
  let header = try #require(records.first)
  for record in records { #expect(record.count == header.count) }
  return records.dropFirst().map { Dictionary(zip(header, $0)) { first, _ in first } }
}
