/// The area between a lower and an upper line over the same x values, such as a pointwise interval.
public struct BandMark: Mark {
  public var lower: [DataPoint]
  public var upper: [DataPoint]
  public var colour: Colour
  public var opacity: Double

  public init(lower: [DataPoint], upper: [DataPoint], colour: Colour, opacity: Double = 0.15) {
    precondition(
      lower.map(\.x) == upper.map(\.x),
      "a band needs the same x values below (\(lower.count)) and above (\(upper.count))")
    self.lower = lower
    self.upper = upper
    self.colour = colour
    self.opacity = opacity
  }

  public var extent: Extent { Extent(lower + upper) }

  /// Points beyond the frame are moved to its edge.
  public func draw(on canvas: inout Canvas) {
    guard lower.count > 1 else { return }
    let outline = (lower + upper.reversed()).map { canvas.frame.nearest(to: canvas.place($0)) }
    let data = outline.map { "\(coordinate($0.x)),\(coordinate($0.y))" }.joined(separator: " L")
    canvas.writer.element(
      "path", ["d": "M\(data) Z", "fill": colour.hex, "fill-opacity": fixed(opacity, decimals: 2)])
  }
}
