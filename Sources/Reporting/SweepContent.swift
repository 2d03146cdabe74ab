import Basics
import Plotting

/// A sweep figure's points as rows of lines, in order.
struct SweepContent {
  /// The points that differ only in the parameter along the axis.
  struct Line {
    /// Stands at the line's end.
    var name: String
    var style: MethodStyle
    /// By the value of the parameter.
    var points: [(x: Double, metrics: [String: Estimate])]

    func estimates(_ metric: String) -> [(x: Double, estimate: Estimate)] {
      points.compactMap { point in
        point.metrics[metric].flatMap { $0.mean.isFinite ? (point.x, $0) : nil }
      }
    }
  }

  struct Row {
    var title: String
    var lines: [Line]
    /// Whether the lines are of one arm, told apart by their names as values.
    var isOneArm = false

    func isEmpty(_ metric: String) -> Bool { lines.allSatisfy { $0.estimates(metric).isEmpty } }
  }

  var rows: [Row] = []
  /// Points without the axis's parameter.
  private(set) var withoutParameter = 0
  /// Estimates that are not finite.
  private(set) var notFinite = 0
  let figure: SweepFigure
  /// One per series.
  private let styles: [MethodStyle]

  private static let radius = 1.7

  init(_ figure: SweepFigure) {
    self.figure = figure
    var single: [(group: String, lines: [Line])] = []
    var own: [Row] = []
    styles = MethodStyle.distinct(
      figure.series.map { ($0.method, $0.order) }, groups: figure.series.map(\.group))
    for (series, style) in zip(figure.series, styles) {
      let branches = branches(series)
      let named = branches.map { Line(name: $0.name, style: style, points: $0.points) }
      if named.count == 1 {
        let line = Line(name: series.label, style: style, points: named[0].points)
        if let place = single.firstIndex(where: { $0.group == series.group }) {
          single[place].lines.append(line)
        } else {
          single.append((series.group, [line]))
        }
      } else if named.count > 1 {
        let names = branches[0].parameters.map { FigureParameter.symbol($0.name) }.joined(separator: ", ")
        own.append(Row(title: "\(series.label), one line per \(names)", lines: Self.shaded(named), isOneArm: true))
      }
    }
    for (group, lines) in single {
      let title = single.count > 1 ? "\(group): one line per arm" : own.isEmpty ? "" : "One line per arm"
      rows.append(Row(title: title, lines: lines))
    }
    rows += own
    let shown = Set(figure.metrics.map(\.name))
    notFinite = figure.series.flatMap(\.points).reduce(0) { total, point in
      total + point.metrics.count { shown.contains($0.key) && !$0.value.mean.isFinite }
    }
  }

  private mutating func branches(
    _ series: SweepSeries
  ) -> [(parameters: [FigureParameter], name: String, points: [(x: Double, metrics: [String: Estimate])])] {
    var groups: [[FigureParameter]: [(x: Double, metrics: [String: Estimate])]] = [:]
    for point in series.points {
      guard let x = point.parameters.first(where: { $0.name == figure.parameter })?.value, x.isFinite else {
        withoutParameter += 1
        continue
      }
      groups[point.parameters.filter { $0.name != figure.parameter }, default: []].append((x, point.metrics))
    }
    let ordered = groups.sorted { FigureParameter.isBefore($0.key, $1.key) }
    return ordered.map { key, points in
      let varying = key.filter { parameter in !groups.keys.allSatisfy { $0.contains(parameter) } }
      let values = varying.map(\.valueText)
      return (varying, values.joined(separator: ", "), points.sorted { $0.x < $1.x })
    }
  }

  /// The lines of one arm from a light to a dark shade of its colour.
  private static func shaded(_ lines: [Line]) -> [Line] {
    lines.enumerated().map { index, line in
      var line = line
      line.style = line.style.shade(index, of: lines.count)
      return line
    }
  }

  // MARK: Panels

  func panel(_ row: Row, _ metric: SweepMetric, isFirst: Bool) -> Panel {
    let isLogarithmic = rows.flatMap(\.lines).flatMap(\.points).allSatisfy { $0.x > 0 }
    var marks: [any Mark] = metric.reference.map { [RuleMark(y: $0)] } ?? []
    marks += row.lines.flatMap { Self.marks($0, metric.name) }
    let ends = lineEnds(row, metric.name)
    let yAxis = axis(metric)
    if let ends {
      marks.append(ends)
    } else {
      marks.append(LabelsMark(armLabels(row, metric.name, scale: yAxis.scale)))
    }
    return Panel(
      title: isFirst ? row.title : "",
      x: Axis(FigureParameter.symbol(figure.parameter), scale: isLogarithmic ? .log10 : .linear), y: yAxis,
      marks: marks, leftInset: ends?.side == .left ? ends?.width ?? 0 : 0,
      rightMargin: ends?.side == .right ? ends?.width ?? 0 : 0)
  }

