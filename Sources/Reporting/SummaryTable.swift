import Basics
import Laboratory

/// The summary of an experiment as aligned text: one row a point, means with half-widths are left to the CSV.
func summaryTable(_ points: [SummaryPoint]) -> String {
  let preferred = ["helpfulness", "safety", "kl", "klPerToken", "loss"]
  let present = Set(points.flatMap { $0.metrics.keys })
  let metrics = preferred.filter(present.contains)
  var rows = [["arm", "swept"] + metrics + ["seeds"]]
  for point in points {
    var row = [point.arm, point.axes.map { "\($0.name)=\($0.text)" }.joined(separator: " ")]
    for metric in metrics {
      row.append(
        point.metrics[metric].map { "\(fixed($0.mean, 3)) [\(fixed($0.low, 3)), \(fixed($0.high, 3))]" } ?? "–")
    }
    row.append("\(point.seeds.count)" + (point.failed > 0 ? " (\(point.failed) failed)" : ""))
    rows.append(row)
  }
  return alignedText(rows)
}

/// Rows with their columns padded to the same width.
func alignedText(_ rows: [[String]]) -> String {
  let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
  return rows.map { row in
    row.enumerated().map { column, text in text + String(repeating: " ", count: widths[column] - text.count) }
      .joined(separator: "  ")
  }.joined(separator: "\n") + "\n"
}
