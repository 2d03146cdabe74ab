/// Margins of one panel, and the drawing of its axes and marks.
struct PanelLayout {
  private let panel: Panel
  private let height: Double
  private let topMargin: Double
  private let xDomain: ClosedRange<Double>
  private let yDomain: ClosedRange<Double>
  private let yTicks: Ticks

  private static let tickSize = 7.0
  private static let titleSize = 8.0
  private static let tickLength = 3.0

  /// - Parameters:
  ///   - height: of the panel with its margins, in points.
  ///   - topMargin: the largest of the panels in the same row.
  init(_ panel: Panel, height: Double, topMargin: Double) {
    self.panel = panel
    self.height = height
    self.topMargin = topMargin
    let extent = panel.extent
    xDomain = panel.x.domain(for: extent.x)
    yDomain = panel.y.domain(for: extent.y)
    let plotHeight = height - topMargin - Self.bottomMargin(panel)
    yTicks = panel.y.ticks(domain: yDomain, length: plotHeight, size: Self.tickSize, isHorizontal: false)
  }

  static func topMargin(_ panel: Panel) -> Double { panel.title.isEmpty ? 5 : titleSize * 1.7 }

  private static func bottomMargin(_ panel: Panel) -> Double {
    tickLength + 2 + tickSize + (panel.x.title.isEmpty ? 0 : titleSize * 1.4)
  }

  var leftMargin: Double {
    let labels = yTicks.major.map { TextMetrics.width($0.label, size: Self.tickSize) }.max() ?? 0
    return Self.tickLength + 2 + labels + (panel.y.title.isEmpty ? 0 : Self.titleSize * 1.5)
  }

  /// At least half of a tick label of the x axis, which may stick out.
  var rightMargin: Double {
    let dense = panel.x.ticks(domain: xDomain, length: 500, size: Self.tickSize, isHorizontal: true)
    let widest = dense.major.map { TextMetrics.width($0.label, size: Self.tickSize) }.max() ?? 0
    return max(9, widest / 2, panel.rightMargin)
  }

  /// Draws the panel.
  ///
  /// - Parameters:
  ///   - left: of the plot area; its tick labels and title stand left of it.
  ///   - titleWidth: the room that the title has.
  func draw(left: Double, top: Double, plotWidth: Double, titleWidth: Double, on writer: inout SVGWriter) {
    let frame = Box(
      left: left, top: top + topMargin, right: left + plotWidth, bottom: top + height - Self.bottomMargin(panel))
    if !panel.title.isEmpty {
      let start = left - leftMargin
      let room = titleWidth + leftMargin
      writer.text(
        TextMetrics.shortened(panel.title, width: room, size: Self.titleSize, bold: true), x: start,
        middle: top + Self.titleSize * 0.7, size: Self.titleSize, bold: true)
    }
    var canvas = Canvas(frame: frame, panel: panel, xDomain: xDomain, yDomain: yDomain, writer: writer)
    drawAxes(on: &canvas)
    for mark in panel.marks { mark.draw(on: &canvas) }
    drawLabels(on: &canvas)
    writer = canvas.writer
  }

