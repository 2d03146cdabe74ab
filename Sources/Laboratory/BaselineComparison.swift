import Basics

/// One metric of a setting against the same setting of a baseline arm, on the seeds that both have.
public struct BaselineComparison: Codable, Sendable {
  public var arm: String
  public var baseline: String
  public var axes: [AxisValue]
  public var metric: String
  /// Setting minus baseline, paired by seed; `n` counts shared seeds.
  public var difference: Estimate
  /// P(setting > baseline) + ½ P(equal), whichever direction is better.
  public var probabilityHigher: Estimate
  /// Two-sided sign-flip test of the paired differences; see `signFlipProbability`.
  public var probability: Double
  /// ``probability`` after Holm's adjustment over the metrics of this setting, not over settings.
  public var adjustedProbability: Double
  /// Planned runs of the two settings that are missing or failed, so that no pair could be formed with them.
  public var missing: Int
  public var failed: Int
}

/// The metrics that are compared when nobody names others.
public let comparedMetrics = ["helpfulness", "safety"]

/// Every other arm's settings against an arm, in the order of the plan.
///
/// A setting is held against the baseline's setting with the same values of the hyper-parameters that both arms sweep; where several
/// agree, because the baseline sweeps more, against their mean at each seed. A setting that the baseline lacks has no row.
///
/// - Throws: ``UserError`` (64) when no arm has the baseline's name, or no setting a metric.
public func comparisons(
  _ points: [SummaryPoint], with baseline: String, metrics: [String] = comparedMetrics
) throws -> [BaselineComparison] {
  let arms = armsInOrder(points)
  guard arms.contains(baseline) else {
    throw UserError("no arm is named `\(baseline)`", advice: suggestion(for: baseline, among: arms), exitCode: .usage)
  }
  let known = Set(points.flatMap(\.metrics.keys))
  if let metric = metrics.first(where: { !known.contains($0) }), !known.isEmpty {
    throw UserError(
      "no cell has the metric `\(metric)`", advice: suggestion(for: metric, among: known.sorted()), exitCode: .usage)
  }
  let own = points.filter { $0.arm == baseline }
  let others = points.filter { $0.arm != baseline }
  return parallelMap(others.count, workers: processorCount()) { index in
    compare(others[index], with: matching(others[index], among: own), metrics: metrics)
  }.flatMap(\.self)
}

/// The baseline's settings that agree with a point in every hyper-parameter that both have.
private func matching(_ point: SummaryPoint, among baseline: [SummaryPoint]) -> [SummaryPoint] {
  baseline.filter { other in
    point.axes.allSatisfy { axis in other.axes.first { $0.name == axis.name }.map { $0.value == axis.value } ?? true }
  }
}

private func compare(
  _ point: SummaryPoint, with baseline: [SummaryPoint], metrics: [String]
) -> [BaselineComparison] {
  var rows: [BaselineComparison] = []
  for metric in metrics {
    guard let first = baseline.first, let own = point.valuesBySeed(metric) else { continue }
    let series = baseline.compactMap { $0.valuesBySeed(metric) }
    let shared = point.seeds.filter { seed in own[seed] != nil && series.contains { $0[seed] != nil } }
    guard !shared.isEmpty else { continue }
    let mine = shared.compactMap { own[$0] }
    let theirs = shared.map { seed in mean(series.compactMap { $0[seed] }) }
    let differences = zip(mine, theirs).map { $0 - $1 }
    let root = SeedTree(0).child("comparison").child(point.arm).child(point.setting).child(metric)
    rows.append(
      BaselineComparison(
        arm: point.arm, baseline: first.arm, axes: point.axes, metric: metric,
        difference: pairedDifference(differences, seed: root),
        probabilityHigher: probabilityOfImprovementEstimate(mine, over: theirs, seed: root),
        probability: signFlipProbability(differences, seed: root), adjustedProbability: .nan,
        missing: point.missing + baseline.reduce(0) { $0 + $1.missing },
        failed: point.failed + baseline.reduce(0) { $0 + $1.failed }))
  }
  for (index, adjusted) in holmAdjusted(rows.map(\.probability)).enumerated() {
    rows[index].adjustedProbability = adjusted
  }
  return rows
}

/// `comparisons.csv`: one row per setting and metric.
public func comparisonsCSV(_ rows: [BaselineComparison]) -> String {
  let axes = axisNames(rows.map(\.axes))
  let numbers = [
    "seeds", "difference", "low", "high", "probabilityHigher", "probabilityHigherLow", "probabilityHigherHigh", "p",
    "pHolm", "missing", "failed",
  ]
  var lines = [(["arm", "baseline"] + axes + ["metric"] + numbers).csvLine]
  for row in rows {
    let values = [
      row.difference.mean, row.difference.low, row.difference.high, row.probabilityHigher.mean,
      row.probabilityHigher.low, row.probabilityHigher.high, row.probability, row.adjustedProbability,
    ]
    lines.append(
      ([row.arm, row.baseline] + axes.map { name in row.axes.first { $0.name == name }?.text ?? "" }
        + [row.metric, "\(row.difference.n)"] + values.map { "\($0)" } + ["\(row.missing)", "\(row.failed)"]).csvLine)
  }
  return lines.joined(separator: "\n") + "\n"
}

/// The names of swept hyper-parameters: τ, α, then the others by name.
func axisNames(_ axes: [[AxisValue]]) -> [String] {
  let all = Set(axes.flatMap { $0.map(\.name) })
  return ["tau", "alpha"].filter(all.contains) + all.subtracting(["tau", "alpha"]).sorted()
}
