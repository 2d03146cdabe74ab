import Basics

/// The tidy table of an experiment: one row per cell and metric, in the order of the plan.
///
/// Columns: cell, arm, objective, order, tau, alpha, seed, metric, value. Only finished cells have rows.
public func metricsCSV(_ cells: [PlannedCell], records: [String: RunRecord]) -> String {
  var lines = ["cell,arm,objective,order,tau,alpha,seed,metric,value"]
  for cell in cells {
    guard let record = records[cell.id], record.status == .done else { continue }
    let configuration = cell.configuration
    func parameter(_ name: String) -> String { configuration.parameters[name].map(axisText) ?? "" }
    let head = [
      cell.id, cell.arm, configuration.objective, configuration.order.rawValue, parameter("tau"), parameter("alpha"),
      "\(configuration.seed)",
    ].map(csvField).joined(separator: ",")
    for (name, value) in record.metrics.sorted(by: { $0.key < $1.key }) {
      lines.append("\(head),\(csvField(name)),\(value)")
    }
  }
  return lines.joined(separator: "\n") + "\n"
}

/// The summary table: one row per point and metric, with the interval and the number of seeds.
public func summaryCSV(_ points: [SummaryPoint]) -> String {
  var lines = ["arm,objective,order,tau,alpha,metric,mean,low,high,seeds,missing,failed"]
  for point in points {
    func axis(_ name: String) -> String { point.axes.first { $0.name == name }?.text ?? "" }
    let head = [point.arm, point.objective, point.order, axis("tau"), axis("alpha")].map(csvField)
      .joined(separator: ",")
    for (name, estimate) in point.metrics.sorted(by: { $0.key < $1.key }) {
      lines.append(
        "\(head),\(csvField(name)),\(estimate.mean),\(estimate.low),\(estimate.high),\(estimate.n),"
          + "\(point.missing),\(point.failed)")
    }
  }
  return lines.joined(separator: "\n") + "\n"
}

/// A field quoted where RFC 4180 needs it.
public func csvField(_ text: String) -> String {
  guard text.contains(where: { ",\"\n\r".contains($0) }) else { return text }
  return "\"" + text.replacing("\"", with: "\"\"") + "\""
}