  private func drawAxes(on canvas: inout Canvas) {
    let frame = canvas.frame
    let xTicks = panel.x.ticks(
      domain: xDomain, length: frame.width - panel.leftInset, size: Self.tickSize, isHorizontal: true)
    let xPlaces = xTicks.major.map { canvas.place(x: $0.value) }
    let yPlaces = yTicks.major.map { canvas.place(y: $0.value) }
    let grid = Stroke(.mist, width: 0.5)
    for x in xPlaces { grid.draw(Self.vertical(x, frame.top, frame.bottom), on: &canvas.writer) }
    for y in yPlaces { grid.draw(Self.horizontal(y, frame.left, frame.right), on: &canvas.writer) }
    let line = Stroke(.ink, width: 0.6)
    line.draw(Self.horizontal(frame.bottom, frame.left, frame.right), on: &canvas.writer)
    line.draw(Self.vertical(frame.left, frame.top, frame.bottom), on: &canvas.writer)
    let thin = Stroke(.ink, width: 0.4)
    for x in xTicks.minor.map({ canvas.place(x: $0) }) {
      thin.draw(Self.vertical(x, frame.bottom, frame.bottom + Self.tickLength / 2), on: &canvas.writer)
    }
    for y in yTicks.minor.map({ canvas.place(y: $0) }) {
      thin.draw(Self.horizontal(y, frame.left - Self.tickLength / 2, frame.left), on: &canvas.writer)
    }
    let labelMiddle = frame.bottom + Self.tickLength + 2 + Self.tickSize / 2
    for (tick, x) in zip(xTicks.major, xPlaces) {
      line.draw(Self.vertical(x, frame.bottom, frame.bottom + Self.tickLength), on: &canvas.writer)
      canvas.writer.text(tick.label, x: x, middle: labelMiddle, size: Self.tickSize, anchor: .middle)
    }
    for (tick, y) in zip(yTicks.major, yPlaces) {
      line.draw(Self.horizontal(y, frame.left - Self.tickLength, frame.left), on: &canvas.writer)
      canvas.writer.text(
        tick.label, x: frame.left - Self.tickLength - 2, middle: y, size: Self.tickSize, anchor: .end)
    }
    drawTitles(on: &canvas)
  }

  private static func vertical(_ x: Double, _ top: Double, _ bottom: Double) -> String {
    "M\(coordinate(x)),\(coordinate(top)) L\(coordinate(x)),\(coordinate(bottom))"
  }

  private static func horizontal(_ y: Double, _ left: Double, _ right: Double) -> String {
    "M\(coordinate(left)),\(coordinate(y)) L\(coordinate(right)),\(coordinate(y))"
  }

  private func drawTitles(on canvas: inout Canvas) {
    let frame = canvas.frame
    if !panel.x.title.isEmpty {
      let middle = frame.bottom + Self.tickLength + 2 + Self.tickSize + Self.titleSize * 0.8
      canvas.writer.text(
        TextMetrics.shortened(panel.x.title, width: frame.width + 9, size: Self.titleSize), x: frame.centre.x,
        middle: middle, size: Self.titleSize, anchor: .middle)
    }
    if !panel.y.title.isEmpty {
      canvas.writer.upwardText(
        TextMetrics.shortened(panel.y.title, width: frame.height + 8, size: Self.titleSize),
        x: frame.left - leftMargin + Self.titleSize * 0.55, middle: frame.centre.y, size: Self.titleSize)
    }
  }

  /// Texts come last, on top of everything, on a light ground where they cover something.
  private func drawLabels(on canvas: inout Canvas) {
    let placer = LabelPlacer(frame: canvas.frame, obstacles: canvas.obstacles)
    let boxes = placer.place(canvas.labels)
    for (pending, box) in zip(canvas.labels, boxes) {
      if let line = LabelPlacer.leader(of: pending, to: box) {
        canvas.writer.element(
          "line",
          [
            "x1": coordinate(line.start.x), "y1": coordinate(line.start.y), "x2": coordinate(line.end.x),
            "y2": coordinate(line.end.y), "stroke": Colour.grey.hex, "stroke-width": "0.40",
          ])
      }
      if placer.covers(box) {
        canvas.writer.element(
          "rect",
          [
            "x": coordinate(box.left), "y": coordinate(box.top), "width": coordinate(box.width),
            "height": coordinate(box.height), "fill": Colour.white.hex, "fill-opacity": "0.65",
          ])
      }
      canvas.writer.text(
        pending.label.text, x: box.centre.x, middle: box.centre.y, size: pending.label.size,
        colour: pending.label.colour, anchor: .middle, bold: pending.label.isBold)
    }
  }
}
