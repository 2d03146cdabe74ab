import Basics
import Foundation
import Laboratory

extension Command {
  static let sweepCell = Command(
    name: "sweep cell",
    summary: "Run one cell of an experiment: what local workers and the jobs of a cluster call.",
    discussion: """
      The cell is named by its id, or by its place in a file of ids, one a line, counted from 0: `--index`, or else the variable
      that the array engine sets (SLURM_ARRAY_TASK_ID, PBS_ARRAY_INDEX, JOB_COMPLETION_INDEX). A cell that is done is left
      alone. SIGUSR1 or SIGTERM stops it after a checkpoint with exit code 75: the same command goes on from there. A failed
      cell ends with the exit code of its error.
      """,
    examples: [
      Example("./bfpo sweep cell --id 0019baf6ff7750cf", "one cell of the default experiment"),
      Example("./bfpo sweep cell my.json5 --list cells.txt --index 7", "the eighth cell of a list"),
      Example("./bfpo sweep cell my.json5 --list cells.txt", "the same inside an array job"),
    ],
    positionals: [.specification],
    options: [
      .results, .workers, Option("id", value: "ID", "The cell's id, as `./bfpo sweep plan` shows it."),
      Option("list", value: "FILE", "A file of ids, one a line."),
      Option("index", value: "N", "A line of that file, from 0.", defaultText: "the array engine's variable"),
    ],
    flags: [
      Flag(
        "supervised", "Tell a parent process of each step on standard output, and stop when standard input ends.")
    ],
    next: "./bfpo sweep status"
  ) { arguments in
    let project = Project(environment: ProcessInfo.processInfo.environment)
    let id = try cellName(arguments)
    let file = specificationFile(arguments, project: project)
    let folder = resultsFolder(arguments, try ExperimentSpec(contentsOf: file), project: project)
    Interruption.listen()
    if arguments.flag("supervised") { stopWithParent() }
    if folder.record(id)?.status == .done {
      arguments.console.note("cell \(id) is done already")
      return .success
    }
    let workers = try arguments.workerCount()
    let experiment = try Experiment(contentsOf: file, project: project, workers: workers)
    guard let cell = experiment.cells.first(where: { $0.id == id }) else {
      throw UserError(
        "the experiment has no cell `\(id)`", at: file.path,
        because: "the specification or its data have changed since the cell was planned, or the id is misspelt",
        advice: "`./bfpo sweep plan` lists the cells", exitCode: .inputMissing)
    }
    let outcome = try runSweep(
      [cell], setting: experiment.setting, into: folder,
      provenance: Provenance.current(root: project.root, workers: workers), options: SweepOptions(workers: workers),
      isInterrupted: { Interruption.isRequested }, report: cellReport(arguments))
    return ending(outcome, cell: cell, folder: folder, arguments: arguments)
  }
}

private func cellReport(_ arguments: Arguments) -> @Sendable (SweepEvent) -> Void {
  let isSupervised = arguments.flag("supervised")
  return { event in
    switch event {
    case .step(_, let step, _, _):
      if isSupervised { tellParent(CellProcesses.Message.step(step)) }
    case .cellFailed(_, _, let message, _, _):
      arguments.console.note(message)
    case .waiting:
      arguments.console.note("another machine has this cell: watching whether it is still at it")
    case .cellFinished: break
    }
  }
}

private func ending(
  _ outcome: SweepOutcome, cell: PlannedCell, folder: ResultsFolder, arguments: Arguments
) -> ExitCode {
  if outcome.interrupted {
    arguments.console.note("stopped: the same command goes on from the last checkpoint")
    return Interruption.exitCode
  }
  if outcome.elsewhere > 0 {
    arguments.console.note("cell \(cell.id) is being run by another process")
    if arguments.flag("supervised") { tellParent(CellProcesses.Message.held) }
    return .success
  }
  guard outcome.failed > 0 else { return .success }
  return folder.record(cell.id)?.failure.flatMap { ExitCode(rawValue: $0.exitCode) } ?? .someCellsFailed
}

/// The id that `--id`, or a line of `--list`, names.
private func cellName(_ arguments: Arguments) throws -> String {
  if let id = arguments.option("id") {
    guard arguments.option("list") == nil else {
      throw UserError("`--id` and `--list` both name a cell", advice: "give one of them", exitCode: .usage)
    }
    return id
  }
  let path = try arguments.required("list")
  let text = String(decoding: try AtomicFile.read(URL(fileURLWithPath: path)), as: UTF8.self)
  let ids = text.split(separator: "\n").map(String.init)
  let index = try arguments.integer("index") ?? arrayIndex()
  guard ids.indices.contains(index) else {
    throw UserError(
      "the list has no line \(index)", at: path, because: "it has \(ids.count) lines, counted from 0",
      advice: "give the array the indices 0 to \(ids.count - 1)", exitCode: .usage)
  }
  return ids[index]
}

private func arrayIndex() throws -> Int {
  let names = ["SLURM_ARRAY_TASK_ID", "PBS_ARRAY_INDEX", "JOB_COMPLETION_INDEX"]
  for name in names {
    guard let text = ProcessInfo.processInfo.environment[name], !text.isEmpty else { continue }
    if let index = Int(text), index >= 0 { return index }
    throw UserError(
      "`\(text)` is no place in a list", at: "environment variable \(name)", advice: "give `--index N`",
      exitCode: .usage)
  }
  throw UserError(
    "which line of the list is meant?", at: "--list",
    because: "there is no `--index`, and none of \(names.joined(separator: ", ")) is set", advice: "give `--index N`",
    exitCode: .usage)
}

// MARK: A parent process

/// Asks this process to stop when its parent has gone: nobody closes standard input otherwise.
private func stopWithParent() {
  Thread.detachNewThread {
    var byte: UInt8 = 0
    while true {
      let count = unsafe read(STDIN_FILENO, &byte, 1)
      if count == 0 || (count < 0 && errno != EINTR) { break }
    }
    Interruption.parentIsGone()
  }
}

/// One line on standard output; if the parent has gone, nobody needs it.
private func tellParent(_ text: String) {
  let bytes = Array((text + "\n").utf8)
  _ = unsafe bytes.withUnsafeBytes { unsafe write(STDOUT_FILENO, $0.baseAddress, $0.count) }
}
