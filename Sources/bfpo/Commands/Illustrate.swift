import Basics
import Foundation
import Laboratory
import Reporting

extension Command {
  static let illustrate = Command(
    name: "illustrate",
    summary: "Run the paper's illustrative experiment on reconstructed action sets; write its figures and tables.",
    discussion: """
      Four responses to one prompt, two of them safe, are learned from six labelled pairs by BFPO and by what it is compared
      with: DPO and IPO on helpfulness, on safety and on both, SafeDPO, multi-objective RLHF (MORL) and a constraint on safety.

      \(wrapped(IllustrationText.paper))
      \(wrapped(IllustrationText.reconstructed))

      Written to DIR/illustrative: curves-NAME.svg (probabilities against steps), plane-NAME.svg (probabilities on the
      helpfulness × safety plane), final-NAME.csv, .md and .tex (final probabilities next to the exact ones), final.csv and
      illustrative.json (all action sets).
      """,
    examples: [
      Example("./bfpo illustrate", "all seven action sets, in seconds"),
      Example("./bfpo illustrate --design safe-24 --results out", "one action set (y2 and y4 are safe), elsewhere"),
      Example("./bfpo illustrate --json", "every number, for a program"),
    ],
    options: [
      Option(
        "design", value: "NAME", "One action set: `safe-14` has y1 and y4 safe.",
        choices: IllustrativeDesign.all.map(\.id), defaultText: "all of them"),
      .results,
      Option("seeds", value: "N", "Runs of every method that draws pairs.", defaultText: "10"),
      .workers,
    ],
    flags: [.json],
    next: "./bfpo sweep"
  ) { arguments in
    let project = Project(environment: ProcessInfo.processInfo.environment)
    let parent = arguments.option("results").map { URL(fileURLWithPath: $0) } ?? project.results
    let folder = parent.appendingPathComponent("illustrative")
    try ResultsFolder(folder).checkWritable()
    let chosen = arguments.option("design")
    let experiment = IllustrativeExperiment(
      designs: IllustrativeDesign.all.filter { chosen == nil || $0.id == chosen },
      seeds: try arguments.integer("seeds", in: 1...10_000) ?? 10)
    let clock = ContinuousClock()
    let start = clock.now
    let results = try experiment.run(workers: try arguments.workerCount())
    let seconds = (clock.now - start) / .seconds(1)
    let report = try writeIllustration(results, seeds: experiment.seeds, seconds: seconds, into: folder)
    if arguments.isJSON {
      arguments.console.output(try canonicalJSON(report.record))
    } else {
      printIllustration(results, report: report, console: arguments.console)
    }
    arguments.console.note("trained in \(fixed(seconds, 1)) s")
    return .success
  }
}

private func printIllustration(_ results: [IllustrationResult], report: IllustrationReport, console: Console) {
  for result in results {
    let (header, rows) = IllustrationTable(result).terminal
    console.output("\(result.design.id): \(result.design.summary)")
    console.output(Table(rows, header: header).text() + "\n")
  }
  console.output(IllustrationTable.legend)
  console.output(wrapped(IllustrationText.paper))
  console.output(wrapped(IllustrationText.reconstructed))
  let names = results.count == 1 ? results[0].design.id : "{\(results.map(\.design.id).joined(separator: ","))}"
  let folder = report.files[0].deletingLastPathComponent().relativePath
  console.output("figures: \(folder)/curves-\(names).svg, plane-\(names).svg")
  console.output(
    "tables: \(folder)/final-\(names).csv, .md and .tex; final.csv and illustrative.json hold all of this run")
}

/// Lines of at most 118 characters.
private func wrapped(_ text: String) -> String {
  var lines = [""]
  for word in text.split(separator: " ") {
    let line = lines[lines.count - 1]
    if line.count + word.count >= 118 {
      lines.append(String(word))
    } else {
      lines[lines.count - 1] += (line.isEmpty ? "" : " ") + word
    }
  }
  return lines.joined(separator: "\n")
}
