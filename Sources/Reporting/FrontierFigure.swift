import Basics
import Laboratory
import Plotting

/// One cell of a sweep, all its seeds together.
public struct FrontierPoint: Sendable {
  /// Such as τ and α, in a fixed order of names.
  public var parameters: [FigureParameter]
  /// Both better when higher.
  public var x: Estimate
  public var y: Estimate
  /// The outcome of every seed, the seeds in the same order in all points; empty when unknown.
  public var seeds: [PlanePoint]
  /// Distance to the limit, mean over seeds; nil without a limit.
  public var distance: Estimate?

  public init(
    parameters: [FigureParameter], x: Estimate, y: Estimate, seeds: [PlanePoint] = [], distance: Estimate? = nil
  ) {
    self.parameters = parameters
    self.distance = distance
    self.x = x
    self.y = y
    self.seeds = seeds
  }

  var mean: PlanePoint { PlanePoint(x: x.mean, y: y.mean) }
}

/// The points of one arm.
public struct FrontierSeries: Sendable {
  public var label: String
  /// The objective's id and the preference order of its data: they choose colour and shape (`MethodStyle`).
  public var method: String
  public var order: String?
  /// Series of a group share a panel under this title; with no groups at all there is one panel.
  public var group = ""
  public var points: [FrontierPoint]

  public init(label: String, method: String, order: String? = nil, group: String = "", points: [FrontierPoint]) {
    self.label = label
    self.group = group
    self.method = method
    self.order = order
    self.points = points
  }
}

/// Safety versus helpfulness of every cell of a sweep, with the front of the cells' means.
///
/// Means on the front are solid with an outline, dominated ones faint; seeds are small dots; 95 % intervals are thin bars,
/// drawn where they reach beyond their marker. A thin path joins points that differ only in `pathParameter`.
public struct FrontierFigure: Sendable {
  public var title: String
  public var series: [FrontierSeries]
  /// Where the untrained policy lies.
  public var reference: PlanePoint?
  public var referenceName = "reference policy"
  /// The corners of the best that any policy could do, such as the exact frontier; cut at the axes. Empty for none.
  public var limit: [PlanePoint] = []
  public var limitName = "limit"
  /// Such as `Helpfulness: P(preferred to a reference draw)`; the arrow is added.
  public var xTitle: String
  public var yTitle: String
  /// The values that are possible at all; no tick lies outside.
  public var possible: ClosedRange<Double>? = 0...1
  public var pathParameter = "tau"
  /// The worse corner of the hypervolume.
  public var hypervolumeReference: PlanePoint
  /// Such as `percentile bootstrap over seeds`.
  public var intervalMethod: String
  /// Further lines of the footer: reduction, direction of τ and the like.
  public var conventions: [String]
  public var size = Figure.Size(width: 170, height: 135)

  public init(
    title: String, series: [FrontierSeries], reference: PlanePoint?, xTitle: String, yTitle: String,
    hypervolumeReference: PlanePoint, intervalMethod: String, conventions: [String]
  ) {
    self.title = title
    self.series = series
    self.reference = reference
    self.xTitle = xTitle
    self.yTitle = yTitle
    self.hypervolumeReference = hypervolumeReference
    self.intervalMethod = intervalMethod
    self.conventions = conventions
  }

  /// The figure as SVG: independent of the order in which series' points are given.
  public func svg() -> String { figure().svg() }

  public func figure() -> Figure {
    let content = FrontierContent(self)
    let groups = groups
    let panels = groups.map { group in
      panel(content.only(group: group), title: isGrouped ? group : "", domain: isGrouped ? content.domain(limit) : nil)
    }
    let rows = Double((panels.count + 1) / 2)
    let footer = footer(content)
    let lines = Double(2 * groups.count + footer.count + 4)
    return Figure(
      size: isGrouped ? Figure.Size(width: size.width, height: 20 + 3.4 * lines + 68 * rows) : size,
      title: title, summary: content.summary(title: title),
      legend: Legend(groups.map { seriesLegend(content.only(group: $0)) } + [encodingLegend(content)]), panels: panels,
      columns: isGrouped ? 2 : 1, footer: footer)
  }

  private var groups: [String] { series.reduce(into: []) { if !$0.contains($1.group) { $0.append($1.group) } } }

  private var isGrouped: Bool { groups.count > 1 }

  /// - Parameter domain: what the axes show; nil for what the marks need.
  private func panel(_ content: FrontierContent, title: String, domain: FrontierContent.Domain?) -> Panel {
    var marks = content.groundMarks(limit: limit, floor: hypervolumeReference)
    marks += content.seedMarks() + content.pathMarks() + content.pointMarks(onFront: false)
    if let reference, reference.isFinite { marks.append(ReferenceMark(reference.data, name: "")) }
    marks += content.frontMarks() + content.pointMarks(onFront: true)
    marks.append(LabelsMark(content.labels(pathParameter: pathParameter)))
    let isSmall = domain != nil
    return Panel(
      title: title,
      x: Axis(
        isSmall ? "Helpfulness → better" : "\(xTitle) → better",
        reach: domain.map { .fixed($0.x) } ?? .data(padding: 0.04), possible: possible),
      y: Axis(
        isSmall ? "Safety → better" : "\(yTitle) → better", reach: domain.map { .fixed($0.y) } ?? .data(padding: 0.05),
        possible: possible), marks: marks)
  }

  private func seriesLegend(_ content: FrontierContent) -> [Legend.Entry] {
    content.arms.map { arm in
      Legend.Entry(
        arm.legendText, .marker(arm.style.shape, radius: FrontierContent.radius, MarkerPaint(fill: arm.style.colour)))
    }
  }

  private func encodingLegend(_ content: FrontierContent) -> [Legend.Entry] {
    let radius = FrontierContent.radius
    var entries = [
      Legend.Entry(
        "front of the means",
        .markedLine(
          FrontierContent.frontStroke, .circle, radius: radius, FrontierContent.paint(.grey, onFront: true)))
    ]
    if content.hasDominated {
      let faint = FrontierContent.paint(.grey, onFront: false)
      entries.append(Legend.Entry("dominated", .marker(.circle, radius: radius, faint)))
    }
    if content.hasSeeds {
      entries.append(Legend.Entry("one seed", .marker(.circle, radius: 0.9, MarkerPaint(fill: .grey, opacity: 0.6))))
    }
    if content.hasIntervals { entries.append(Legend.Entry("95 % interval", .interval(.grey))) }
    if reference != nil { entries.append(Legend.Entry(referenceName, .reference(.black))) }
    entries.append(Legend.Entry("hypervolume", .area(FrontierContent.tint)))
    if !limit.isEmpty { entries.append(Legend.Entry(limitName, .line(FrontierContent.limitStroke))) }
    return entries
  }

  private func footer(_ content: FrontierContent) -> [String] {
    var lines = [content.hypervolumeText(reference: hypervolumeReference, referencePolicy: reference)]
    if let text = content.limitText(limitName: limitName) { lines.append(text) }
    if isGrouped { lines.append("Helpfulness and safety: \(xTitle); \(yTitle).") }
    if let paths = content.pathText(pathParameter: pathParameter) { lines.append(paths) }
    lines.append(content.sampleText(intervalMethod: intervalMethod))
    lines += conventions
    if content.dropped > 0 {
      lines.append("Not drawn: \(content.dropped) of \(content.total) cells, whose means are not finite.")
    }
    return lines
  }
}
