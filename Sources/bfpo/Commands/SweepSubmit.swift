import Basics
import Foundation
import Laboratory

extension Command {
  static let sweepSubmit = Command(
    name: "sweep submit",
    summary: "Submit the cells that are not done to Slurm, as job arrays, and a job that makes the tables at the end.",
    discussion: """
      `jobs/` of the results folder gets the scripts with copies of the specification and of this program. A task that is
      preempted or runs out of time writes a checkpoint and is put back into the queue. Submitting again takes only what is
      neither done nor in the queue. With another array engine, run `bfpo sweep cell SPEC --list FILE` for each place in the
      list: PBS_ARRAY_INDEX and JOB_COMPLETION_INDEX (Kubernetes) are understood as SLURM_ARRAY_TASK_ID is.
      """,
    examples: [
      Example("./bfpo sweep submit Experiments/hh-smollm2.json5 --dry-run", "print the script of an array"),
      Example("./bfpo sweep submit my.json5 --workers 4 --sbatch time=2:00:00 --sbatch mem=8G", "with limits"),
      Example("./bfpo sweep submit my.json5 --only failed --at-once 20", "failed cells again, 20 at the same time"),
    ],
    positionals: [.specification],
    options: [
      .results, Option("workers", short: "j", value: "N", "Threads of a task.", defaultText: "1"),
      Option(
        "sbatch", value: "NAME=VALUE", "An option of sbatch for every job, such as `partition=long`.", isRepeated: true),
      Option("at-once", value: "N", "Tasks that run at the same time.", defaultText: "as many as the cluster gives"),
      .only, .condition, .limit,
    ],
    flags: [.dryRun, .json],
    next: "./bfpo sweep status --watch"
  ) { arguments in
    let project = Project(environment: ProcessInfo.processInfo.environment)
    let workers = try arguments.integer("workers", in: 1...1024) ?? 1
    let plan = try openExperiment(arguments, project: project, workers: workers).planned
    let folder = resultsFolder(arguments, plan.spec, project: project)
    let queue = SlurmQueue()
    let queued = queue.queued(folder)
    let chosen = try arguments.selection(plan.cells)(plan.cells, in: folder)
    let cells = chosen.filter { !queued.contains($0.id) }
    if cells.count < chosen.count {
      arguments.console.note("\(chosen.count - cells.count) cells are in the queue already and are left out")
    }
    if cells.isEmpty {
      arguments.console.note("nothing to submit: every cell is done or in the queue")
      return .success
    }
    let submission = SlurmSubmission(
      cells, plan: plan, results: folder,
      settings: SlurmSubmission.Settings(
        workers: workers, arraySize: queue.maximalArraySize() ?? SlurmSubmission.defaultArraySize,
        atOnce: try arguments.integer("at-once", in: 1...Int.max), options: try sbatchOptions(arguments),
        home: project.root, directory: URL(fileURLWithPath: FileManager.default.currentDirectoryPath)))
    if arguments.isDryRun {
      arguments.console.output(submission.arrayScript(0))
      let more = submission.chunks.count - 1
      arguments.console.note(
        "\(cells.count) cells" + (more > 0 ? ", and \(more) more arrays like this one" : "") + "; nothing was submitted"
      )
      return .success
    }
    try folder.checkWritable()
    try submission.prepare(executable: programFile())
    let receipt = try queue.submit(submission)
    if arguments.isJSON {
      var object = try JSONValue(encoding: receipt).object ?? [:]
      object["cells"] = .number(Double(cells.count))
      object["folder"] = .string(submission.folder.path)
      arguments.console.output(try JSONValue.object(object).canonical())
    } else {
      arguments.console.output("submitted \(cells.count) cells as job \(receipt.arrays.joined(separator: ", "))")
      arguments.console.output("tables by job \(receipt.collect); scripts and logs in \(submission.folder.path)")
    }
    return .success
  }
}

/// This program's file.
private func programFile() -> URL {
  Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
}

private func sbatchOptions(_ arguments: Arguments) throws -> [String] {
  let ours = ["array", "signal", "requeue", "no-requeue", "open-mode", "output", "chdir", "dependency"]
  return try arguments.options("sbatch").map { text in
    let name = String(text.prefix { $0 != "=" })
    let isName = !name.isEmpty && name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" } && !name.hasPrefix("-")
    guard isName, !text.contains(where: \.isNewline) else {
      throw UserError(
        "`\(text)` is no option of sbatch", at: arguments.place("sbatch"),
        advice: "write `--sbatch partition=long`, without the dashes", exitCode: .usage)
    }
    guard !ours.contains(name) else {
      throw UserError(
        "`\(name)` is set by `sweep submit` itself", at: arguments.place("sbatch"), advice: "leave it out",
        exitCode: .usage)
    }
    return text
  }
}
