import Basics
import Foundation
import Laboratory
import Reporting

extension Command {
  static let sweepCollect = Command(
    name: "sweep collect",
    summary: "Make a sweep's tables and figures from the records that are there, wherever they were run.",
    discussion: """
      Nothing is run. Every aggregate says how many seeds it stands on and what failed; with failed cells the exit code is 2.
      """,
    examples: [
      Example("./bfpo sweep collect five-methods-tabular", "the folder `Results/five-methods-tabular`"),
      Example("./bfpo sweep collect Experiments/hh-smollm2.json5", "the folder of that specification"),
      Example("./bfpo sweep collect synthetic --baseline DPO-both --json", "with paired differences, for a program"),
    ],
    positionals: [.study],
    options: [.results, .baseline, .metric],
    flags: [.json],
    next: "./bfpo sweep export --format markdown"
  ) { arguments in
    let sweep = try collectSweep(arguments)
    let report = try writeReport(sweep)
    let counts = sweep.counts
    if arguments.isJSON {
      let object = JSONValue.object([
        "schema": .number(1), "name": .string(sweep.spec.name), "results": .string(sweep.folder.url.relativePath),
        "cells": try JSONValue(encoding: counts), "points": try JSONValue(encoding: report.points),
        "comparisons": try JSONValue(encoding: sweep.comparisons),
        "figures": .array(report.figures.map { .string($0.relativePath) }),
      ])
      arguments.console.output(try object.canonical())
    } else {
      arguments.console.output(report.table)
      arguments.console.output(sweep.coverage)
      arguments.console.note("tables and figures: \(sweep.folder.url.relativePath)")
    }
    return counts.failed > 0 ? .someCellsFailed : .success
  }
}

extension Positional {
  static let study = Positional(
    "NAME", "A study: its name below `--results`, its results folder, or its specification.", isRequired: false,
    defaultText: "synthetic")
}

extension Option {
  static let baseline = Option(
    "baseline", value: "ARM", "Compare every other arm with this one, paired by seed.",
    defaultText: "the specification's `baseline`, if it has one")
  static let metric = Option(
    "metric", value: "NAME", "A metric to compare; may be given several times.", isRepeated: true,
    defaultText: comparedMetrics.joined(separator: " and "))
}

/// The sweep that NAME names, read; what is missing or failed is said on standard error.
func collectSweep(_ arguments: Arguments) throws -> CollectedSweep {
  let project = Project(environment: ProcessInfo.processInfo.environment)
  let metrics = arguments.options("metric")
  let sweep = try CollectedSweep(
    try studyFolder(arguments, project: project), baseline: arguments.option("baseline"),
    metrics: metrics.isEmpty ? nil : metrics)
  for path in sweep.unreadable {
    arguments.console.warning("this record cannot be read and counts as missing: \(path)")
  }
  let counts = sweep.counts
  if !counts.isComplete {
    arguments.console.warning(
      "\(counts.text): no mean includes a cell that is not done; `./bfpo sweep status` shows the errors")
  }
  return sweep
}

/// - Throws: ``UserError`` (66) when there is no such study, naming the nearest one.
private func studyFolder(_ arguments: Arguments, project: Project) throws -> ResultsFolder {
  let name = arguments.positional("NAME") ?? "synthetic"
  let parent = arguments.option("results").map { URL(fileURLWithPath: $0) } ?? project.results
  func isFolder(_ url: URL) -> Bool { (try? url.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true }
  if name.hasSuffix(".json5") || name.hasSuffix(".json") {
    return ResultsFolder(parent.appendingPathComponent(try ExperimentSpec(contentsOf: project.locate(name)).name))
  }
  let below = parent.appendingPathComponent(name)
  if isFolder(below) { return ResultsFolder(below) }
  let given = project.locate(name)
  if isFolder(given) { return ResultsFolder(given) }
  let known = ((try? FileManager.default.contentsOfDirectory(atPath: parent.path)) ?? []).sorted()
    .filter { isFolder(parent.appendingPathComponent($0)) }
  throw UserError(
    "there are no results named `\(name)`", at: parent.relativePath,
    advice: known.isEmpty ? "run `./bfpo sweep run SPEC` first" : suggestion(for: name, among: known),
    exitCode: .inputMissing)
}
