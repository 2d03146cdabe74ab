import Basics
import Foundation

/// What a run of the suite measured, where, and with what settings.
public struct BenchmarkReport: Codable, Sendable {
  public static let currentSchema = 2

  public var schema = BenchmarkReport.currentSchema
  public var tool: String
  public var machine: BenchmarkMachine
  /// Weights of the language model: its file, or `random weights`.
  public var model: String
  public var precision: String
  public var workers: Int
  public var rounds: Int
  public var parts: [BenchmarkPart]
  public var measurements: [BenchmarkMeasurement]

  public init(
    tool: String, machine: BenchmarkMachine, model: String, precision: String, workers: Int, rounds: Int,
    parts: [BenchmarkPart], measurements: [BenchmarkMeasurement]
  ) {
    self.tool = tool
    self.machine = machine
    self.model = model
    self.precision = precision
    self.workers = workers
    self.rounds = rounds
    self.parts = parts
    self.measurements = measurements
  }

  /// The measurement of that name and size.
  public subscript(key: String) -> BenchmarkMeasurement? { measurements.first { $0.key == key } }

  /// Reads a report that `./bfpo bench --json` printed.
  ///
  /// - Throws: ``UserError`` (66) when there is no such file, (65) when it holds something else.
  public init(reading file: URL) throws {
    let value = try JSONValue(parsing: try AtomicFile.read(file), source: file.path)
    let again = "make it with `./bfpo bench --json`"
    guard value["schema"]?.number == Double(Self.currentSchema) else {
      throw UserError(
        "not a report of this version of `bfpo bench`", at: file.path,
        because: "`schema` is \(value["schema"]?.number.map { "\(Int($0))" } ?? "missing"), not \(Self.currentSchema)",
        advice: again, exitCode: .badData)
    }
    do {
      self = try value.decode(BenchmarkReport.self)
    } catch {
      throw UserError(
        "not a report of `bfpo bench`", at: file.path, because: decodingReason(error), advice: again, exitCode: .badData
      )
    }
  }

  /// Tidy: a row a measurement, SI units.
  public func csv() -> String {
    let rows = measurements.map { one in
      [
        one.name, one.size.map(String.init) ?? "", one.unit.rawValue, "\(one.median)", "\(one.low)", "\(one.high)",
        "\(one.rounds)",
      ]
    }
    return ([["name", "size", "unit", "median", "low", "high", "rounds"]] + rows).map { $0.csvLine + "\n" }.joined()
  }
}

/// What a speed depends on beside the program.
public struct BenchmarkMachine: Codable, Hashable, Sendable {
  public var processor: String?
  public var processors: Int
  public var blas: String
  /// Of products in each precision.
  public var engines: String
  /// Of the hand-vectorised loops.
  public var vectorInstructions: String
  /// Of the register-only loops that the roofline is measured with.
  public var peakInstructions: String

  public init(
    processor: String?, processors: Int, blas: String, engines: String, vectorInstructions: String,
    peakInstructions: String
  ) {
    self.processor = processor
    self.processors = processors
    self.blas = blas
    self.engines = engines
    self.vectorInstructions = vectorInstructions
    self.peakInstructions = peakInstructions
  }
}

/// A report next to an earlier one.
public struct BenchmarkComparison: Sendable {
  public struct Row: Sendable {
    public var now: BenchmarkMeasurement
    public var before: BenchmarkMeasurement
    /// Above 1 is better than before, whichever direction the quantity has; nil for quantities without one, or of zero.
    public var gain: Double?
  }

  public var rows: [Row]
  /// Settings that differ, in words: the ratios then compare more than two versions of the program.
  public var differences: [String]

  public init(_ now: BenchmarkReport, baseline: BenchmarkReport) {
    rows = now.measurements.compactMap { measurement in
      baseline[measurement.key].map { before in
        Row(now: measurement, before: before, gain: Self.gain(measurement, before))
      }
    }
    func difference(_ name: String, _ before: String, _ now: String) -> String? {
      before == now ? nil : "\(name): \(before) in the baseline, \(now) now"
    }
    differences = [
      difference("processor", baseline.machine.processor ?? "unknown", now.machine.processor ?? "unknown"),
      difference("processors", "\(baseline.machine.processors)", "\(now.machine.processors)"),
      difference("BLAS", baseline.machine.blas, now.machine.blas),
      difference("engines", baseline.machine.engines, now.machine.engines),
      difference("model", baseline.model, now.model),
      difference("precision", baseline.precision, now.precision),
      difference("workers", "\(baseline.workers)", "\(now.workers)"),
    ].compactMap(\.self)
  }

  private static func gain(_ now: BenchmarkMeasurement, _ before: BenchmarkMeasurement) -> Double? {
    guard now.unit == before.unit, let isBetterWhenHigher = now.unit.isBetterWhenHigher, now.median > 0,
      before.median > 0
    else { return nil }
    return isBetterWhenHigher ? now.median / before.median : before.median / now.median
  }
}
