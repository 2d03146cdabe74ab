import Basics
import Laboratory
import Theory

/// One row an arm: the hypervolume of its means, its share of what the exact frontier allows, and how near it comes to it.
///
/// Columns: arm, points, hypervolume with its interval over seeds, `attainable` (the area under the exact frontier above the same
/// point), `share` = hypervolume / attainable, and the smallest distance of a mean to the frontier with the interval of that mean and
/// the setting it belongs to. The smallest of several means is an optimistic choice: arms with more settings have more chances.
/// Without an exact frontier the last columns are empty. The first row is every arm together.
func frontierCSV(_ figure: FrontierFigure) -> String {
  let corner = figure.hypervolumeReference
  let limit = figure.limit.isEmpty ? nil : ParetoFrontier(vertices: figure.limit)
  let attainable = limit?.area(above: corner)
  var lines = [
    "arm,points,hypervolume,low,high,attainable,share,distance,distanceLow,distanceHigh,setting,reference"
  ]
  let all = figure.series.flatMap(\.points)
  for (label, points) in [("all arms", all)] + figure.series.map({ ($0.label, $0.points) }) {
    let points = points.filter(\.mean.isFinite)
    let volume = hypervolume(points.map(\.mean), reference: corner)
    let estimate = hypervolumeEstimate(
      points.map { $0.seeds.filter(\.isFinite) }, reference: corner, seed: SeedTree(0).child("frontier"))
    let nearest = points.compactMap { point in point.distance.map { (point, $0) } }.min { $0.1.mean < $1.1.mean }
    let fields: [String] = [
      label, "\(points.count)", "\(volume)", "\(estimate.low)", "\(estimate.high)", attainable.map { "\($0)" } ?? "",
      attainable.map { "\(volume / $0)" } ?? "", nearest.map { "\($0.1.mean)" } ?? "",
      nearest.map { "\($0.1.low)" } ?? "", nearest.map { "\($0.1.high)" } ?? "",
      nearest.map { $0.0.parameters.map(\.text).joined(separator: " ") } ?? "", "(\(corner.x) \(corner.y))",
    ]
    lines.append(fields.csvLine)
  }
  return lines.joined(separator: "\n") + "\n"
}
