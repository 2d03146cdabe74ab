import Basics
import Foundation
import Laboratory

extension Command {
  static let sweepPlan = Command(
    name: "sweep plan",
    summary: "List the cells of an experiment and which of them are done.",
    examples: [
      Example("./bfpo sweep plan", "the default experiment"),
      Example("./bfpo sweep plan Experiments/hh-smollm2.json5", "another one"),
      Example("./bfpo sweep plan --json", "one object a cell, a line each, with the full configuration"),
    ],
    positionals: [.specification],
    options: [.results],
    flags: [.json],
    next: "./bfpo sweep run"
  ) { arguments in
    let project = Project(environment: ProcessInfo.processInfo.environment)
    let experiment = try openExperiment(arguments, project: project)
    return printPlan(
      experiment, folder: resultsFolder(arguments, experiment: experiment, project: project), arguments: arguments)
  }
}

/// The plan on standard output: a table, or one JSON object a line.
func printPlan(_ experiment: Experiment, folder: ResultsFolder, arguments: Arguments) -> ExitCode {
  let records = folder.loadRecords().records
  func state(_ cell: PlannedCell) -> String { records[cell.id]?.status.rawValue ?? "planned" }
  if arguments.isJSON {
    for cell in experiment.cells {
      let object = JSONValue.object([
        "schema": .number(1), "id": .string(cell.id), "arm": .string(cell.arm), "state": .string(state(cell)),
        "configuration": (try? JSONValue(encoding: cell.configuration)) ?? .null,
      ])
      arguments.console.output((try? object.canonical()) ?? "{}")
    }
    return .success
  }
  let rows = experiment.cells.map { cell in
    [
      cell.id, cell.arm, cell.axes.map { "\($0.name)=\($0.text)" }.joined(separator: " "),
      "\(cell.configuration.seed)", state(cell),
    ]
  }
  arguments.console.output(Table(rows, header: ["cell", "arm", "swept", "seed", "state"]).text())
  let cells = uniqueCells(experiment.cells)
  arguments.console.note("\(cells.count) cells, \(cells.count { records[$0.id]?.status == .done }) done")
  return .success
}