  /// The metric's axis, the same in all rows.
  private func axis(_ metric: SweepMetric) -> Axis {
    let estimates = rows.flatMap(\.lines).flatMap { $0.estimates(metric.name) }.map(\.estimate)
    var values = estimates.flatMap { [$0.mean, $0.low, $0.high] }.filter(\.isFinite)
    if let reference = metric.reference { values.append(reference) }
    let scale: Scale = metric.prefersLogarithm && values.allSatisfy { $0 > 0 } ? .log10 : .linear
    let extent = values.min().flatMap { low in values.max().map { low...$0 } }
    return Axis(
      metric.axisTitle, scale: scale, reach: .fixed(scale.paddedDomain(of: extent, padding: 0.06)),
      possible: metric.possible)
  }

  private static func marks(_ line: Line, _ metric: String) -> [any Mark] {
    let estimates = line.estimates(metric)
    let points = estimates.map { DataPoint($0.x, $0.estimate.mean) }
    let intervals = estimates.map { x, estimate in
      IntervalsMark.Interval(
        centre: DataPoint(x, estimate.mean), y: estimate.range)
    }
    return [
      IntervalsMark(intervals, colour: line.style.colour, width: 0.6, opacity: 0.7, hiddenRadius: radius),
      PathMark(points, stroke: Stroke(line.style.colour, width: 0.9)),
      PointsMark(
        points, shape: line.style.shape, radius: radius, paint: MarkerPaint(fill: line.style.colour),
        notes: estimates.map { "\(line.name), \(compact($0.x)): \(compact($0.estimate.mean, digits: 4))" }),
    ]
  }

  /// The values that tell the lines of one arm apart, at the end where the lines lie further apart in most metrics.
  private func lineEnds(_ row: Row, _ metric: String) -> EndLabelsMark? {
    guard row.isOneArm else { return nil }
    func spread(_ metric: String, _ end: ([(x: Double, estimate: Estimate)]) -> (x: Double, estimate: Estimate)?)
      -> Double
    {
      standardDeviation(row.lines.compactMap { end($0.estimates(metric))?.estimate.mean })
    }
    let votes = figure.metrics.map { spread($0.name, \.first) >= spread($0.name, \.last) ? 1 : -1 }.reduce(0, +)
    let labels = row.lines.compactMap { line in
      let estimates = line.estimates(metric)
      return (votes >= 0 ? estimates.first : estimates.last).map { end in
        Label(
          line.name, at: DataPoint(end.x, end.estimate.mean), colour: line.style.textColour, size: 6,
          clearance: Self.radius + 0.8)
      }
    }
    return EndLabelsMark(labels, side: votes >= 0 ? .left : .right)
  }

  /// The arms' names, up to six, each where its line is furthest from the others and on the side away from the nearest.
  private func armLabels(_ row: Row, _ metric: String, scale: Scale) -> [Label] {
    guard row.lines.count <= 6 else { return [] }
    let values = row.lines.map { line in line.estimates(metric).map { DataPoint($0.x, $0.estimate.mean) } }
    func height(_ point: DataPoint) -> Double { scale.uniform(point.y) }
    return row.lines.indices.compactMap { index in
      let others = values.indices.filter { $0 != index }.flatMap { values[$0] }
      let places = values[index].map { point in
        let nearest = others.filter { $0.x == point.x }.min {
          abs(height($0) - height(point)) < abs(height($1) - height(point))
        }
        return (point: point, nearest: nearest, gap: nearest.map { abs(height($0) - height(point)) } ?? 0)
      }
      guard let widest = places.map(\.gap).max() else { return nil }
      let free = places.filter { $0.gap == widest }
      let freest = free[free.count / 2]
      let line = row.lines[index]
      return Label(
        line.name, at: freest.point, colour: line.style.textColour, size: 6, awayFrom: freest.nearest,
        clearance: Self.radius + 1)
    }
  }

  // MARK: Texts

  func legend() -> [Legend.Entry] {
    zip(figure.series, styles).map { series, style in
      Legend.Entry(
        series.label,
        .markedLine(Stroke(style.colour, width: 0.9), style.shape, radius: Self.radius, MarkerPaint(fill: style.colour))
      )
    }
  }

  func footer() -> [String] {
    var lines = ["Bars: 95 % intervals, \(figure.intervalMethod), where longer than the marker."]
    if figure.metrics.contains(where: { $0.reference != nil }) {
      lines[0] += " Dashed: the reference policy."
    }
    lines += figure.conventions
    if notFinite > 0 { lines.append("Not drawn: \(notFinite) values that are not finite.") }
    if withoutParameter > 0 {
      lines.append("Not drawn: \(withoutParameter) points without \(FigureParameter.symbol(figure.parameter)).")
    }
    return lines
  }

  func summary(title: String, metrics: [SweepMetric]) -> String {
    let names = figure.series.map { "\($0.label) (\($0.points.count))" }.joined(separator: ", ")
    return "\(title). Line plots of \(metrics.map(\.title).joined(separator: ", ")) against "
      + "\(FigureParameter.symbol(figure.parameter)). Points: \(names)."
  }
}
