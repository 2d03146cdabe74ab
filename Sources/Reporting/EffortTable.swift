import Basics
import Laboratory
import Training

/// What an arm cost, as means over its finished cells.
struct Effort {
  var arm: String
  var cells: Int
  /// Wall-clock time of a cell, with its evaluation; a stage that several cells share is trained by one of them.
  var seconds: Double
  /// Nil for records made before it was counted.
  var sampledTokens: Double?
  var forwardPasses: Double?
  var backwardPasses: Double?
}

func efforts(_ cells: [PlannedCell], results: [String: CellResult]) -> [Effort] {
  let arms = cells.reduce(into: [String]()) { if !$0.contains($1.arm) { $0.append($1.arm) } }
  return arms.compactMap { arm in
    let done = uniqueCells(cells.filter { $0.arm == arm }).compactMap { results[$0.id] }.filter { $0.status == .done }
    if done.isEmpty { return nil }
    let works = done.compactMap(\.work)
    func average(_ field: KeyPath<TrainingWork, Int>) -> Double? {
      works.count == done.count ? mean(works.map { Double($0[keyPath: field]) }) : nil
    }
    return Effort(
      arm: arm, cells: done.count, seconds: mean(done.map(\.provenance.seconds)),
      sampledTokens: average(\.sampledTokens), forwardPasses: average(\.forwardPasses),
      backwardPasses: average(\.backwardPasses))
  }
}

/// Columns: arm, cells, seconds, sampledTokens, forwardPasses, backwardPasses; means over cells. Seconds are of the machine that ran.
func effortCSV(_ efforts: [Effort]) -> String {
  let rows = efforts.map { effort in
    [effort.arm, "\(effort.cells)", fixed(effort.seconds, 4)]
      + [effort.sampledTokens, effort.forwardPasses, effort.backwardPasses].map { $0.map(plainNumber) ?? "" }
  }
  let header = ["arm", "cells", "seconds", "sampledTokens", "forwardPasses", "backwardPasses"]
  return ([header] + rows).map { $0.csvLine + "\n" }.joined()
}

/// The same as aligned text.
func effortTable(_ efforts: [Effort]) -> String {
  let rows = efforts.map { effort in
    [effort.arm, "\(effort.cells)", fixed(effort.seconds, 3)]
      + [effort.sampledTokens, effort.forwardPasses, effort.backwardPasses].map {
        $0.map { plainNumber($0.rounded()) } ?? "–"
      }
  }
  let header = ["what a cell cost", "cells", "seconds", "tokens sampled", "forward passes", "backward passes"]
  return alignedText([header] + rows)
}
