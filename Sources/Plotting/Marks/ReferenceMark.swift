/// A point that others are compared with: a cross in a ring, with its name.
public struct ReferenceMark: Mark {
  public var point: DataPoint
  public var name: String
  public var colour: Colour
  /// In points.
  public var radius: Double

  public init(_ point: DataPoint, name: String, colour: Colour = .black, radius: Double = 3.4) {
    self.point = point
    self.name = name
    self.colour = colour
    self.radius = radius
  }

  public var extent: Extent { Extent([point]) }

  public func draw(on canvas: inout Canvas) {
    let place = canvas.place(point)
    Self.draw(at: place, radius: radius, colour: colour, note: name, on: &canvas.writer)
    canvas.obstacles.append(Obstacle(box: Box(centre: place, halfWidth: radius, halfHeight: radius), weight: 6))
    guard !name.isEmpty else { return }
    let label = Label(name, at: point, colour: colour, clearance: radius + 1.5)
    canvas.labels.append(PendingLabel(label: label, anchor: place, direction: PagePoint(x: 0, y: 1)))
  }

  static func draw(at place: PagePoint, radius: Double, colour: Colour, note: String?, on writer: inout SVGWriter) {
    MarkerShape.circle.draw(
      at: place, radius: radius, paint: MarkerPaint(fill: .white, stroke: colour, strokeWidth: 0.9), note: note,
      on: &writer)
    MarkerShape.plus.draw(
      at: place, radius: radius * 0.8, paint: MarkerPaint(fill: colour, strokeWidth: 0.9), on: &writer)
  }
}
