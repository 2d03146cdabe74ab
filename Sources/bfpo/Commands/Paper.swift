import Basics
import Foundation
import Laboratory
import Reporting

extension Command {
  static let paper = Command(
    name: "paper",
    summary: "Make the paper's numbers, tables and figures from committed results, or check that they are current.",
    discussion: """
      `Paper/claims.json` says which number comes from which row of which table of `Results/`; \\result{ID} in the text prints it.
      With --check nothing is written. It exits with 1, and a line for each problem, when a generated file is not what the results
      say, when \\result names no claim, or when a number in the text is typed by hand: a decimal, a percentage, or a whole number of
      two or more digits that is no year, outside equations, labels, citations, lengths and names. A line of the text that ends with
      `% literal: REASON` may hold numbers. PDF figures need rsvg-convert and are not checked.
      """,
    examples: [
      Example("./bfpo paper", "writes `Paper/generated`; then `latexmk -pdf` in `Paper`"),
      Example("./bfpo paper --check", "what continuous integration runs"),
      Example("./bfpo paper --paper Draft --results out", "another paper, from other results"),
    ],
    options: [
      Option("paper", value: "DIR", "The folder of the paper.", defaultText: "Paper"),
      Option("results", value: "DIR", "The folder that holds one folder per study.", defaultText: "Results"),
    ],
    flags: [.json, Flag("check", "Say what is stale or typed by hand, and write nothing.")],
    next: "latexmk -pdf -cd Paper/main.tex"
  ) { arguments in
    let project = Project(environment: ProcessInfo.processInfo.environment)
    func folder(_ option: String, _ name: String) -> URL {
      arguments.option(option).map { URL(fileURLWithPath: $0) } ?? project.root.appendingPathComponent(name)
    }
    let paper = folder("paper", "Paper")
    let build = try PaperBuild(paper: paper, results: folder("results", "Results"))
    if arguments.flag("check") { return try check(build, paper: paper, arguments: arguments) }

    try build.write(into: paper)
    let hasPDF = try convertFigures(build.figures, in: paper)
    if !hasPDF { arguments.console.note("rsvg-convert was not found: figures are SVG only, and LaTeX leaves them out") }
    let files = build.files.keys.sorted()
    if arguments.isJSON {
      let object = JSONValue.object([
        "schema": .number(1), "files": .array(files.map(JSONValue.string)), "hasPDF": .bool(hasPDF),
        "values": .object(Dictionary(build.values.map { ($0.id, .string($0.text)) }) { $1 }),
      ])
      arguments.console.output(try object.canonical())
    } else {
      for file in files { arguments.console.output(paper.appendingPathComponent(file).relativePath) }
    }
    return .success
  }
}

private func check(_ build: PaperBuild, paper: URL, arguments: Arguments) throws -> ExitCode {
  let problems = try build.problems(in: paper)
  if arguments.isJSON {
    let object = JSONValue.object([
      "schema": .number(1), "problems": try JSONValue(encoding: problems),
      "claims": .number(Double(build.values.count)),
    ])
    arguments.console.output(try object.canonical())
  } else {
    for problem in problems { arguments.console.output(problem.text(in: paper)) }
  }
  arguments.console.note(
    problems.isEmpty
      ? "the paper follows from the results: \(build.values.count) numbers, \(build.files.count) files"
      : "\(problems.count) \(problems.count == 1 ? "problem" : "problems") in the paper")
  return problems.isEmpty ? .success : .claimFailed
}

/// Turns SVG into PDF beside it.
///
/// - Returns: whether there is a program to do it.
/// - Throws: ``UserError`` (73) when it fails.
private func convertFigures(_ figures: [String], in paper: URL) throws -> Bool {
  for figure in figures {
    let source = paper.appendingPathComponent(figure)
    let target = source.deletingPathExtension().appendingPathExtension("pdf")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["rsvg-convert", "--format", "pdf", "--output", target.path, source.path]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    if process.terminationStatus == 127 { return false }
    if process.terminationStatus != 0 {
      throw UserError(
        "rsvg-convert could not make the figure", at: target.relativePath,
        advice: "run `rsvg-convert --format pdf \(source.relativePath)` to see why", exitCode: .cannotCreateOutput)
    }
  }
  return true
}
