/// Intervals around points, as thin bars along one or both axes.
public struct IntervalsMark: Mark {
  /// A point with its interval along each axis; nil draws none.
  public struct Interval: Hashable, Sendable {
    public var centre: DataPoint
    public var x: ClosedRange<Double>?
    public var y: ClosedRange<Double>?

    public init(centre: DataPoint, x: ClosedRange<Double>? = nil, y: ClosedRange<Double>? = nil) {
      self.centre = centre
      self.x = x
      self.y = y
    }
  }

  public var intervals: [Interval]
  public var colour: Colour
  public var width: Double
  public var opacity: Double
  /// Bars no longer than this many points to both sides are hidden by the point's marker and not drawn.
  public var hiddenRadius: Double

  public init(
    _ intervals: [Interval], colour: Colour, width: Double = 0.5, opacity: Double = 1, hiddenRadius: Double = 0
  ) {
    self.intervals = intervals
    self.colour = colour
    self.width = width
    self.opacity = opacity
    self.hiddenRadius = hiddenRadius
  }

  public var extent: Extent {
    Extent(intervals.flatMap(Self.corners))
  }

  private static func corners(_ interval: Interval) -> [DataPoint] {
    let centre = interval.centre
    let alongX = interval.x.map { [DataPoint($0.lowerBound, centre.y), DataPoint($0.upperBound, centre.y)] } ?? []
    let alongY = interval.y.map { [DataPoint(centre.x, $0.lowerBound), DataPoint(centre.x, $0.upperBound)] } ?? []
    return [centre] + alongX + alongY
  }

  public func draw(on canvas: inout Canvas) {
    for interval in intervals {
      let ends = Self.corners(interval).dropFirst().map(canvas.place)
      let centre = canvas.place(interval.centre)
      for pair in stride(from: 0, to: ends.count, by: 2) {
        let (start, end) = (ends[pair], ends[pair + 1])
        let reach = [start, end].map { max(abs($0.x - centre.x), abs($0.y - centre.y)) }.max() ?? 0
        guard reach > hiddenRadius, let part = canvas.frame.clip(start, end) else { continue }
        canvas.writer.element(
          "line",
          [
            "x1": coordinate(part.start.x), "y1": coordinate(part.start.y), "x2": coordinate(part.end.x),
            "y2": coordinate(part.end.y), "stroke": colour.hex, "stroke-width": coordinate(width),
            "opacity": opacity < 1 ? fixed(opacity, decimals: 2) : "",
          ])
        canvas.keepClear(of: [part.start, part.end], weight: 0.3)
      }
    }
  }
}
