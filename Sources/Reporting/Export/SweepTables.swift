import Basics
import Laboratory

/// The metrics that tables for people show, where an experiment has them.
let shownMetrics = ["helpfulness", "safety", "kl", "klPerToken", "frontierDistance", "cost", "loss"]

extension CollectedSweep {
  /// Means with intervals, one row a setting.
  public var summaryTable: DataTable {
    let metrics = shownMetrics.filter { name in points.contains { $0.metrics[name] != nil } }
    let rows = points.map { point in
      [point.arm, point.setting] + metrics.map { intervalText(point.metrics[$0]) }
        + ["\(point.seeds.count)", "\(point.failed)", "\(point.missing)"]
    }
    return DataTable(
      title: "\(spec.name): means over seeds", header: ["arm", "setting"] + metrics + ["n", "failed", "missing"],
      rows: rows, textColumns: 2, note: "95 % intervals: \(SummaryPoint.intervalMethod(points)). \(coverage).")
  }

  /// Interquartile means of arms over all their settings.
  public var armTable: DataTable {
    let metrics = shownMetrics.filter { name in arms.contains { $0.metric == name } }
    let rows = armsInOrder(points).map { arm in
      let own = arms.filter { $0.arm == arm }
      let runs = points.filter { $0.arm == arm }
      return [arm, "\(runs.count)"]
        + metrics.map { name in intervalText(own.first { $0.metric == name }?.interquartileMean) }
        + [
          "\(runs.reduce(0) { $0 + $1.seeds.count })", "\(runs.reduce(0) { $0 + $1.failed })",
          "\(runs.reduce(0) { $0 + $1.missing })",
        ]
    }
    return DataTable(
      title: "\(spec.name): interquartile means of arms over their settings and seeds",
      header: ["arm", "settings"] + metrics + ["runs", "failed", "missing"], rows: rows, textColumns: 1,
      note:
        "The middle half of an arm's runs, with 95 % intervals by a bootstrap that resamples seeds within settings. "
        + "\(coverage).")
  }

  /// Paired differences from the baseline arm; nil without one.
  public var comparisonTable: DataTable? {
    guard let baseline else { return nil }
    let rows = comparisons.map { row in
      [
        row.arm, row.axes.map { "\($0.name)=\($0.text)" }.joined(separator: " "), row.metric,
        intervalText(row.difference), intervalText(row.probabilityHigher), fixed(row.probability, 4),
        fixed(row.adjustedProbability, 4),
        "\(row.difference.n)", "\(row.failed)", "\(row.missing)",
      ]
    }
    return DataTable(
      title: "\(spec.name): differences from \(baseline) at the same setting",
      header: ["arm", "setting", "metric", "difference", "P(higher)", "p", "p, Holm", "n", "failed", "missing"],
      rows: rows, textColumns: 3,
      note:
        "Paired by seed; 95 % percentile bootstrap over n shared seeds; p by sign flips, so it cannot be below 2/2ⁿ; "
        + "Holm's adjustment is over the metrics of a setting, not over settings. \(coverage).")
  }

  /// The failed cells and their errors; nil when none failed.
  public var failureTable: DataTable? {
    let failed = uniqueCells(cells).compactMap { cell in results[cell.id]?.failure.map { (cell, $0) } }
    guard !failed.isEmpty else { return nil }
    let rows = failed.map { cell, failure in
      [
        cell.id, cell.arm, cell.axes.map { "\($0.name)=\($0.text)" }.joined(separator: " "),
        "\(cell.configuration.seed)", failure.firstLine,
      ]
    }
    return DataTable(
      title: "\(spec.name): failed cells", header: ["cell", "arm", "setting", "seed", "error"], rows: rows,
      textColumns: 5,
      note: "No mean above includes them.")
  }

  public var tables: [DataTable] {
    [summaryTable, armTable, comparisonTable, failureTable].compactMap(\.self)
  }
}

/// `0.583 [0.512, 0.650]`, or a dash where there is no value.
func intervalText(_ estimate: Estimate?) -> String {
  guard let estimate, estimate.mean.isFinite else { return "–" }
  func text(_ value: Double) -> String { fixed(value, 3).replacing("-", with: "−") }
  return "\(text(estimate.mean)) [\(text(estimate.low)), \(text(estimate.high))]"
}
