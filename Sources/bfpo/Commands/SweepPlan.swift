import Basics
import Foundation
import Laboratory

extension Command {
  static let sweepPlan = Command(
    name: "sweep plan",
    summary: "List the cells of an experiment and which of them are done.",
    examples: [
      Example("./bfpo sweep plan", "the default experiment"),
      Example(
        "./bfpo sweep plan Experiments/hh-smollm2.json5 --where 'objective == bfpo'", "some cells of another one"),
      Example("./bfpo sweep plan --json", "one object a cell, a line each, with the full configuration"),
    ],
    positionals: [.specification],
    options: [.results, .condition],
    flags: [.json],
    next: "./bfpo sweep run"
  ) { arguments in
    let project = Project(environment: ProcessInfo.processInfo.environment)
    let plan = try openExperiment(arguments, project: project).planned
    let folder = resultsFolder(arguments, plan.spec, project: project)
    let filter = try arguments.selection(plan.cells).filter
    return printPlan(plan.cells.filter { filter?.matches($0) ?? true }, folder: folder, arguments: arguments)
  }
}

/// Cells on standard output: a table, or one JSON object a line.
func printPlan(_ cells: [PlannedCell], folder: ResultsFolder, arguments: Arguments) -> ExitCode {
  let states = folder.states(cells)
  func state(_ cell: PlannedCell) -> String { (states[cell.id] ?? .planned).rawValue }
  if arguments.isJSON {
    for cell in cells {
      let object = JSONValue.object([
        "schema": .number(1), "id": .string(cell.id), "arm": .string(cell.arm), "state": .string(state(cell)),
        "configuration": (try? JSONValue(encoding: cell.configuration)) ?? .null,
      ])
      arguments.console.output((try? object.canonical()) ?? "{}")
    }
    return .success
  }
  let rows = cells.map { cell in
    [
      cell.id, cell.arm, cell.axes.map { "\($0.name)=\($0.text)" }.joined(separator: " "),
      "\(cell.configuration.seed)", state(cell),
    ]
  }
  arguments.console.output(Table(rows, header: ["cell", "arm", "swept", "seed", "state"]).text())
  let unique = uniqueCells(cells)
  arguments.console.note("\(unique.count) cells, \(unique.count { states[$0.id] == .done }) done")
  return .success
}
