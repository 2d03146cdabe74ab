import Basics
import Foundation
import Laboratory
import Reporting

extension Command {
  static let sweepExport = Command(
    name: "sweep export",
    summary: "Write a sweep's results for other programs: tables, curves, TensorBoard event files, LaTeX, Markdown.",
    discussion: """
      csv          metrics.csv (one row a cell and metric), summary.csv, arms.csv and, with a baseline, comparisons.csv
      wide         wide.csv: one row a cell, a column a metric; failed and missing cells are rows without metrics
      jsonl        cells.jsonl: one object a cell, with its curve, configuration, state and provenance
      tensorboard  one event file a cell: `tensorboard --logdir DIR/tensorboard`
      latex        tables.tex (booktabs) and macros.tex: \\bfpo{ARM/SETTING/METRIC} prints a mean, with /low or /n the rest
      markdown     tables.md
      Means are over finished cells; what failed or is missing is said on standard error and in the tables.
      """,
    examples: [
      Example("./bfpo sweep export hh-smollm2 --format csv --output exported", "read it with pandas.read_csv"),
      Example("./bfpo sweep export hh-smollm2 --format tensorboard", "curves and hyper-parameters of every run"),
      Example("./bfpo sweep export synthetic --format markdown --baseline DPO-both", "tables, with differences"),
    ],
    positionals: [.study],
    options: [
      Option(
        "format", short: "f", value: "FORMAT", "What to write.", choices: ExportFormat.allCases.map(\.rawValue),
        defaultText: "csv"),
      Option(
        "output", short: "o", value: "DIR", "The folder to write into.", defaultText: "`exports` in the results folder"),
      Option("results", value: "DIR", "The folder that holds one folder per experiment.", defaultText: "Results"),
      .baseline, .metric,
    ],
    flags: [.json],
    next: "./bfpo paper"
  ) { arguments in
    let sweep = try collectSweep(arguments)
    let format = ExportFormat(rawValue: arguments.option("format") ?? "csv") ?? .csv
    let folder =
      arguments.option("output").map { URL(fileURLWithPath: $0) } ?? sweep.folder.url.appendingPathComponent("exports")
    let files = try export(sweep, as: format, into: folder)
    if arguments.isJSON {
      let object = JSONValue.object([
        "schema": .number(1), "name": .string(sweep.spec.name), "format": .string(format.rawValue),
        "cells": try JSONValue(encoding: sweep.counts), "files": .array(files.map { .string($0.relativePath) }),
      ])
      arguments.console.output(try object.canonical())
    } else {
      for file in files { arguments.console.output(file.relativePath) }
    }
    return .success
  }
}
