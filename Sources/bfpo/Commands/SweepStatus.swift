import Basics
import Foundation
import Laboratory

extension Command {
  static let sweepStatus = Command(
    name: "sweep status",
    summary: "Count an experiment's cells by arm and state, say how long the rest will take, and show errors.",
    discussion: """
      A cell is done, running (a live process is at it), failed, stale (its process is gone; `sweep run` takes it over) or
      planned. Nothing but the results folder is read where the specification has not changed since the last run.
      """,
    examples: [
      Example("./bfpo sweep status", "the default experiment"),
      Example("./bfpo sweep status Experiments/hh-smollm2.json5 --watch", "another one, again every few seconds"),
      Example("./bfpo sweep status --json", "the same for a program"),
    ],
    positionals: [.specification],
    options: [
      .results,
      Option("interval", value: "SECONDS", "How often `--watch` looks.", defaultText: "5"),
    ],
    flags: [.json, Flag("watch", "Print it again and again until every cell is done or failed.")],
    next: "./bfpo sweep run"
  ) { arguments in
    let project = Project(environment: ProcessInfo.processInfo.environment)
    let file = specificationFile(arguments, project: project)
    let plan = try ExperimentPlan.known(file, project: project) { resultsFolder(arguments, $0, project: project) }
    let folder = resultsFolder(arguments, plan.spec, project: project)
    let isWatching = arguments.flag("watch")
    let interval = Double(try arguments.integer("interval", in: 1...86_400) ?? 5)
    if isWatching { Interruption.listen() }
    while true {
      let status = SweepStatus(plan.cells, in: folder)
      try show(status, plan: plan, arguments: arguments)
      guard isWatching, !status.isOver, !Interruption.isRequested else { return .success }
      arguments.console.flush()
      let start = ContinuousClock.now
      while seconds(ContinuousClock.now - start) < interval, !Interruption.isRequested {
        Thread.sleep(forTimeInterval: 0.1)
      }
      if Interruption.isRequested { return .success }
    }
  }
}

private func show(_ status: SweepStatus, plan: ExperimentPlan, arguments: Arguments) throws {
  let console = arguments.console
  if arguments.isJSON {
    var object = try JSONValue(encoding: status).object ?? [:]
    object["schema"] = .number(1)
    object["name"] = .string(plan.spec.name)
    return console.output(try JSONValue.object(object).canonical())
  }
  let states = CellState.shown
  func row(_ name: String, _ counts: [CellState: Int]) -> [String] { [name] + states.map { "\(counts[$0] ?? 0)" } }
  var rows = status.arms.map { row($0.name, $0.counts) }
  rows.append(row("all", status.counts))
  console.output(
    Table(
      rows, header: ["arm"] + states.map(\.rawValue),
      alignment: [.left] + states.map { _ in .right }
    ).text())
  for cell in status.running {
    console.output(
      "running \(cell.id) \(cell.arm): process \(cell.process) on \(cell.host), seen \(clockText(cell.age)) ago")
  }
  if let remaining = status.remaining {
    console.output("left: \(rangeText(remaining)) with \(max(1, status.running.count)) at the same time")
  }
  for failure in status.failures { console.note("\(failure.id) \(failure.arm)\n\(failure.message)") }
  for path in status.unreadable { console.warning("this record cannot be read and counts as missing: \(path)") }
  if status.counts[.stale] ?? 0 > 0 || status.counts[.failed] ?? 0 > 0 { console.suggestNext("./bfpo sweep retry") }
}
