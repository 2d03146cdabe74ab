import Basics
import Foundation
import Laboratory

extension Command {
  static let resultsVerify = Command(
    name: "results verify",
    summary: "Check that the records of a sweep are what they say they are.",
    discussion: """
      Every record's checksum and the digest of its configuration are computed again; records that the specification with
      today's data and model does not have, and records made by other code than most, are named. With `--rerun`, cells drawn by
      the seed are run again: their metrics and curves must have the same bytes, or on another processor or BLAS agree within
      the tolerance. Exit code 65: a damaged record; 1: other data, or a number that cannot be reproduced.
      """,
    examples: [
      Example("./bfpo results verify synthetic", "the folder `Results/synthetic`"),
      Example("./bfpo results verify synthetic --rerun 5 --seed 7", "and run five cells again"),
      Example("./bfpo results verify --json", "for a program"),
    ],
    positionals: [
      Positional("NAME", "A folder of `--results`.", isRequired: false, defaultText: "synthetic")
    ],
    options: [
      .results, .workers, Option("rerun", value: "K", "Run so many cells again.", defaultText: "0"),
      Option("seed", value: "N", "Which ones.", defaultText: "0"),
      Option(
        "tolerance", value: "T", "Largest relative difference of a metric on another processor.", defaultText: "0.001"),
    ],
    flags: [.json],
    next: "./bfpo sweep status"
  ) { arguments in
    let project = Project(environment: ProcessInfo.processInfo.environment)
    let parent = arguments.option("results").map { URL(fileURLWithPath: $0) } ?? project.results
    let folder = try verifiedFolder(arguments.positional("NAME") ?? "synthetic", in: parent)
    let count = try arguments.integer("rerun") ?? 0
    let workers = try arguments.workerCount()
    let (experiment, problem) = presentExperiment(folder, project: project, workers: workers)
    var found = ResultsVerification(folder, experiment: experiment, dataProblem: problem?.description)
    if count > 0 {
      guard let experiment else { throw problem ?? UserError("the experiment cannot be prepared", exitCode: .badData) }
      Interruption.listen()
      let progress = Progress("cells run again", total: count, console: arguments.console)
      try found.rerun(
        count, seed: arguments.integer("seed") ?? 0, tolerance: arguments.number("tolerance") ?? 1e-3,
        experiment: experiment, folder: folder
      ) { done in
        progress.update(done)
        if Interruption.isRequested {
          throw UserError("interrupted", because: "nothing was changed", exitCode: .interrupted)
        }
      }
      progress.finish()
    }
    try show(found, folder: folder, arguments: arguments)
    if found.count(.damaged) > 0 { return .badData }
    return found.count(.otherData) + found.count(.differs) > 0 ? .claimFailed : .success
  }
}

private func verifiedFolder(_ name: String, in parent: URL) throws -> ResultsFolder {
  let folder = ResultsFolder(parent.appendingPathComponent(name))
  if FileManager.default.fileExists(atPath: folder.cellsFolder.path) { return folder }
  let known = ((try? FileManager.default.contentsOfDirectory(atPath: parent.path)) ?? []).filter {
    FileManager.default.fileExists(atPath: parent.appendingPathComponent($0).appendingPathComponent("cells").path)
  }
  throw UserError(
    "there are no records of `\(name)`", at: parent.relativePath,
    advice: known.isEmpty ? "`./bfpo sweep run SPEC` makes some" : suggestion(for: name, among: known.sorted()),
    exitCode: .inputMissing)
}

/// The experiment that the folder's specification and today's data make.
private func presentExperiment(
  _ folder: ResultsFolder, project: Project, workers: Int
) -> (Experiment?, UserError?) {
  do {
    let file = folder.url.appendingPathComponent("experiment.json5")
    return (try Experiment(contentsOf: file, project: project, workers: workers), nil)
  } catch let error as UserError {
    return (nil, error)
  } catch {
    return (nil, UserError("the experiment cannot be prepared", because: "\(error)", exitCode: .badData))
  }
}

private func show(_ found: ResultsVerification, folder: ResultsFolder, arguments: Arguments) throws {
  let console = arguments.console
  if arguments.isJSON {
    var object = try JSONValue(encoding: found).object ?? [:]
    object["schema"] = .number(1)
    object["results"] = .string(folder.url.relativePath)
    return console.output(try JSONValue.object(object).canonical())
  }
  for finding in found.findings where finding.kind != .otherCode {
    console.output("\(finding.kind.rawValue) \(finding.id): \(finding.what)")
  }
  for (maker, count) in found.makers.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
    console.output("\(count) records by \(maker)")
  }
  if found.count(.otherCode) > 0 { console.warning("the records were not all made by the same code") }
  if found.makers.keys.contains(where: { $0.contains("+dirty") }) {
    console.warning("some records were made with changes that no commit holds")
  }
  if let problem = found.dataProblem { console.warning("not compared with today's data:\n\(problem)") }
  if found.unchecked > 0 { console.note("\(found.unchecked) records have no checksum: they are older than checksums") }
  if !found.rerun.isEmpty {
    console.output(
      "\(found.rerun.count) cells run again, \(found.count(.differs)) differ; "
        + "largest relative difference of a metric: \(found.largestDifference)")
  }
  let wrong = found.count(.damaged) + found.count(.otherData) + found.count(.differs)
  console.output("\(found.records) records, \(wrong == 0 ? "nothing wrong" : "\(wrong) wrong")")
}
