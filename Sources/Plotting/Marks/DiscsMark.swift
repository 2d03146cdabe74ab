/// Discs whose areas are proportional to values, each with a text above and one below; a value of 0 leaves its place marked.
public struct DiscsMark: Mark {
  public struct Disc: Hashable, Sendable {
    public var centre: DataPoint
    /// The share of the largest disc's area, not negative.
    public var value: Double
    public var colour: Colour
    public var above: String
    public var below: String
    /// What a viewer shows on hovering.
    public var note: String

    public init(_ centre: DataPoint, value: Double, colour: Colour, above: String, below: String, note: String) {
      precondition(value >= 0 && value.isFinite, "an area is not negative, got \(value)")
      self.centre = centre
      self.value = value
      self.colour = colour
      self.above = above
      self.below = below
      self.note = note
    }
  }

  public var discs: [Disc]
  /// Of a disc of value 1, in points.
  public var unitRadius: Double
  public var textSize: Double

  public init(_ discs: [Disc], unitRadius: Double, textSize: Double = 6.5) {
    self.discs = discs
    self.unitRadius = unitRadius
    self.textSize = textSize
  }

  public var extent: Extent { Extent(discs.map(\.centre)) }

  public func draw(on canvas: inout Canvas) {
    for disc in discs.sorted(by: { $0.value > $1.value }) {
      let place = canvas.place(disc.centre)
      MarkerShape.plus.draw(
        at: place, radius: 1.4, paint: MarkerPaint(fill: disc.colour, strokeWidth: 0.6), on: &canvas.writer)
      let radius = unitRadius * disc.value.squareRoot()
      MarkerShape.circle.draw(
        at: place, radius: radius, paint: MarkerPaint(fill: disc.colour, opacity: 0.8), note: disc.note,
        on: &canvas.writer)
      let distance = max(radius, 2) + textSize * 0.65
      for (text, middle) in [(disc.above, place.y - distance), (disc.below, place.y + distance)] where !text.isEmpty {
        canvas.writer.text(
          text, x: place.x, middle: middle, size: textSize, colour: disc.colour.mixed(with: .black, share: 0.35),
          anchor: .middle)
      }
    }
    for room in keepOut {
      let box = Box(centre: canvas.place(room.centre), halfWidth: room.halfWidth, halfHeight: room.halfHeight)
      canvas.obstacles.append(Obstacle(box: box, weight: 6))
    }
  }

  /// What the discs and their texts take up.
  public var keepOut: [ContourMark.KeepOut] {
    discs.map { disc in
      let radius = max(2, unitRadius * disc.value.squareRoot())
      let widest = max(TextMetrics.width(disc.above, size: textSize), TextMetrics.width(disc.below, size: textSize))
      return ContourMark.KeepOut(
        disc.centre, halfWidth: max(radius, widest / 2), halfHeight: radius + textSize * 1.05)
    }
  }
}
