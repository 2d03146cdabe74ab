import Basics
import Foundation
import Kernels
import Laboratory
import Reporting

extension Command {
  static let sweepRun = Command(
    name: "sweep run",
    summary: "Run the cells of an experiment that are not done yet, then write its tables and figures.",
    discussion: """
      A cell is one arm at one combination of hyper-parameters and one seed. Its identity is the digest of everything that
      decides its numbers, so a sweep can be stopped at any time, run again, extended, or rerun after a failure: what is done
      is skipped. Several calls may work on one folder at the same time, on one machine or several; no cell is run twice.
      A cell of a language model gets a process of its own, with its log in `logs/`. Ctrl-C stops after a checkpoint, twice at
      once. Exit codes: 2 some cells failed (their errors are in their records), 75 or 130 stopped, run again.
      """,
    examples: [
      Example("./bfpo sweep", "the default experiment, a synthetic world, in seconds"),
      Example("./bfpo sweep run Experiments/hh-smollm2.json5 --dry-run", "what a language model's sweep would cost"),
      Example("./bfpo sweep run --where 'objective == bfpo && alpha > 0.25' --results out", "some cells, elsewhere"),
    ],
    positionals: [.specification],
    options: [.results, .workers, .processes, .only, .condition, .limit],
    flags: [.dryRun, .json, .failFast],
    isGroupDefault: true,
    next: "./bfpo sweep status"
  ) { arguments in try runCommand(arguments, states: nil) }

  static let sweepRetry = Command(
    name: "sweep retry",
    summary: "Run the cells again that failed, or whose process is gone.",
    discussion: "The same as `sweep run --only failed,stale`.",
    examples: [
      Example("./bfpo sweep retry", "the default experiment"),
      Example("./bfpo sweep retry Experiments/hh-smollm2.json5 --dry-run", "which cells that would be"),
      Example("./bfpo sweep retry my.json5 --limit 1 --verbose", "the first one only"),
    ],
    positionals: [.specification],
    options: [.results, .workers, .processes, .condition, .limit],
    flags: [.dryRun, .json, .failFast],
    next: "./bfpo sweep status"
  ) { arguments in try runCommand(arguments, states: [.failed, .stale]) }
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

extension Flag {
  static let failFast = Flag("fail-fast", "Stop at the first cell that fails.")
}

let defaultSpecification = "Experiments/synthetic.json5"

extension Arguments {
  func workerCount() throws -> Int {
    try integer("workers", in: 1...1024) ?? ProcessInfo.processInfo.activeProcessorCount
  }

