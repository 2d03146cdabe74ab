import Basics

/// One metric of an arm over all its settings and seeds.
public struct ArmStatistic: Codable, Sendable {
  public var arm: String
  public var metric: String
  /// Settings that have the metric.
  public var settings: Int
  /// Over all settings and seeds; `n` counts runs. Resamples keep each setting's number of seeds.
  public var mean: Estimate
  public var interquartileMean: Estimate
  public var missing: Int
  public var failed: Int
}

/// Mean and interquartile mean of every arm and metric, in the order of the plan.
///
/// The columns that describe a metric of the same record (its n, its own interval) are left out.
public func armStatistics(_ points: [SummaryPoint]) -> [ArmStatistic] {
  let groups = armsInOrder(points).flatMap { arm in
    let own = points.filter { $0.arm == arm }
    let all = Set(own.flatMap(\.metrics.keys))
    return all.filter { isIndependent($0, among: all) }.sorted().map { (metric: $0, points: own) }
  }
  return parallelMap(groups.count, workers: processorCount()) { armStatistic(groups[$0].metric, groups[$0].points) }
}

private func armStatistic(_ metric: String, _ points: [SummaryPoint]) -> ArmStatistic {
  let strata = points.compactMap { $0.values[metric] }.filter { !$0.isEmpty }
  let arm = points[0].arm
  let seed = SeedTree(0).child("arms").child(arm).child(metric)
  return ArmStatistic(
    arm: arm, metric: metric, settings: strata.count, mean: stratifiedBootstrap(strata, .mean, seed: seed),
    interquartileMean: stratifiedBootstrap(strata, .interquartileMean, seed: seed),
    missing: points.reduce(0) { $0 + $1.missing }, failed: points.reduce(0) { $0 + $1.failed })
}

/// Whether a metric is more than the n or an end of the interval of another.
private func isIndependent(_ metric: String, among all: Set<String>) -> Bool {
  !["_n", "_low", "_high"].contains { metric.hasSuffix($0) && all.contains(String(metric.dropLast($0.count))) }
}

/// The arms of a summary, in the order of the plan.
public func armsInOrder(_ points: [SummaryPoint]) -> [String] {
  var seen: Set<String> = []
  return points.map(\.arm).filter { seen.insert($0).inserted }
}

/// `arms.csv`: one row per arm and metric.
public func armsCSV(_ statistics: [ArmStatistic]) -> String {
  var lines = ["arm,metric,settings,runs,mean,meanLow,meanHigh,iqm,iqmLow,iqmHigh,missing,failed"]
  for row in statistics {
    let numbers = [row.mean, row.interquartileMean].flatMap { [$0.mean, $0.low, $0.high] }.map { "\($0)" }
    lines.append(
      ([row.arm, row.metric, "\(row.settings)", "\(row.mean.n)"] + numbers + ["\(row.missing)", "\(row.failed)"])
        .csvLine)
  }
  return lines.joined(separator: "\n") + "\n"
}
