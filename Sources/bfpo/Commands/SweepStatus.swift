import Basics
import Foundation
import Laboratory

extension Command {
  static let sweepStatus = Command(
    name: "sweep status",
    summary: "Count an experiment's cells by arm and state, and show the errors of those that failed.",
    examples: [
      Example("./bfpo sweep status", "the default experiment"),
      Example("./bfpo sweep status Experiments/hh-smollm2.json5", "another one"),
      Example("./bfpo sweep status --json", "the same for a program"),
    ],
    positionals: [.specification],
    options: [.results],
    flags: [.json],
    next: "./bfpo sweep run"
  ) { arguments in
    let project = Project(environment: ProcessInfo.processInfo.environment)
    let experiment = try openExperiment(arguments, project: project)
    let folder = resultsFolder(arguments, experiment: experiment, project: project)
    let (records, unreadable) = folder.loadRecords()
    for path in unreadable {
      arguments.console.warning("this record cannot be read and counts as missing: \(path)")
    }
    let arms = armStates(experiment.cells, records: records)
    let failures = experiment.cells.compactMap { cell in records[cell.id]?.failure.map { (cell, $0) } }
    if arguments.isJSON {
      let object = JSONValue.object([
        "schema": .number(1), "name": .string(experiment.spec.name),
        "arms": .array(arms.map(\.json)),
        "failures": .array(
          failures.map { .object(["id": .string($0.id), "arm": .string($0.arm), "message": .string($1.message)]) }),
      ])
      arguments.console.output(try object.canonical())
      return .success
    }
    let rows = arms.map { ["\($0.name)", "\($0.done)", "\($0.failed)", "\($0.planned)"] }
    arguments.console.output(
      Table(rows, header: ["arm", "done", "failed", "planned"], alignment: [.left, .right, .right, .right]).text())
    for (cell, failure) in failures { arguments.console.note("\(cell.id) \(cell.arm)\n\(failure.message)") }
    return .success
  }
}

/// How many cells of an arm are in each state.
private struct ArmState {
  var name: String
  var done = 0
  var failed = 0
  var planned = 0

  var json: JSONValue {
    .object([
      "name": .string(name), "done": .number(Double(done)), "failed": .number(Double(failed)),
      "planned": .number(Double(planned)),
    ])
  }
}

private func armStates(_ cells: [PlannedCell], records: [String: RunRecord]) -> [ArmState] {
  var states: [ArmState] = []
  for cell in cells {
    if states.last?.name != cell.arm { states.append(ArmState(name: cell.arm)) }
    switch records[cell.id]?.status {
    case .done?: states[states.count - 1].done += 1
    case .failed?: states[states.count - 1].failed += 1
    case nil: states[states.count - 1].planned += 1
    }
  }
  return states
}
