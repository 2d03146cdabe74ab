/// Names of lines, one above the other beside the lines' ends, each as near to the height of its end as the others allow.
///
/// The panel must keep room for them, `width` points: right of the plot area (`Panel.rightMargin`) or, on the left, inside it
/// (`Panel.leftInset`).
public struct EndLabelsMark: Mark {
  public enum Side: Hashable, Sendable { case left, right }

  public var labels: [Label]
  public var side: Side

  public init(_ labels: [Label], side: Side) {
    self.labels = labels
    self.side = side
  }

  public var extent: Extent { Extent(labels.map(\.anchor)) }

  /// The room that these labels need, in points.
  public var width: Double {
    (labels.map { TextMetrics.width($0.text, size: $0.size, bold: $0.isBold) }.max() ?? 0) + Self.gap + 2
  }

  /// Between a line's end and its name: room for a leader line.
  private static let gap = 10.0

  public func draw(on canvas: inout Canvas) {
    let ordered = labels.map { (label: $0, place: canvas.place($0.anchor)) }
      .sorted { ($0.place.y, $0.label.text) < ($1.place.y, $1.label.text) }
    let heights = Self.spread(
      ordered.map(\.place.y), spacing: ordered.map { $0.label.size * 1.12 },
      within: canvas.frame.top...canvas.frame.bottom)
    let sign = side == .right ? 1.0 : -1.0
    let edge = side == .right ? canvas.frame.right : ordered.map(\.place.x).min() ?? canvas.frame.left
    let textStart = edge + sign * Self.gap
    for ((label, place), y) in zip(ordered, heights) {
      if abs(y - place.y) > 1 || abs(place.x - edge) > 12 {
        canvas.writer.element(
          "line",
          [
            "x1": coordinate(place.x + sign * label.clearance), "y1": coordinate(place.y),
            "x2": coordinate(textStart - sign * 1.5), "y2": coordinate(y), "stroke": label.colour.hex,
            "stroke-width": "0.40", "opacity": "0.60",
          ])
      }
      canvas.writer.text(
        label.text, x: textStart, middle: y, size: label.size, colour: label.colour,
        anchor: side == .right ? .start : .end, bold: label.isBold)
    }
  }

  /// Moves ascending heights apart by at least the spacing, each as little as possible, staying within a range if they fit.
  ///
  /// Pools of touching neighbours share their mean shift (the pool-adjacent-violators algorithm).
  package static func spread(_ wanted: [Double], spacing: [Double], within range: ClosedRange<Double>) -> [Double] {
    precondition(wanted.count == spacing.count, "\(wanted.count) heights, \(spacing.count) spacings")
    var offsets: [Double] = []
    var total = 0.0
    for (index, size) in spacing.enumerated() {
      if index > 0 { total += (spacing[index - 1] + size) / 2 }
      offsets.append(total)
    }
    var pools: [(mean: Double, count: Int)] = []
    for (height, offset) in zip(wanted, offsets) {
      pools.append((height - offset, 1))
      while pools.count > 1, pools[pools.count - 2].mean > pools[pools.count - 1].mean {
        let last = pools.removeLast()
        let previous = pools.removeLast()
        let count = previous.count + last.count
        let sum = previous.mean * Double(previous.count) + last.mean * Double(last.count)
        pools.append((sum / Double(count), count))
      }
    }
    let half = (spacing.first ?? 0) / 2
    let lowest = range.lowerBound + half
    let highest = max(lowest, range.upperBound - half - total)
    let shifts = pools.flatMap { Array(repeating: min(max($0.mean, lowest), highest), count: $0.count) }
    return zip(shifts, offsets).map { $0 + $1 }
  }
}
