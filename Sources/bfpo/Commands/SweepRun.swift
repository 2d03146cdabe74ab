import Basics
import Foundation
import Laboratory
import Reporting

extension Command {
  static let sweepRun = Command(
    name: "sweep run",
    summary: "Run the cells of an experiment that are not done yet, then write its tables and figures.",
    discussion: """
      A cell is one arm at one combination of hyper-parameters and one seed. Its identity is the digest of everything that
      decides its numbers, so a sweep can be stopped at any time, run again, extended, or rerun after a failure: what is done
      is skipped. Exit code 2 means that some cells failed; their errors are in their records.
      """,
    examples: [
      Example("./bfpo sweep", "the default experiment, a synthetic world, in seconds"),
      Example("./bfpo sweep run Experiments/hh-smollm2.json5", "a language model on human preference pairs"),
      Example("./bfpo sweep run my.json5 --workers 1 --results out", "another specification, elsewhere"),
    ],
    positionals: [.specification],
    options: [.results, .workers],
    flags: [.dryRun, .json, Flag("fail-fast", "Stop at the first cell that fails.")],
    isGroupDefault: true,
    next: "./bfpo sweep status"
  ) { arguments in
    let project = Project(environment: ProcessInfo.processInfo.environment)
    let workers = try arguments.workerCount()
    let experiment = try openExperiment(arguments, project: project, workers: workers)
    for line in experiment.setting.remarks { arguments.console.note(line) }
    let folder = resultsFolder(arguments, experiment: experiment, project: project)
    if arguments.isDryRun { return printPlan(experiment, folder: folder, arguments: arguments) }

    Interruption.listen()
    let outcome = try runWithProgress(
      experiment, folder: folder, project: project,
      options: SweepOptions(workers: workers, failFast: arguments.flag("fail-fast")), console: arguments.console)
    let report = try writeReport(folder)
    printOutcome(outcome, report: report, folder: folder, arguments: arguments)
    if outcome.interrupted { return .interrupted }
    return outcome.failed > 0 ? .someCellsFailed : .success
  }
}

extension Positional {
  static let specification = Positional(
    "SPEC", "A JSON5 experiment specification.", isRequired: false, defaultText: defaultSpecification)
}

extension Option {
  static let results = Option(
    "results", short: "o", value: "DIR", "The folder that holds one folder per experiment.", defaultText: "Results")
  static let workers = Option(
    "workers", short: "j", value: "N", "Threads to use; results do not depend on it.", defaultText: "all processors")
}

let defaultSpecification = "Experiments/synthetic.json5"

extension Arguments {
  func workerCount() throws -> Int {
    try integer("workers", in: 1...1024) ?? ProcessInfo.processInfo.activeProcessorCount
  }
}

func openExperiment(_ arguments: Arguments, project: Project, workers: Int = 1) throws -> Experiment {
  let path = arguments.positional("SPEC") ?? defaultSpecification
  return try Experiment(contentsOf: project.locate(path), project: project, workers: workers)
}

func resultsFolder(_ arguments: Arguments, experiment: Experiment, project: Project) -> ResultsFolder {
  let parent = arguments.option("results").map { URL(fileURLWithPath: $0) } ?? project.results
  return ResultsFolder(parent.appendingPathComponent(experiment.spec.name))
}

private func runWithProgress(
  _ experiment: Experiment, folder: ResultsFolder, project: Project, options: SweepOptions, console: Console
) throws -> SweepOutcome {
  let total = uniqueCells(experiment.cells).count
  console.note("\(experiment.spec.name): \(total) cells, \(options.workers) workers → \(folder.url.relativePath)")
  let progress = Progress("cells", total: total, console: console)
  let plain = !console.isTerminal && !experiment.setting.cellsRunSideBySide
  defer { progress.finish() }
  return try experiment.run(
    into: folder, project: project, options: options, isInterrupted: { Interruption.isRequested }
  ) { event in
    switch event {
    case .cellFinished(let id, let arm, let seconds, let done, let pending):
      progress.update(total - pending + done, arm)
      if plain { progress.line("done \(id) \(arm) in \(clockText(seconds)) (\(done)/\(pending))") }
    case .cellFailed(let id, let arm, let message, let done, let pending):
      progress.update(total - pending + done, arm)
      progress.line("failed \(id) \(arm) (\(done)/\(pending))\n\(message)")
    case .step(let arm, let step, let steps, let done):
      progress.update(done, "\(arm) step \(step)/\(steps)")
    }
  }
}

private func printOutcome(
  _ outcome: SweepOutcome, report: SweepReport, folder: ResultsFolder, arguments: Arguments
) {
  let console = arguments.console
  if arguments.isJSON {
    console.output(sweepJSON(outcome, report: report, folder: folder))
    return
  }
  console.output(report.table)
  for file in report.figures { console.output("figure: \(file.relativePath)") }
  console.output("tables: \(folder.url.appendingPathComponent("summary.csv").relativePath), metrics.csv, cells/*.json")
  if outcome.completed == 0, outcome.failed == 0, !outcome.interrupted {
    console.note("nothing to do: all \(outcome.skipped) cells were done already")
  } else {
    console.note(
      "\(outcome.completed) cells run in \(clockText(outcome.seconds)), \(outcome.skipped) done before, "
        + "\(outcome.failed) failed\(outcome.interrupted ? ", interrupted: run again to continue" : "")")
  }
}

private func sweepJSON(_ outcome: SweepOutcome, report: SweepReport, folder: ResultsFolder) -> String {
  let object = JSONValue.object([
    "schema": .number(1), "results": .string(folder.url.relativePath),
    "completed": .number(Double(outcome.completed)), "skipped": .number(Double(outcome.skipped)),
    "failed": .number(Double(outcome.failed)), "interrupted": .bool(outcome.interrupted),
    "figures": .array(report.figures.map { .string($0.relativePath) }),
    "points": (try? JSONValue(encoding: report.points)) ?? .null,
  ])
  return (try? object.canonical()) ?? "{}"
}
