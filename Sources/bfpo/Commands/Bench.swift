import Basics
import Foundation
import Kernels
import Laboratory
import Language
import ModelFiles
import Reporting

extension Command {
  static let bench = Command(
    name: "bench",
    summary: "Measure how fast this machine trains, scores and generates.",
    discussion: """
      Parts:
      \(BenchmarkPart.allCases.map { "  \($0.rawValue): \($0.summary)" }.joined(separator: "\n"))

      Rounds go through all parts in turn; the table has medians, smallest and largest values. Shares are ratios of two values of one
      round: compare them, not the absolutes, with another day's. The language model has the sizes of SmolLM2-135M and random weights
      unless --model names one. --output writes report.json, measurements.csv and, with `scaling`, scaling.svg.

      `allocations` counts every call of malloc and its kin during one step, by all threads and libraries; `pageFaults` the pages that
      the kernel mapped. `peakMemory` is the process's largest resident memory when two steps were done, loading included.
      """,
    examples: [
      Example("./bfpo bench", "the quick parts, a few minutes on two cores"),
      Example("./bfpo bench step --rounds 9 --json", "one part alone, for a file or a program"),
      Example("./bfpo bench all --baseline Results/benchmarks/baseline.json", "everything, next to an earlier run"),
    ],
    positionals: [
      Positional(
        "part", "Parts, or `all`.", isRequired: false, isRepeated: true,
        defaultText: BenchmarkPart.quick.map(\.rawValue).joined(separator: " "))
    ],
    options: [
      Option("rounds", value: "N", "Repeats of every measurement.", defaultText: "5"),
      .precision,
      Option(
        "model", short: "m", value: "PATH", "A GGUF file, a safetensors folder, or a name in `Models/`.",
        defaultText: "random weights of SmolLM2-135M's sizes"),
      Option("baseline", value: "FILE", "An earlier report, to print ratios to."),
      Option("output", short: "o", value: "FOLDER", "Where to write the report, the table and the figure."),
      .workers,
    ],
    flags: [.json],
    next: "./bfpo sweep"
  ) { arguments in
    let options = try benchmarkOptions(arguments)
    let baseline = try arguments.option("baseline").map { try BenchmarkReport(reading: URL(filePath: $0)) }
    let model = try arguments.option("model").map { try loadModel($0) }
    let suite = try BenchmarkSuite(options, model: model?.source)
    let measurements = try suite.run { round in
      arguments.console.note("round \(round) of \(options.rounds)")
    }
    let report = BenchmarkReport(
      tool: "bfpo \(toolVersion)", machine: .current, model: model?.description ?? "random weights",
      precision: options.precision.rawValue, workers: options.workers, rounds: options.rounds, parts: options.parts,
      measurements: measurements)
    if let folder = arguments.option("output") {
      for file in try write(report, to: URL(filePath: folder)) { arguments.console.note("saved: \(file.relativePath)") }
    }
    let comparison = baseline.map { BenchmarkComparison(report, baseline: $0) }
    for difference in comparison?.differences ?? [] { arguments.console.warning(difference) }
    arguments.console.output(
      arguments.isJSON ? try canonicalJSON(report, pretty: true) : benchmarkText(report, comparison))
    return .success
  }
}

private func benchmarkOptions(_ arguments: Arguments) throws -> BenchmarkOptions {
  let names = arguments.positionalList("part")
  var parts = names.isEmpty ? BenchmarkPart.quick : []
  for name in names {
    if name == "all" {
      parts = BenchmarkPart.allCases
    } else if let part = BenchmarkPart(rawValue: name) {
      parts.append(part)
    } else {
      let known = BenchmarkPart.allCases.map(\.rawValue) + ["all"]
      throw UserError(
        "`\(name)` is no part of the benchmark", advice: suggestion(for: name, among: known), exitCode: .usage)
    }
  }
  return BenchmarkOptions(
    parts: BenchmarkPart.allCases.filter(parts.contains), rounds: try arguments.integer("rounds", in: 1...1000) ?? 5,
    workers: try arguments.workerCount(), precision: arguments.precision())
}

/// A table of medians, and how they compare with a baseline.
private func benchmarkText(_ report: BenchmarkReport, _ comparison: BenchmarkComparison?) -> String {
  let rows = report.measurements.map { one in
    let values = [one.median, one.low, one.high].map { ReadableQuantity($0, one.unit) }
    let gain = comparison?.rows.first { $0.now.key == one.key }.flatMap(\.gain)
    return [one.key] + values.map(\.number) + [values[0].unit]
      + (comparison == nil ? [] : [gain.map { fixed($0, 2) } ?? "–"])
  }
  let header = ["measurement", "median", "low", "high", "unit"] + (comparison == nil ? [] : ["gain"])
  let table = Table(rows, header: header, alignment: [.left, .right, .right, .right, .left, .right]).text()
  let machine = report.machine
  return table
    + """
    \(report.rounds) rounds, \(report.workers) workers, \(report.precision), \(report.model)
    \(machine.engines); \(machine.vectorInstructions); peaks by \(machine.peakInstructions); \(machine.blas)

    """
    + (comparison == nil ? "" : "gain: above 1 is better than the baseline, whichever direction the quantity has\n")
}

/// A number in the unit that people read.
private struct ReadableQuantity {
  var number: String
  var unit: String

  init(_ value: Double, _ unit: MeasurementUnit) {
    switch unit {
    case .seconds:
      let isSmall = value < 0.01
      (number, self.unit) = (fixed(isSmall ? value * 1000 : value, 3), isSmall ? "ms" : "s")
    case .bytes: (number, self.unit) = (fixed(value * 1e-9, 2), "GB")
    case .count: (number, self.unit) = (fixed(value, 0), "")
    case .operationsPerSecond: (number, self.unit) = (fixed(value * 1e-9, 0), "GFLOP/s")
    case .bytesPerSecond: (number, self.unit) = (fixed(value * 1e-9, 1), "GB/s")
    case .perSecond: (number, self.unit) = (fixed(value, value < 100 ? 2 : 0), "1/s")
    case .share: (number, self.unit) = (fixed(100 * value, 1), "%")
    case .value: (number, self.unit) = (fixed(value, 4), "")
    }
  }
}
