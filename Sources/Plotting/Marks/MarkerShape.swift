/// The outline of a point. All shapes of one radius look about equally large.
public enum MarkerShape: String, CaseIterable, Hashable, Sendable {
  case circle, square, diamond, triangle, triangleDown, pentagon, hexagon, star, plus, cross

  /// Whether the shape is only strokes, without an area to fill.
  var isOpen: Bool { self == .plus || self == .cross }

  /// Writes the shape around `centre`.
  ///
  /// - Parameter radius: that of the circle of the same size, in points.
  func draw(
    at centre: PagePoint, radius: Double, paint: MarkerPaint, note: String? = nil, on writer: inout SVGWriter
  ) {
    let fill = isOpen ? "none" : paint.fill?.hex ?? "none"
    let stroke = isOpen ? (paint.fill ?? paint.stroke)?.hex ?? "none" : paint.stroke?.hex ?? "none"
    let fillOpacity = paint.opacity < 1 ? fixed(paint.opacity, decimals: 2) : ""
    let strokeWidth =
      stroke == "none" ? "" : coordinate(isOpen ? max(paint.strokeWidth, radius * 0.45) : paint.strokeWidth)
    if self == .circle {
      writer.element(
        "circle",
        [
          "cx": coordinate(centre.x), "cy": coordinate(centre.y), "r": coordinate(radius), "fill": fill,
          "stroke": stroke == "none" ? "" : stroke, "stroke-width": strokeWidth, "opacity": fillOpacity,
        ], note: note)
      return
    }
    writer.element(
      "path",
      [
        "d": outline(centre: centre, radius: radius), "fill": fill, "stroke": stroke == "none" ? "" : stroke,
        "stroke-width": strokeWidth, "opacity": fillOpacity,
      ], note: note)
  }

  private func outline(centre: PagePoint, radius: Double) -> String {
    let corners: [(Double, Double)]
    switch self {
    case .circle, .hexagon: corners = Self.polygon(6, radius: 1.12)
    case .square: corners = [(-0.89, -0.89), (0.89, -0.89), (0.89, 0.89), (-0.89, 0.89)]
    case .diamond: corners = [(0, -1.26), (1.26, 0), (0, 1.26), (-1.26, 0)]
    case .triangle: corners = [(0, -1.4), (1.25, 0.8), (-1.25, 0.8)]
    case .triangleDown: corners = [(0, 1.4), (-1.25, -0.8), (1.25, -0.8)]
    case .pentagon: corners = Self.polygon(5, radius: 1.18)
    case .star: corners = Self.starCorners
    case .plus: return Self.strokes([(0, -1.25), (0, 1.25), (-1.25, 0), (1.25, 0)], centre, radius)
    case .cross: return Self.strokes([(-1, -1), (1, 1), (-1, 1), (1, -1)], centre, radius)
    }
    let places = corners.map {
      "\(coordinate(centre.x + radius * $0.0)),\(coordinate(centre.y + radius * $0.1))"
    }
    return "M" + places.joined(separator: " L") + " Z"
  }

  private static func strokes(_ ends: [(Double, Double)], _ centre: PagePoint, _ radius: Double) -> String {
    ends.enumerated().map { index, end in
      "\(index % 2 == 0 ? "M" : "L")\(coordinate(centre.x + radius * end.0)),\(coordinate(centre.y + radius * end.1))"
    }.joined(separator: " ")
  }

  /// Corners of a regular polygon with one corner on top, as written-out sines so that no mathematics library is needed.
  private static func polygon(_ corners: Int, radius: Double) -> [(Double, Double)] {
    let unit: [(Double, Double)] =
      corners == 5
      ? [(0, -1), (0.951, -0.309), (0.588, 0.809), (-0.588, 0.809), (-0.951, -0.309)]
      : [(0, -1), (0.866, -0.5), (0.866, 0.5), (0, 1), (-0.866, 0.5), (-0.866, -0.5)]
    return unit.map { ($0.0 * radius, $0.1 * radius) }
  }

  private static let starCorners: [(Double, Double)] = {
    let outer = polygon(5, radius: 1.5)
    let inner = polygon(5, radius: 0.68).map { (-$0.0, -$0.1) }
    return (0..<5).flatMap { [outer[$0], inner[($0 + 3) % 5]] }
  }()
}

/// How a marker is painted.
public struct MarkerPaint: Hashable, Sendable {
  public var fill: Colour?
  public var stroke: Colour?
  public var strokeWidth: Double
  public var opacity: Double

  public init(fill: Colour?, stroke: Colour? = nil, strokeWidth: Double = 0.5, opacity: Double = 1) {
    precondition((0...1).contains(opacity), "an opacity lies in 0…1, got \(opacity)")
    self.fill = fill
    self.stroke = stroke
    self.strokeWidth = strokeWidth
    self.opacity = opacity
  }
}
