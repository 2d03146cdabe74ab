import Basics
import Foundation

/// One point of an experiment: an arm at one combination of its axes, over seeds.
public struct SummaryPoint: Codable, Sendable {
  public var arm: String
  public var objective: String
  public var order: String
  /// `sum` or `mean` over response tokens.
  public var reduction: String
  /// The swept hyper-parameters, τ first.
  public var axes: [AxisValue]
  /// Metric → mean with an interval; see ``intervalMethod(_:)``.
  public var metrics: [String: Estimate]
  /// Metric → the value of each seed that is done, in the order of `seeds`.
  public var values: [String: [Double]]
  public var seeds: [Int]
  public var missing: Int
  public var failed: Int

  /// The hyper-parameters as people write them, such as `tau=0.1 alpha=0.5`.
  public var setting: String { axes.map { "\($0.name)=\($0.text)" }.joined(separator: " ") }

  /// A metric's values by seed; nil where a finished seed lacks it.
  public func valuesBySeed(_ metric: String) -> [Int: Double]? {
    guard let series = values[metric], series.count == seeds.count else { return nil }
    return Dictionary(zip(seeds, series)) { first, _ in first }
  }

  /// How intervals are formed, for captions.
  public static func intervalMethod(_ points: [SummaryPoint]) -> String {
    let hasProportions = points.contains { $0.metrics.keys.contains { $0.hasSuffix("_n") } }
    return "percentile bootstrap over seeds"
      + (hasProportions ? ", or Wilson's over the held-out pairs where that is wider" : "")
  }
}

/// The points of an experiment in the order of its plan.
///
/// A metric `m` that comes with `m_n` is a proportion over n held-out pairs, the same for every seed: its interval is Wilson's
/// for n pairs at the mean, because seeds alone would hide the uncertainty of the pairs.
public func summarise(_ cells: [PlannedCell], results: [String: CellResult]) -> [SummaryPoint] {
  var order: [String] = []
  var groups: [String: [PlannedCell]] = [:]
  for cell in cells {
    let key = cell.arm + "\u{1F}" + cell.axes.map { "\($0.name)=\($0.text)" }.joined(separator: "\u{1F}")
    if groups[key] == nil { order.append(key) }
    groups[key, default: []].append(cell)
  }
  let settings = order.compactMap { groups[$0] }
  return parallelMap(settings.count, workers: processorCount()) { summarise(group: settings[$0], results: results) }
}

/// The same from whole records.
public func summarise(_ cells: [PlannedCell], records: [String: RunRecord]) -> [SummaryPoint] {
  summarise(cells, results: records.mapValues(CellResult.init))
}

private func summarise(group: [PlannedCell], results: [String: CellResult]) -> SummaryPoint {
  let done = group.compactMap { cell in
    results[cell.id].flatMap { $0.status == .done ? (cell.configuration.seed, $0) : nil }
  }
  let failed = group.count { results[$0.id]?.status == .failed }
  let names = Set(done.flatMap { $0.1.metrics.keys })
  var metrics: [String: Estimate] = [:]
  var values: [String: [Double]] = [:]
  for name in names.sorted() {
    let series = done.compactMap { $0.1.metrics[name] }
    values[name] = series
    let seed = SeedTree(0).child("summary").child(name).child(group[0].id)
    metrics[name] = bootstrapMean(series, seed: seed)
    if let count = done.first?.1.metrics["\(name)_n"], let over = metrics[name] {
      let pairs = wilson(successes: over.mean * count, of: Int(count))
      metrics[name] = Estimate(
        mean: over.mean, low: min(over.low, pairs.low), high: max(over.high, pairs.high), n: over.n)
    }
  }
  let configuration = group[0].configuration
  return SummaryPoint(
    arm: group[0].arm, objective: configuration.objective, order: configuration.order.rawValue,
    reduction: configuration.parameters["reduction"]?.string ?? "sum", axes: group[0].axes, metrics: metrics,
    values: values, seeds: done.map(\.0),
    missing: group.count - done.count - failed, failed: failed)
}

/// A hyper-parameter's value as people write it.
public func axisText(_ value: JSONValue) -> String {
  switch value {
  case .number(let number): plainNumber(number)
  case .string(let text): text
  case .bool(let flag): flag ? "true" : "false"
  default: (try? value.canonical()) ?? ""
  }
}

/// The shortest decimal that reads back as the same number, without a trailing `.0`.
public func plainNumber(_ value: Double) -> String {
  if value == value.rounded(), abs(value) < 1e15 { return String(Int(value)) }
  return "\(value)"
}
