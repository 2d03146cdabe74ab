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

  public init(parameters: [FigureParameter], x: Estimate, y: Estimate, seeds: [PlanePoint] = []) {
    self.parameters = parameters
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
  public var points: [FrontierPoint]

  public init(label: String, method: String, order: String? = nil, points: [FrontierPoint]) {
    self.label = label
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
  /// The best that any policy could do, such as the exact frontier; cut at the axes. Empty for none.
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
    var marks = content.groundMarks(limit: limit, floor: hypervolumeReference)
    marks += content.seedMarks() + content.pathMarks() + content.pointMarks(onFront: false)
    if let reference, reference.isFinite { marks.append(ReferenceMark(reference.data, name: "")) }
    marks += content.frontMarks() + content.pointMarks(onFront: true)
    marks.append(LabelsMark(content.labels(pathParameter: pathParameter)))
    let panel = Panel(
      x: Axis("\(xTitle) → better", reach: .data(padding: 0.04), possible: possible),
      y: Axis("\(yTitle) → better", reach: .data(padding: 0.05), possible: possible), marks: marks)
    return Figure(
      size: size, title: title, summary: content.summary(title: title),
      legend: Legend([seriesLegend(content), encodingLegend(content)]), panels: [panel],
      footer: footer(content))
  }

  private func seriesLegend(_ content: FrontierContent) -> [Legend.Entry] {
    content.arms.map { arm in
      Legend.Entry(
        arm.label, .marker(arm.style.shape, radius: FrontierContent.radius, MarkerPaint(fill: arm.style.colour)))
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
    if let paths = content.pathText(pathParameter: pathParameter) { lines.append(paths) }
    lines.append(content.sampleText(intervalMethod: intervalMethod))
    lines += conventions
    if content.dropped > 0 {
      lines.append("Not drawn: \(content.dropped) of \(content.total) cells, whose means are not finite.")
    }
    return lines
  }
}
