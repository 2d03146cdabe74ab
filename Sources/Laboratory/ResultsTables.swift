import Basics

/// The tidy table of an experiment: one row per cell and metric, in the order of the plan.
///
/// Columns: cell, arm, objective, order, tau, alpha, every other swept hyper-parameter, seed, metric, value. Only finished cells
/// have rows.
public func metricsCSV(_ cells: [PlannedCell], results: [String: CellResult]) -> String {
  let others = otherAxes(cells.map(\.axes))
  var lines = [(["cell", "arm", "objective", "order", "tau", "alpha"] + others + ["seed", "metric", "value"]).csvLine]
  for cell in cells {
    guard let result = results[cell.id], result.status == .done else { continue }
    let configuration = cell.configuration
    func parameter(_ name: String) -> String { configuration.parameters[name].map(axisText) ?? "" }
    let head =
      ([
        cell.id, cell.arm, configuration.objective, configuration.order.rawValue, parameter("tau"), parameter("alpha"),
      ] + others.map { axis($0, of: cell.axes) } + ["\(configuration.seed)"]).csvLine
    for (name, value) in result.metrics.sorted(by: { $0.key < $1.key }) {
      lines.append("\(head),\(csvField(name)),\(value)")
    }
  }
  return lines.joined(separator: "\n") + "\n"
}

/// The same from whole records.
public func metricsCSV(_ cells: [PlannedCell], records: [String: RunRecord]) -> String {
  metricsCSV(cells, results: records.mapValues(CellResult.init))
}

/// The wide table of an experiment: one row per planned cell, in the order of the plan.
///
/// Columns: cell, arm, objective, order, tau, alpha, every other swept hyper-parameter, seed, status (`done`, `failed` or `missing`),
/// one a metric, seconds, error. What a cell does not have is empty, so a failed or missing cell is a row without metrics.
public func wideCSV(_ cells: [PlannedCell], results: [String: CellResult]) -> String {
  let others = otherAxes(cells.map(\.axes))
  let metrics = Set(results.values.flatMap(\.metrics.keys)).sorted()
  let head = ["cell", "arm", "objective", "order", "tau", "alpha"] + others + ["seed", "status"]
  var lines = [(head + metrics + ["seconds", "error"]).csvLine]
  for cell in cells {
    let configuration = cell.configuration
    let result = results[cell.id]
    let parameters = ["tau", "alpha"].map { configuration.parameters[$0].map(axisText) ?? "" }
    var fields = [cell.id, cell.arm, configuration.objective, configuration.order.rawValue] + parameters
    fields += others.map { axis($0, of: cell.axes) } + ["\(configuration.seed)", result?.status.rawValue ?? "missing"]
    fields += metrics.map { name in result?.metrics[name].map { "\($0)" } ?? "" }
    fields += [result.map { "\($0.provenance.seconds)" } ?? "", result?.failure?.message ?? ""]
    lines.append(fields.csvLine)
  }
  return lines.joined(separator: "\n") + "\n"
}

/// The summary table: one row per point and metric, with the interval and the number of seeds.
public func summaryCSV(_ points: [SummaryPoint]) -> String {
  let others = otherAxes(points.map(\.axes))
  var lines = [
    (["arm", "objective", "order", "tau", "alpha"] + others
      + ["metric", "mean", "low", "high", "seeds", "missing", "failed"]).csvLine
  ]
  for point in points {
    let axes = (["tau", "alpha"] + others).map { axis($0, of: point.axes) }
    let head = ([point.arm, point.objective, point.order] + axes).csvLine
    for (name, estimate) in point.metrics.sorted(by: { $0.key < $1.key }) {
      lines.append(
        "\(head),\(csvField(name)),\(estimate.mean),\(estimate.low),\(estimate.high),\(estimate.n),"
          + "\(point.missing),\(point.failed)")
    }
  }
  return lines.joined(separator: "\n") + "\n"
}

/// The swept hyper-parameters beside τ and α, by name.
private func otherAxes(_ axes: [[AxisValue]]) -> [String] {
  Set(axes.flatMap { $0.map(\.name) }).subtracting(["tau", "alpha"]).sorted()
}

private func axis(_ name: String, of axes: [AxisValue]) -> String { axes.first { $0.name == name }?.text ?? "" }

extension [String] {
  /// The fields of a row of a comma-separated table.
  public var csvLine: String { map(csvField).joined(separator: ",") }
}

/// A field quoted where RFC 4180 needs it.
public func csvField(_ text: String) -> String {
  guard text.contains(where: { ",\"\n\r".contains($0) }) else { return text }
  return "\"" + text.replacing("\"", with: "\"\"") + "\""
}
