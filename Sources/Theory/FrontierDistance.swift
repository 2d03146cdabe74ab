import Basics

/// How far a point lies below the limit; positive inside, negative beyond.
public struct FrontierDistance: Hashable, Sendable {
  /// How much y the best policy with at least this x has more; nil right of the frontier, where no policy has this x.
  public var vertical: Double?
  /// How much x the best policy with at least this y has more; nil above the frontier.
  public var horizontal: Double?
  /// The distance to the nearest point of the boundary, with the sign.
  public var euclidean: Double
}

extension ParetoFrontier {
  /// The distances of a point to the boundary of what is attainable or worse than something attainable: the frontier, the
  /// horizontal line to the left of it and the vertical line below it.
  ///
  /// - Parameter point: finite.
  public func distance(of point: PlanePoint) -> FrontierDistance {
    precondition(point.isFinite, "the point must be finite, got (\(point.x), \(point.y))")
    let vertical = height(atX: point.x).map { $0 - point.y }
    let horizontal = reach(atY: point.y).map { $0 - point.x }
    let (first, last) = (vertices[0], vertices[vertices.count - 1])
    var nearest = min(
      segmentDistance(point, PlanePoint(x: min(point.x, first.x), y: first.y), first),
      segmentDistance(point, last, PlanePoint(x: last.x, y: min(point.y, last.y))))
    for (a, b) in zip(vertices, vertices.dropFirst()) { nearest = min(nearest, segmentDistance(point, a, b)) }
    let isInside = (vertical ?? -1) >= 0 && (horizontal ?? -1) >= 0
    return FrontierDistance(vertical: vertical, horizontal: horizontal, euclidean: isInside ? nearest : -nearest)
  }

  /// Whether no policy attains a point, by more than a tolerance in the plane's units.
  public func isBeyond(_ point: PlanePoint, tolerance: Double = 1e-9) -> Bool {
    distance(of: point).euclidean < -tolerance
  }
}

/// The distance of a point to the segment from a to b.
private func segmentDistance(_ point: PlanePoint, _ a: PlanePoint, _ b: PlanePoint) -> Double {
  let (dx, dy) = (b.x - a.x, b.y - a.y)
  let length = dx * dx + dy * dy
  let along = length == 0 ? 0 : max(0, min(1, ((point.x - a.x) * dx + (point.y - a.y) * dy) / length))
  let (ex, ey) = (point.x - a.x - along * dx, point.y - a.y - along * dy)
  return (ex * ex + ey * ey).squareRoot()
}
