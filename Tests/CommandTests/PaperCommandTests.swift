import Basics
import Foundation
import TestSupport
import Testing

/// `paper` on the committed paper and results, and on copies with something wrong in them (R-32).
@Suite struct PaperCommandTests {
  /// Copies of the committed paper and of what it is made from.
  private func withCopy(_ body: (_ paper: URL, _ results: URL) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let manager = FileManager.default
      let paper = folder.appending(path: "Paper")
      try manager.copyItem(at: packageRoot.appending(path: "Paper"), to: paper)
      let results = folder.appending(path: "Results")
      for study in ["hh-smollm2", "synthetic-frontier", "five-methods-tabular"] {
        let target = results.appending(path: study)
        try manager.createDirectory(at: target, withIntermediateDirectories: true)
        let source = packageRoot.appending(path: "Results/\(study)")
        for file in try manager.contentsOfDirectory(atPath: source.path)
        where ["csv", "json", "json5", "svg"].contains(file.split(separator: ".").last ?? "") {
          try manager.copyItem(at: source.appending(path: file), to: target.appending(path: file))
        }
      }
      try body(paper, results)
    }
  }

  private func paper(_ words: [String], _ paper: URL, _ results: URL) throws -> ProgramRun {
    try runProgram(["paper", "--paper", paper.path, "--results", results.path] + words)
  }

  private func replace(_ old: String, by new: String, in file: URL) throws {
    let text = try String(contentsOf: file, encoding: .utf8)
    let range = try #require(text.range(of: old), "\(file.lastPathComponent) has no `\(old)`")
    try Data(text.replacingCharacters(in: range, with: new).utf8).write(to: file)
  }

  @Test func `the committed paper follows from the committed results`() throws {
    let run = try runProgram(["paper", "--check"])
    #expect(run.status == 0, "\(run.output)")
    #expect(run.output.isEmpty && run.errors.contains("the paper follows from the results"))
  }

  @Test func `it follows without any study's cells, and writing it again changes nothing`() throws {
    try withCopy { folder, results in
      #expect(try paper(["--check"], folder, results).status == 0)
      let macros = folder.appending(path: "generated/macros.tex")
      let before = try Data(contentsOf: macros)
      try FileManager.default.removeItem(at: folder.appending(path: "generated"))
      let missing = try paper(["--check"], folder, results)
      #expect(missing.status == 1 && missing.output.contains("macros.tex:1: the file is not there"))
      #expect(try paper([], folder, results).status == 0)
      #expect(try Data(contentsOf: macros) == before)
      #expect(try paper(["--check"], folder, results).status == 0)
    }
  }

  @Test func `a corrupted or hand-edited number fails, by file and line`() throws {
    try withCopy { folder, results in
      let macros = folder.appending(path: "generated/macros.tex")
      let text = try String(contentsOf: macros, encoding: .utf8)
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      let line = try #require(lines.firstIndex { $0.contains("result@frontier-share-bfpo}") })
      try replace("result@frontier-share-bfpo}{0.", by: "result@frontier-share-bfpo}{1.", in: macros)
      let edited = try paper(["--check"], folder, results)
      #expect(edited.status == 1, "\(edited.output)")
      #expect(edited.output.contains("generated/macros.tex:\(line + 1): stale: it has"), "\(edited.output)")
      #expect(edited.errors.contains("1 problem in the paper"))
      try Data(text.utf8).write(to: macros)

      try replace("BFPO,49,0.44", by: "BFPO,49,0.54", in: results.appending(path: "synthetic-frontier/frontier.csv"))
      try replace(
        ",0.632438", by: ",0.732438",
        in: results.appending(path: "synthetic-frontier/frontier.csv"))
      let stale = try paper(["--check"], folder, results)
      #expect(stale.status == 1)
      #expect(stale.output.contains("{0.63}") && stale.output.contains("{0.73}"), "\(stale.output)")
    }
  }

  @Test func `a number typed into the text fails, and so does a result that no claim makes`() throws {
    try withCopy { folder, results in
      let text = folder.appending(path: "main.tex")
      let lines = try String(contentsOf: text, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
      let line = try #require(lines.firstIndex { $0.contains("\\result{hh-bfpo-safety}") }) + 1
      try replace("\\result{hh-bfpo-safety}", by: "0.60", in: text)
      let typed = try paper(["--check"], folder, results)
      #expect(typed.status == 1)
      #expect(typed.output.contains("main.tex:\(line): `0.60` is typed by hand"), "\(typed.output)")

      try replace("0.60", by: "\\result{hh-bfpo-saftey}", in: text)
      let unknown = try paper(["--check"], folder, results)
      #expect(unknown.status == 1)
      #expect(
        unknown.output.contains("main.tex:\(line): no claim is named `hh-bfpo-saftey`: did you mean `hh-bfpo-safety`?"))
      let json = try paper(["--check", "--json"], folder, results)
      let problems = try JSONValue(parsing: Data(json.output.utf8), source: "check")["problems"]?.array
      #expect(problems?.count == 1 && problems?.first?["line"]?.number == Double(line))
    }
  }

  @Test func `a file that no claim makes is named, and removed by the next call`() throws {
    try withCopy { folder, results in
      let orphan = folder.appending(path: "generated/tables/old.tex")
      try Data("old".utf8).write(to: orphan)
      let run = try paper(["--check"], folder, results)
      #expect(run.status == 1 && run.output.contains("old.tex:1: no claim asks for this file"))
      #expect(try paper([], folder, results).status == 0)
      #expect(!FileManager.default.fileExists(atPath: orphan.path))
    }
  }

  @Test(arguments: [
    (
      #""experiment": "hh-smollm2", "table": "study""#, #""experiment": "hh-smolm2", "table": "study""#, 66,
      "did you mean `hh-smollm2`?"
    ),
    (#""column": "share""#, #""column": "shar""#, 65, "did you mean `share`?"),
    (#""format": "0e0""#, #""format": "0f0""#, 65, "no such format `0f0`"),
    (#""where": {"arm": "C-DPO"}"#, #""where": {"arm": "D-DPO"}"#, 65, "no row of"),
    (#""key": "training.steps""#, #""key": "training.step""#, 65, "did you mean `steps`?"),
    (#""aggregate": "max""#, #""aggregat": "max""#, 65, "did you mean `aggregate`?"),
    (#""studies""#, #""studie""#, 65, "did you mean `studies`?"),
    (#""metric": "safety_n", "aggregate": "max""#, #""metric": "safety_n""#, 65, "and one is needed"),
  ])
  func `a wrong claim is refused, named and explained`(old: String, new: String, code: Int32, message: String) throws {
    try withCopy { folder, results in
      try replace(old, by: new, in: folder.appending(path: "claims.json"))
      let run = try paper(["--check"], folder, results)
      #expect(run.status == code, "\(run.errors)")
      #expect(run.errors.contains(message) && run.errors.contains("claims.json"), "\(run.errors)")
    }
  }

  @Test func `a missing paper is 66, and one that cannot be written 73`() throws {
    try withTemporaryFolder { folder in
      let missing = try runProgram(["paper", "--paper", folder.path])
      #expect(missing.status == 66 && missing.errors.contains("claims.json"))
    }
    try withCopy { folder, results in
      try FileManager.default.removeItem(at: folder.appending(path: "generated"))
      try Data().write(to: folder.appending(path: "generated"))
      let blocked = try paper([], folder, results)
      #expect(blocked.status == 73 && blocked.errors.contains("cannot write"))
    }
  }
}
