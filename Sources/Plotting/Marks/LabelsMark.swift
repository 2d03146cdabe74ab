/// Short texts at points, moved apart where they would overlap, with a leader line when moved far.
public struct LabelsMark: Mark {
  public var labels: [Label]

  public init(_ labels: [Label]) { self.labels = labels }

  public var extent: Extent { Extent(labels.map(\.anchor)) }

  public func draw(on canvas: inout Canvas) {
    for label in labels {
      let place = canvas.place(label.anchor)
      guard canvas.frame.grown(by: 0.01).contains(place) else { continue }
      var direction = PagePoint(x: 0.7, y: -0.7)
      if let from = label.awayFrom.map(canvas.place) {
        let dx = place.x - from.x
        let dy = place.y - from.y
        let length = (dx * dx + dy * dy).squareRoot()
        if length > 0 { direction = PagePoint(x: dx / length, y: dy / length) }
      }
      canvas.labels.append(PendingLabel(label: label, anchor: place, direction: direction))
    }
  }
}

/// A text that names a point.
public struct Label: Hashable, Sendable {
  public var text: String
  public var anchor: DataPoint
  public var colour: Colour
  /// In points.
  public var size: Double
  public var isBold: Bool
  /// The text is put on the far side of its anchor as seen from here: for the end of a path, the point before it.
  public var awayFrom: DataPoint?
  /// Distance kept from the anchor, in points: the radius of its marker and a little.
  public var clearance: Double

  public init(
    _ text: String, at anchor: DataPoint, colour: Colour = .ink, size: Double = 7, isBold: Bool = false,
    awayFrom: DataPoint? = nil, clearance: Double = 3.5
  ) {
    self.text = text
    self.anchor = anchor
    self.colour = colour
    self.size = size
    self.isBold = isBold
    self.awayFrom = awayFrom
    self.clearance = clearance
  }
}
