import Basics
import Foundation

/// What a measurement counts; decides which direction is better.
public enum MeasurementUnit: String, NamedChoice {
  case seconds = "s"
  case bytes = "B"
  case count
  /// Floating-point operations per second; a multiplication and an addition are two.
  case operationsPerSecond = "FLOP/s"
  case bytesPerSecond = "B/s"
  /// Pairs, tokens, cells per second.
  case perSecond = "1/s"
  /// Of a limit measured in the same round; 1 is all of it.
  case share
  /// Neither better nor worse: a result that shows that two programs did the same work.
  case value

  public var isBetterWhenHigher: Bool? {
    switch self {
    case .seconds, .bytes, .count: false
    case .operationsPerSecond, .bytesPerSecond, .perSecond, .share: true
    case .value: nil
    }
  }
}

/// One quantity of the suite, summarised over rounds.
public struct BenchmarkMeasurement: Codable, Hashable, Sendable {
  /// Part, and what of it: `step.seconds`, `products.forward.1524x576x576`.
  public var name: String
  /// How much work, for the points of a scaling curve: tokens, pairs, cells or workers.
  public var size: Int?
  public var unit: MeasurementUnit
  public var median: Double
  public var low: Double
  public var high: Double
  public var rounds: Int

  public init(_ name: String, size: Int? = nil, unit: MeasurementUnit, values: [Double]) {
    precondition(!values.isEmpty, "`\(name)` was never measured")
    let sorted = values.sorted()
    self.name = name
    self.size = size
    self.unit = unit
    median = quantile(0.5, ofSorted: sorted)
    low = sorted[0]
    high = sorted[sorted.count - 1]
    rounds = sorted.count
  }

  /// What makes two measurements of different runs comparable.
  public var key: String { size.map { "\(name)@\($0)" } ?? name }
}

/// The values of one round, in the order in which they were measured.
package struct BenchmarkRound: Sendable {
  struct Entry {
    var name: String
    var size: Int?
    var unit: MeasurementUnit
    var value: Double
  }

  private(set) var entries: [Entry] = []

  package init() {}

  package mutating func record(_ name: String, size: Int? = nil, _ value: Double, _ unit: MeasurementUnit) {
    entries.append(Entry(name: name, size: size, unit: unit, value: value))
  }

  /// A value of this round; nil when its part was not chosen or comes later.
  package subscript(name: String) -> Double? { entries.last { $0.name == name }?.value }

  /// Records one value as a share of another of the same round, when both are there and the limit is a rate.
  package mutating func recordShare(_ name: String, of value: Double, limit: String) {
    if let limit = self[limit], limit > 0 { record(name, value / limit, .share) }
  }
}

extension BenchmarkRound {
  /// The exponent e of cost ∝ size^e, by least squares through the logarithms of this round's points; 1 is linear, and nil stands for
  /// fewer than two sizes.
  package func growth(_ name: String) -> Double? {
    let points = entries.filter { $0.name == name && $0.value > 0 }.compactMap { entry in
      entry.size.map { (x: log(Double($0)), y: log(entry.value)) }
    }
    let (x, y) = (mean(points.map(\.x)), mean(points.map(\.y)))
    let spread = points.reduce(0) { $0 + ($1.x - x) * ($1.x - x) }
    return spread > 0 ? points.reduce(0) { $0 + ($1.x - x) * ($1.y - y) } / spread : nil
  }
}

/// Medians, smallest and largest values over rounds; measurements keep the order of the first round that has them.
package func summarise(_ rounds: [BenchmarkRound]) -> [BenchmarkMeasurement] {
  struct Key: Hashable {
    var name: String
    var size: Int?
  }
  var order: [(key: Key, unit: MeasurementUnit)] = []
  var values: [Key: [Double]] = [:]
  for entry in rounds.flatMap(\.entries) where entry.value.isFinite {
    let key = Key(name: entry.name, size: entry.size)
    if values[key] == nil { order.append((key, entry.unit)) }
    values[key, default: []].append(entry.value)
  }
  return order.map { BenchmarkMeasurement($0.key.name, size: $0.key.size, unit: $0.unit, values: values[$0.key] ?? []) }
}
