import Basics

/// Indices of the points that no other point dominates, by ascending x.
///
/// p dominates q when p is at least as good in both coordinates and better in one. So equal points do not dominate each
/// other: all copies of a front point are on the front, in the order given; of points that tie in one coordinate only the
/// better in the other is.
///
/// - Parameter points: finite, in any order.
public func paretoFront(_ points: [PlanePoint]) -> [Int] {
  for (index, point) in points.enumerated() {
    precondition(point.isFinite, "a front needs finite points, point \(index) is (\(point.x), \(point.y))")
  }
  let order = points.indices.sorted { a, b in
    (points[b].x, points[b].y, a) < (points[a].x, points[a].y, b)
  }
  var front: [Int] = []
  var best: PlanePoint?
  for index in order {
    let point = points[index]
    if let best, !(point.y > best.y || point == best) { continue }
    best = point
    front.append(index)
  }
  return front.sorted { (points[$0].x, -points[$0].y, $0) < (points[$1].x, -points[$1].y, $1) }
}

/// The line between what some point attains and what none does, from (floor.x, best y) to (best x, floor.y).
///
/// Every step is horizontal or vertical. Points that are not better than the floor in both coordinates are ignored;
/// empty when none is left.
public func paretoStaircase(_ points: [PlanePoint], floor: PlanePoint) -> [PlanePoint] {
  let above = points.filter { $0.x > floor.x && $0.y > floor.y }
  var corners: [PlanePoint] = []
  for index in paretoFront(above) {
    let point = above[index]
    if let last = corners.last {
      if last == point { continue }
      corners.append(PlanePoint(x: last.x, y: point.y))
    } else {
      corners.append(PlanePoint(x: floor.x, y: point.y))
    }
    corners.append(point)
  }
  if let last = corners.last { corners.append(PlanePoint(x: last.x, y: floor.y)) }
  return corners
}

/// The exact area of what the points dominate above a reference point: the union of the rectangles from it to each point.
///
///     H = Σᵢ (xᵢ − r_x)(yᵢ − yᵢ₊₁)   over the front by ascending x, with y after the last point = r_y
///
/// Points that are not better than the reference in both coordinates add nothing.
///
/// Source: Zitzler and Thiele 1998 (PPSN V); unit: product of the coordinates' units.
public func hypervolume(_ points: [PlanePoint], reference: PlanePoint) -> Double {
  precondition(reference.isFinite, "a hypervolume needs a finite reference point, got \(reference)")
  let above = points.filter { $0.x > reference.x && $0.y > reference.y }
  let front = paretoFront(above)
  var area = 0.0
  for (position, index) in front.enumerated() {
    let next = position + 1 < front.count ? above[front[position + 1]].y : reference.y
    area += (above[index].x - reference.x) * (above[index].y - next)
  }
  return area
}
