import Laboratory
import Plotting

/// Cost against the amount of work, from the measurements `scaling.…` of a benchmark (both axes logarithmic).
///
/// One panel for each kind of work. The dashed line is proportional cost through the smallest size; on the panel of workers it
/// is a perfect division of the work. Bars reach from the smallest to the largest round.
public struct ScalingFigure: Sendable {
  public var report: BenchmarkReport
  /// In millimetres.
  public var width = 170.0

  public init(_ report: BenchmarkReport) { self.report = report }

  /// Nil where nothing was measured at two sizes.
  public func figure() -> Figure? {
    let panels = Self.topics.compactMap(panel)
    if panels.isEmpty { return nil }
    let columns = min(2, panels.count)
    let rows = (panels.count + columns - 1) / columns
    return Figure(
      size: Figure.Size(width: width, height: 42 + 52 * Double(rows)), title: "Cost against the amount of work",
      summary: summary(), legend: legend(), panels: panels, columns: columns, footer: footer())
  }

  private struct Series {
    var name: String
    var label: String
    var colour: Colour
    var shape: MarkerShape
  }

  private struct Topic {
    var title: String
    var axis: String
    var series: [Series]
    /// Whether more of it makes the work faster.
    var divides = false
  }

  private static let step = Colour.blue
  private static let cells = Colour.vermillion

  private static let topics = [
    Topic(
      title: "Tokens of a pair", axis: "Prompt and response tokens, 1 pair",
      series: [Series(name: "scaling.tokens", label: "DPO step", colour: step, shape: .circle)]),
    Topic(
      title: "Pairs of a step", axis: "Pairs of 64 and 64 tokens",
      series: [Series(name: "scaling.pairs", label: "DPO step", colour: step, shape: .circle)]),
    Topic(
      title: "Cells of a sweep", axis: "Tabular cells",
      series: [Series(name: "scaling.cells", label: "tabular cells", colour: cells, shape: .square)]),
    Topic(
      title: "Workers", axis: "Workers",
      series: [
        Series(name: "scaling.workers.step", label: "DPO step", colour: step, shape: .circle),
        Series(name: "scaling.workers.cells", label: "tabular cells", colour: cells, shape: .square),
      ], divides: true),
  ]

  private func points(_ name: String) -> [BenchmarkMeasurement] {
    report.measurements.filter { $0.name == name && $0.size != nil && $0.low > 0 }
      .sorted { ($0.size ?? 0) < ($1.size ?? 0) }
  }

  private func panel(_ topic: Topic) -> Panel? {
    var marks: [any Mark] = []
    for series in topic.series {
      let points = points(series.name)
      guard points.count > 1, let first = points.first, let start = first.size, let end = points.last?.size else {
        continue
      }
      let factor = Double(end) / Double(start)
      marks.append(
        PathMark(
          [
            DataPoint(Double(start), first.median),
            DataPoint(Double(end), topic.divides ? first.median / factor : first.median * factor),
          ], stroke: Self.proportional))
      for point in points {
        let x = Double(point.size ?? 0)
        marks.append(
          PathMark([DataPoint(x, point.low), DataPoint(x, point.high)], stroke: Stroke(series.colour, width: 0.8)))
      }
      let medians = points.map { DataPoint(Double($0.size ?? 0), $0.median) }
      marks.append(PathMark(medians, stroke: Stroke(series.colour, width: 1)))
      marks.append(PointsMark(medians, shape: series.shape, paint: MarkerPaint(fill: series.colour)))
    }
    if marks.isEmpty { return nil }
    return Panel(
      title: topic.title, x: Axis(topic.axis, scale: .log10), y: Axis("Seconds", scale: .log10), marks: marks)
  }

  private static let proportional = Stroke(.grey, width: 0.8, dash: [3, 2])

  private func legend() -> Legend {
    Legend([
      [
        Legend.Entry(
          "DPO step", .markedLine(Stroke(Self.step), .circle, radius: 2.4, MarkerPaint(fill: Self.step))),
        Legend.Entry(
          "tabular cells", .markedLine(Stroke(Self.cells), .square, radius: 2.4, MarkerPaint(fill: Self.cells))),
        Legend.Entry("proportional to the smallest size", .line(Self.proportional)),
      ]
    ])
  }

  private func summary() -> String {
    "Seconds of a DPO step of a language model against tokens and pairs, of tabular cells against their number, and of both "
      + "against workers, with a dashed line for proportional cost."
  }

  private func footer() -> [String] {
    [
      "Points: median of \(report.rounds) rounds; bars: smallest to largest. \(report.precision), \(report.workers) workers "
        + "except in the panel of workers; \(report.model)."
    ]
  }
}
