/// A line of horizontal and vertical steps, optionally with the area down to a floor tinted.
///
/// A Pareto front is drawn so: between two of its points nothing better than their common worse corner is known,
/// so a straight segment would claim outcomes that nobody has seen.
public struct StaircaseMark: Mark {
  /// Corners of the line, each sharing a coordinate with the one before.
  public var corners: [DataPoint]
  /// Nil draws the area only.
  public var stroke: Stroke?
  /// The corner opposite to the line, which closes the tinted area.
  public var floor: DataPoint?
  /// Laid thinly over the grid.
  public var tint: Colour?
  /// Whether the line goes on from its ends to the left and to the lower edge of the panel.
  public var reachesEdges: Bool

  public init(
    _ corners: [DataPoint], stroke: Stroke?, floor: DataPoint? = nil, tint: Colour? = nil, reachesEdges: Bool = false
  ) {
    for (start, end) in zip(corners, corners.dropFirst()) {
      precondition(start.x == end.x || start.y == end.y, "steps are axis-parallel, got \(start) to \(end)")
    }
    self.corners = corners
    self.stroke = stroke
    self.floor = floor
    self.tint = tint
    self.reachesEdges = reachesEdges
  }

  public var extent: Extent { .nothing }

  public func draw(on canvas: inout Canvas) {
    var places = corners.map(canvas.place)
    if let floor, let tint, corners.count > 1 {
      let inside = (places + [canvas.place(floor)]).map(canvas.frame.nearest)
      let data = inside.map { "\(coordinate($0.x)),\(coordinate($0.y))" }.joined(separator: " L")
      canvas.writer.element("path", ["d": "M\(data) Z", "fill": tint.hex, "fill-opacity": "0.04"])
    }
    if reachesEdges, let first = places.first, let last = places.last {
      places.insert(PagePoint(x: min(first.x, canvas.frame.left), y: first.y), at: 0)
      places.append(PagePoint(x: last.x, y: max(last.y, canvas.frame.bottom)))
    }
    let data = canvas.pathData(through: places)
    guard let stroke, !data.isEmpty else { return }
    stroke.draw(data, on: &canvas.writer)
    canvas.keepClear(of: places, weight: 1)
  }
}