  /// Of the products of a language model.
  func precision() -> Precision { option("precision").flatMap(Precision.init(rawValue:)) ?? .float32 }
}

func openExperiment(_ arguments: Arguments, project: Project, workers: Int = 1) throws -> Experiment {
  try Experiment(contentsOf: specificationFile(arguments, project: project), project: project, workers: workers)
}

func specificationFile(_ arguments: Arguments, project: Project) -> URL {
  project.locate(arguments.positional("SPEC") ?? defaultSpecification)
}

func resultsFolder(_ arguments: Arguments, _ spec: ExperimentSpec, project: Project) -> ResultsFolder {
  let parent = arguments.option("results").map { URL(fileURLWithPath: $0) } ?? project.results
  return ResultsFolder(parent.appendingPathComponent(spec.name))
}

// MARK: Running

/// How the cells of one call are run.
private struct RunSettings {
  var options: SweepOptions
  /// Nil: in this process.
  var processes: CellProcesses?
  var sideBySide: Int
  var isPlain: Bool
}

private func runCommand(_ arguments: Arguments, states: Set<CellState>?) throws -> ExitCode {
  let project = Project(environment: ProcessInfo.processInfo.environment)
  let workers = try arguments.workerCount()
  // Let go when the cells have processes of their own: a language model takes much memory.
  var experiment: Experiment? = try openExperiment(arguments, project: project, workers: workers)
  guard let plan = experiment?.planned else { return .bug }
  for line in plan.remarks { arguments.console.note(line) }
  let folder = resultsFolder(arguments, plan.spec, project: project)
  let chosen = try arguments.selection(plan.cells, states: states)(plan.cells, in: folder)
  let settings = try runSettings(plan, arguments: arguments, project: project, workers: workers)
  if arguments.isDryRun { return try printDryRun(chosen, plan, settings, folder: folder, arguments: arguments) }

  Interruption.listen()
  let progress = SweepProgress(plan, chosen: chosen, isPlain: settings.isPlain, arguments: arguments)
  progress.announce(folder, workers: workers, processes: settings.processes?.count)
  var outcome: SweepOutcome
  if let processes = settings.processes {
    experiment = nil
    try plan.save(in: folder)
    outcome = try runSweep(
      chosen, processes: processes, into: folder,
      provenance: Provenance.current(root: project.root, workers: workers), options: settings.options,
      isInterrupted: { Interruption.isRequested }, report: progress.show)
  } else {
    guard let experiment else { return .bug }
    outcome = try experiment.run(
      chosen, into: folder, project: project, options: settings.options,
      isInterrupted: { Interruption.isRequested }, report: progress.show)
  }
  progress.finish()
  outcome.skipped += uniqueCells(plan.cells).count - chosen.count
  let report = try writeReport(folder)
  printOutcome(outcome, chosen: chosen.count, report: report, folder: folder, arguments: arguments)
  if outcome.interrupted { return Interruption.isRequested ? Interruption.exitCode : .checkpointed }
  return outcome.failed > 0 ? .someCellsFailed : .success
}

private func runSettings(
  _ plan: ExperimentPlan, arguments: Arguments, project: Project, workers: Int
) throws -> RunSettings {
  let given = try arguments.integer("processes", in: 0...1024)
  let options = SweepOptions(workers: workers, failFast: arguments.flag("fail-fast"))
  let isSideBySide = plan.cellsRunSideBySide
  guard let count = given ?? (isSideBySide ? nil : 1), count > 0 else {
    return RunSettings(
      options: options, processes: nil, sideBySide: isSideBySide ? workers : 1, isPlain: !isSideBySide)
  }
  let file = specificationFile(arguments, project: project).path
  let threads = max(1, workers / count)
  let results = arguments.option("results").map { ["--results", $0] } ?? []
  let processes = CellProcesses(
    count: count, executable: Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
  ) { id in
    ["sweep", "cell", file, "--id", id, "--workers", "\(threads)", "--supervised"] + results
  }
  return RunSettings(
    options: options, processes: processes, sideBySide: count, isPlain: !plan.cellsRunSideBySide)
}

// MARK: Showing

/// Shows the events of a sweep on standard error.
private final class SweepProgress: Sendable {
  private let plan: ExperimentPlan
  private let total: Int
  private let chosen: Int
  private let isPlain: Bool
  private let console: Console
  private let progress: Progress

  init(_ plan: ExperimentPlan, chosen: [PlannedCell], isPlain: Bool, arguments: Arguments) {
    self.plan = plan
    total = uniqueCells(plan.cells).count
    self.chosen = chosen.count
    console = arguments.console
    self.isPlain = !console.isTerminal && isPlain
    progress = Progress("cells", total: chosen.count, console: console)
  }

  func announce(_ folder: ResultsFolder, workers: Int, processes: Int?) {
    let share = chosen == total ? "\(total) cells" : "\(chosen) of \(total) cells"
    let width = processes.map { "\($0) process\($0 == 1 ? "" : "es"), " } ?? ""
    console.note("\(plan.spec.name): \(share), \(width)\(workers) workers → \(folder.url.relativePath)")
  }

