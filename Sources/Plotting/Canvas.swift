/// Where the marks of one panel are drawn: maps data to the page, writes elements, and remembers what text must keep clear of.
public struct Canvas {
  /// The panel's plot area on the page.
  let frame: Box
  /// Where the x domain begins, in points right of the frame's left edge.
  let leftInset: Double
  let xScale: Scale
  let yScale: Scale
  let xDomain: ClosedRange<Double>
  let yDomain: ClosedRange<Double>
  var writer: SVGWriter
  var obstacles: [Obstacle] = []
  var labels: [PendingLabel] = []

  init(frame: Box, panel: Panel, xDomain: ClosedRange<Double>, yDomain: ClosedRange<Double>, writer: SVGWriter) {
    self.frame = frame
    leftInset = panel.leftInset
    xScale = panel.x.scale
    yScale = panel.y.scale
    self.xDomain = xDomain
    self.yDomain = yDomain
    self.writer = writer
  }

  /// Where a data point lies on the page.
  func place(_ point: DataPoint) -> PagePoint { PagePoint(x: place(x: point.x), y: place(y: point.y)) }

  func place(x: Double) -> Double {
    frame.left + leftInset + xScale.fraction(x, in: xDomain) * (frame.width - leftInset)
  }

  func place(y: Double) -> Double { frame.bottom - yScale.fraction(y, in: yDomain) * frame.height }

  /// The page's polyline through data points, cut at the frame, as path data; empty when nothing is inside.
  func pathData(through points: [PagePoint]) -> String {
    var data: [String] = []
    var pen: PagePoint?
    for (start, end) in zip(points, points.dropFirst()) {
      guard let part = frame.clip(start, end) else { continue }
      if pen != part.start { data.append("M\(coordinate(part.start.x)),\(coordinate(part.start.y))") }
      data.append("L\(coordinate(part.end.x)),\(coordinate(part.end.y))")
      pen = part.end
    }
    return data.joined(separator: " ")
  }

  /// Makes labels keep clear of a polyline: a small box every few points along it.
  mutating func keepClear(of points: [PagePoint], weight: Double) {
    for (start, end) in zip(points, points.dropFirst()) {
      guard let part = frame.clip(start, end) else { continue }
      let dx = part.end.x - part.start.x
      let dy = part.end.y - part.start.y
      let steps = max(1, Int(((dx * dx + dy * dy).squareRoot() / 2).rounded(.up)))
      for step in 0...steps {
        let share = Double(step) / Double(steps)
        let centre = PagePoint(x: part.start.x + share * dx, y: part.start.y + share * dy)
        obstacles.append(Obstacle(box: Box(centre: centre, halfWidth: 0.8, halfHeight: 0.8), weight: weight))
      }
    }
  }
}

/// Something that a label had better not cover. The weight is the cost of one square point.
struct Obstacle {
  var box: Box
  var weight: Double
}
