/// Points of one shape and paint.
public struct PointsMark: Mark {
  public var points: [DataPoint]
  public var shape: MarkerShape
  /// That of the circle of the same size, in points of the page.
  public var radius: Double
  public var paint: MarkerPaint
  /// What a viewer shows on hovering over each point; empty or one per point.
  public var notes: [String]
  /// How strongly labels avoid these points: 1 for means, less for seeds.
  public var prominence: Double

  public init(
    _ points: [DataPoint], shape: MarkerShape, radius: Double = 2.4, paint: MarkerPaint, notes: [String] = [],
    prominence: Double = 1
  ) {
    precondition(notes.isEmpty || notes.count == points.count, "\(notes.count) notes for \(points.count) points")
    self.points = points
    self.shape = shape
    self.radius = radius
    self.paint = paint
    self.notes = notes
    self.prominence = prominence
  }

  public var extent: Extent { Extent(points) }

  public func draw(on canvas: inout Canvas) {
    for (index, point) in points.enumerated() {
      let place = canvas.place(point)
      guard canvas.frame.grown(by: 0.01).contains(place) else { continue }
      shape.draw(
        at: place, radius: radius, paint: paint, note: notes.isEmpty ? nil : notes[index], on: &canvas.writer)
      let half = radius * 1.2
      canvas.obstacles.append(
        Obstacle(box: Box(centre: place, halfWidth: half, halfHeight: half), weight: 3 * prominence))
    }
  }
}
