import Basics
import Plotting

/// A quantity that a sweep figure shows, one column of panels.
public struct SweepMetric: Hashable, Sendable {
  public enum Better: Hashable, Sendable { case higher, lower, neither }

  /// As in `SweepPoint.metrics`.
  public var name: String
  /// Short, such as `Helpfulness`; what is better is added.
  public var title: String
  public var better: Better
  /// Logarithmic where all values are positive.
  public var prefersLogarithm: Bool
  /// The value of the reference policy, drawn as a dashed line.
  public var reference: Double?
  /// The values that are possible at all; no tick lies outside.
  public var possible: ClosedRange<Double>?

  public init(
    _ name: String, title: String, better: Better, prefersLogarithm: Bool = false, reference: Double? = nil,
    possible: ClosedRange<Double>? = nil
  ) {
    self.name = name
    self.title = title
    self.better = better
    self.prefersLogarithm = prefersLogarithm
    self.reference = reference
    self.possible = possible
  }

  var axisTitle: String {
    switch better {
    case .higher: "\(title) → better"
    case .lower: "\(title) (lower is better)"
    case .neither: title
    }
  }
}

/// One cell of a sweep, all its seeds together.
public struct SweepPoint: Sendable {
  public var parameters: [FigureParameter]
  /// Metric → estimate; a metric that does not apply is absent.
  public var metrics: [String: Estimate]

  public init(parameters: [FigureParameter], metrics: [String: Estimate]) {
    self.parameters = parameters
    self.metrics = metrics
  }
}

/// The points of one arm.
public struct SweepSeries: Sendable {
  public var label: String
  /// The objective's id and the preference order of its data: they choose colour and shape (`MethodStyle`).
  public var method: String
  public var order: String?
  /// Series of a group share a row under this title.
  public var group = ""
  public var points: [SweepPoint]

  public init(label: String, method: String, order: String? = nil, group: String = "", points: [SweepPoint]) {
    self.label = label
    self.group = group
    self.method = method
    self.order = order
    self.points = points
  }
}

/// Every metric against one parameter, usually τ on a logarithmic axis.
///
/// One column of panels per metric. The arms that sweep nothing else share a row; an arm with further parameters has a row of
/// its own with one line per value, from light to dark. A metric has the same axis in all rows.
public struct SweepFigure: Sendable {
  public var title: String
  public var metrics: [SweepMetric]
  public var series: [SweepSeries]
  public var parameter = "tau"
  /// Such as `percentile bootstrap over seeds`.
  public var intervalMethod: String
  /// Further lines of the footer.
  public var conventions: [String]
  /// In millimetres.
  public var width = 170.0
  /// Height of a row of panels, in millimetres.
  public var rowHeight = 52.0

  public init(
    title: String, metrics: [SweepMetric], series: [SweepSeries], intervalMethod: String, conventions: [String]
  ) {
    self.title = title
    self.metrics = metrics
    self.series = series
    self.intervalMethod = intervalMethod
    self.conventions = conventions
  }

  public func svg() -> String { figure().svg() }

  public func figure() -> Figure {
    let content = SweepContent(self)
    let shown = metrics.filter { metric in content.rows.contains { !$0.isEmpty(metric.name) } }
    let columns = min(4, max(1, shown.count))
    var panels: [Panel?] = []
    for row in content.rows {
      panels += shown.map { content.panel(row, $0, isFirst: $0 == shown.first) }
      while panels.count % columns != 0 { panels.append(nil) }
    }
    let rows = Double((panels.count + columns - 1) / columns)
    return Figure(
      size: Figure.Size(width: width, height: 26 + 3 * Double(conventions.count) + max(1, rows) * rowHeight),
      title: title, summary: content.summary(title: title, metrics: shown), legend: Legend([content.legend()]),
      panels: panels, columns: columns, footer: content.footer())
  }
}
