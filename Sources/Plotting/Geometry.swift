/// A point in the units of the data.
public struct DataPoint: Hashable, Sendable {
  public var x: Double
  public var y: Double

  public init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }

  /// Whether both coordinates are numbers that can be drawn.
  public var isFinite: Bool { x.isFinite && y.isFinite }
}

/// A point on the page, in points (1/72 inch) from the top left corner, y downwards.
struct PagePoint: Hashable, Sendable {
  var x: Double
  var y: Double
}

/// An axis-parallel rectangle on the page, in points.
struct Box: Hashable, Sendable {
  var left: Double
  var top: Double
  var right: Double
  var bottom: Double

  var width: Double { right - left }
  var height: Double { bottom - top }
  var centre: PagePoint { PagePoint(x: (left + right) / 2, y: (top + bottom) / 2) }

  init(left: Double, top: Double, right: Double, bottom: Double) {
    self.left = left
    self.top = top
    self.right = right
    self.bottom = bottom
  }

  init(centre: PagePoint, halfWidth: Double, halfHeight: Double) {
    self.init(
      left: centre.x - halfWidth, top: centre.y - halfHeight, right: centre.x + halfWidth, bottom: centre.y + halfHeight
    )
  }

  /// The area that two boxes share, in square points.
  func overlap(_ other: Box) -> Double {
    let shared = min(right, other.right) - max(left, other.left)
    guard shared > 0 else { return 0 }
    return shared * max(0, min(bottom, other.bottom) - max(top, other.top))
  }

  func contains(_ other: Box) -> Bool {
    left <= other.left && top <= other.top && right >= other.right && bottom >= other.bottom
  }

  func contains(_ point: PagePoint) -> Bool {
    left <= point.x && point.x <= right && top <= point.y && point.y <= bottom
  }

  func grown(by margin: Double) -> Box {
    Box(left: left - margin, top: top - margin, right: right + margin, bottom: bottom + margin)
  }

  /// The point of the box that is nearest to `point`.
  func nearest(to point: PagePoint) -> PagePoint {
    PagePoint(x: min(max(point.x, left), right), y: min(max(point.y, top), bottom))
  }

  /// The part of a segment inside the box (Liang and Barsky 1984), or nil when there is none.
  func clip(_ start: PagePoint, _ end: PagePoint) -> (start: PagePoint, end: PagePoint)? {
    let dx = end.x - start.x
    let dy = end.y - start.y
    var enter = 0.0
    var leave = 1.0
    for (direction, room) in [
      (-dx, start.x - left), (dx, right - start.x), (-dy, start.y - top), (dy, bottom - start.y),
    ] {
      if direction == 0 {
        if room < 0 { return nil }
      } else if direction < 0 {
        enter = max(enter, room / direction)
      } else {
        leave = min(leave, room / direction)
      }
    }
    guard enter <= leave else { return nil }
    return (
      enter == 0 ? start : PagePoint(x: start.x + enter * dx, y: start.y + enter * dy),
      leave == 1 ? end : PagePoint(x: start.x + leave * dx, y: start.y + leave * dy)
    )
  }
}
