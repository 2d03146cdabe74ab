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
  public var tint: Colour?

  public init(_ corners: [DataPoint], stroke: Stroke?, floor: DataPoint? = nil, tint: Colour? = nil) {
    for (start, end) in zip(corners, corners.dropFirst()) {
      precondition(start.x == end.x || start.y == end.y, "steps are axis-parallel, got \(start) to \(end)")
    }
    self.corners = corners
    self.stroke = stroke
    self.floor = floor
    self.tint = tint
  }

  public var extent: Extent { .nothing }

  public func draw(on canvas: inout Canvas) {
    let places = corners.map(canvas.place)
    if let floor, let tint, corners.count > 1 {
      let inside = (places + [canvas.place(floor)]).map(canvas.frame.nearest)
      let data = inside.map { "\(coordinate($0.x)),\(coordinate($0.y))" }.joined(separator: " L")
      canvas.writer.element("path", ["d": "M\(data) Z", "fill": tint.hex])
    }
    let data = canvas.pathData(through: places)
    guard let stroke, !data.isEmpty else { return }
    stroke.draw(data, on: &canvas.writer)
    canvas.keepClear(of: places, weight: 1)
  }
}