  func show(_ event: SweepEvent) {
    switch event {
    case .cellFinished(let id, let arm, let seconds, let done, let pending):
      progress.update(done, arm)
      if isPlain { progress.line("done \(id) \(arm) in \(clockText(seconds)) (\(done)/\(pending))") }
    case .cellFailed(let id, let arm, let message, let done, let pending):
      progress.update(done, arm)
      progress.line("failed \(id) \(arm) (\(done)/\(pending))\n\(message)")
    case .step(let arm, let step, let steps, let done):
      progress.update(done, "\(arm) step \(step)/\(steps)")
    case .waiting(let cells):
      progress.line("\(cells) cells are another machine's: watching whether it is still at them")
    }
  }

  func finish() { progress.finish() }
}

private func printDryRun(
  _ chosen: [PlannedCell], _ plan: ExperimentPlan, _ settings: RunSettings, folder: ResultsFolder, arguments: Arguments
) throws -> ExitCode {
  let threads = max(1, settings.options.workers / settings.sideBySide)
  let estimate = SweepEstimate(
    chosen, plan: plan, folder: folder, sideBySide: settings.sideBySide, workers: threads)
  if arguments.isJSON {
    let object = JSONValue.object([
      "schema": .number(1), "name": .string(plan.spec.name), "cells": .array(chosen.map { .string($0.id) }),
      "estimate": try JSONValue(encoding: estimate),
    ])
    arguments.console.output(try object.canonical())
    return .success
  }
  _ = printPlan(chosen, folder: folder, arguments: arguments)
  let rows = [
    ["time", rangeText(estimate.seconds), estimate.timeBasis],
    ["memory", estimate.memory.map(byteText) ?? "unknown", estimate.memoryBasis],
    ["disk", byteText(estimate.disk), estimate.diskBasis],
  ]
  arguments.console.output("\nwould run \(chosen.count) cells, \(settings.sideBySide) at the same time")
  arguments.console.output(Table(rows, header: nil).text())
  return .success
}

private func printOutcome(
  _ outcome: SweepOutcome, chosen: Int, report: SweepReport, folder: ResultsFolder, arguments: Arguments
) {
  let console = arguments.console
  if arguments.isJSON {
    console.output(sweepJSON(outcome, report: report, folder: folder))
    return
  }
  console.output(report.table)
  for file in report.figures { console.output("figure: \(file.relativePath)") }
  console.output("tables: \(folder.url.appendingPathComponent("summary.csv").relativePath), metrics.csv, cells/*.json")
  if chosen == 0 {
    let isSelected = [Option.only, .condition].contains { option in
      arguments.command.options.contains { $0.name == option.name } && arguments.option(option.name) != nil
    }
    console.note(
      isSelected || arguments.command.name == "sweep retry"
        ? "nothing to do: no cell is meant" : "nothing to do: all \(outcome.skipped) cells were done already")
    return
  }
  console.note(
    "\(outcome.completed) cells run in \(clockText(outcome.seconds)), \(outcome.skipped) done or left out, "
      + "\(outcome.failed) failed\(outcome.interrupted ? ", interrupted: run again to continue" : "")")
  if outcome.elsewhere > 0 {
    console.note("\(outcome.elsewhere) cells are being run by another process: `./bfpo sweep status` shows them")
  }
}

private func sweepJSON(_ outcome: SweepOutcome, report: SweepReport, folder: ResultsFolder) -> String {
  let object = JSONValue.object([
    "schema": .number(1), "results": .string(folder.url.relativePath),
    "completed": .number(Double(outcome.completed)), "skipped": .number(Double(outcome.skipped)),
    "failed": .number(Double(outcome.failed)), "elsewhere": .number(Double(outcome.elsewhere)),
    "interrupted": .bool(outcome.interrupted),
    "figures": .array(report.figures.map { .string($0.relativePath) }),
    "points": (try? JSONValue(encoding: report.points)) ?? .null,
  ])
  return (try? object.canonical()) ?? "{}"
}
