/// A line through points, cut at the panel's frame.
public struct PathMark: Mark {
  public var points: [DataPoint]
  public var stroke: Stroke
  /// Whether the axes must show the whole line.
  public var isFitted: Bool

  public init(_ points: [DataPoint], stroke: Stroke, isFitted: Bool = true) {
    self.points = points
    self.stroke = stroke
    self.isFitted = isFitted
  }

  public var extent: Extent { isFitted ? Extent(points) : .nothing }

  public func draw(on canvas: inout Canvas) {
    let places = points.map(canvas.place)
    let data = canvas.pathData(through: places)
    guard !data.isEmpty else { return }
    stroke.draw(data, on: &canvas.writer)
    canvas.keepClear(of: places, weight: 0.6)
  }
}

/// How a line is painted.
public struct Stroke: Hashable, Sendable {
  public var colour: Colour
  /// In points.
  public var width: Double
  /// Lengths of dashes and gaps in points; empty for a solid line.
  public var dash: [Double]
  public var opacity: Double

  public init(_ colour: Colour, width: Double = 0.7, dash: [Double] = [], opacity: Double = 1) {
    self.colour = colour
    self.width = width
    self.dash = dash
    self.opacity = opacity
  }

  func draw(_ pathData: String, on writer: inout SVGWriter) {
    writer.element(
      "path",
      [
        "d": pathData, "fill": "none", "stroke": colour.hex, "stroke-width": coordinate(width),
        "stroke-linejoin": "round", "stroke-dasharray": dash.map(coordinate).joined(separator: " "),
        "opacity": opacity < 1 ? fixed(opacity, decimals: 2) : "",
      ])
  }
}
