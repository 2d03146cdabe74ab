import Basics
import Foundation
import Laboratory

/// A sweep's plan and results with what is computed from them: the source of every table.
public struct CollectedSweep: Sendable {
  public let folder: ResultsFolder
  public let spec: ExperimentSpec
  public let cells: [PlannedCell]
  /// The untrained policy's metrics.
  public let reference: [String: Double]
  public let results: [String: CellResult]
  /// Records that are there and cannot be read; they count as missing.
  public let unreadable: [String]
  public let points: [SummaryPoint]
  public let arms: [ArmStatistic]
  public let comparisons: [BaselineComparison]
  /// The arm of ``comparisons``.
  public let baseline: String?

  /// Reads a results folder; memory does not grow with the length of the runs.
  ///
  /// - Parameters:
  ///   - baseline: an arm to compare the others with; the specification's own without it.
  ///   - metrics: what is compared.
  /// - Throws: ``UserError``: 66 when nothing has run into the folder, 65 when its plan is damaged, 64 for an unknown arm or metric.
  public init(_ folder: ResultsFolder, baseline: String? = nil, metrics: [String]? = nil) throws {
    self.folder = folder
    (spec, cells, reference) = try folder.loadPlan()
    (results, unreadable) = folder.results(of: cells)
    points = summarise(cells, results: results)
    arms = armStatistics(points)
    let chosen = baseline ?? spec.baseline
    let known = Set(points.flatMap(\.metrics.keys))
    let compared = metrics ?? comparedMetrics.filter(known.contains)
    var differences: [BaselineComparison] = []
    if let chosen { differences = try Laboratory.comparisons(points, with: chosen, metrics: compared) }
    self.baseline = chosen
    comparisons = differences
  }

  public var counts: StudySummary.Counts { StudySummary.Counts(uniqueCells(cells), results: results) }

  public var study: StudySummary { StudySummary(spec, cells: cells, results: results, settings: points.count) }

  /// What every aggregate over this sweep has to say: how many runs it stands on, and how many failed.
  public var coverage: String { coverageText(points.map(\.seeds.count), counts) }
}

/// `n = 10 seeds a setting; 0 of 600 cells failed, 0 missing`.
func coverageText(_ seeds: [Int], _ counts: StudySummary.Counts) -> String {
  let fewest = seeds.min() ?? 0
  let most = seeds.max() ?? 0
  let n = fewest == most ? "\(most)" : "\(fewest)–\(most)"
  return "n = \(n) \(most == 1 ? "seed" : "seeds") a setting; \(counts.failed) of \(counts.planned) cells failed, "
    + "\(counts.missing) missing"
}
