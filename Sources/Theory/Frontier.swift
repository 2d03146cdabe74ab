import Basics

/// One prompt as the frontier sees it: its weight and what each response attains.
public struct FrontierPrompt: Hashable, Sendable {
  /// p(x).
  public var weight: Double
  /// (helpfulness, safety) of each response [K], both to be maximised.
  public var points: [PlanePoint]

  public init(weight: Double = 1, points: [PlanePoint]) {
    precondition(weight > 0 && !points.isEmpty, "a prompt needs a positive weight and a response, got \(weight)")
    self.weight = weight
    self.points = points
  }
}

/// The exact limit of every policy: the upper-right boundary of { (E helpfulness, E safety) of π } over all π.
///
/// What a prompt can attain is the convex hull of its responses' points, and the mean over prompts is the weighted Minkowski sum
/// of the hulls; so the boundary is the concatenation of all their upper-right edges, sorted by slope. It runs from the greatest
/// y to the greatest x.
///
/// Source: Minkowski sums of convex polygons (de Berg et al. 2008, Computational Geometry, section 13.3).
public struct ParetoFrontier: Hashable, Sendable {
  /// The corners by ascending x and descending y; at least one.
  public let vertices: [PlanePoint]

  /// - Parameter prompts: at least one; weights are divided by their sum.
  public init(_ prompts: [FrontierPrompt]) {
    precondition(!prompts.isEmpty, "a frontier needs a prompt")
    if prompts.count == 1 {
      // Without the rounding of sums.
      vertices = upperRightChain(prompts[0].points)
      return
    }
    let total = prompts.reduce(0) { $0 + $1.weight }
    var start = PlanePoint(x: 0, y: 0)
    var edges: [PlanePoint] = []
    for prompt in prompts {
      let weight = prompt.weight / total
      let chain = upperRightChain(prompt.points)
      start.x += weight * chain[0].x
      start.y += weight * chain[0].y
      for (a, b) in zip(chain, chain.dropFirst()) {
        edges.append(PlanePoint(x: weight * (b.x - a.x), y: weight * (b.y - a.y)))
      }
    }
    // Flattest first: every edge goes right and down, so dy₁/dx₁ > dy₂/dx₂ ⇔ dy₁ dx₂ > dy₂ dx₁.
    edges.sort { $0.y * $1.x > $1.y * $0.x }
    var corners = [start]
    for (index, edge) in edges.enumerated() {
      let next = PlanePoint(x: corners[corners.count - 1].x + edge.x, y: corners[corners.count - 1].y + edge.y)
      if index > 0, edges[index - 1].y * edge.x == edge.y * edges[index - 1].x { corners.removeLast() }
      corners.append(next)
    }
    vertices = corners
  }

  /// A frontier by its corners, by ascending x and descending y; at least one.
  public init(vertices: [PlanePoint]) {
    precondition(!vertices.isEmpty, "a frontier needs a corner")
    self.vertices = vertices
  }

  /// The greatest y that some policy attains at an x of at least this one; nil right of the frontier.
  public func height(atX x: Double) -> Double? {
    guard let next = vertices.firstIndex(where: { $0.x >= x }) else { return nil }
    if next == 0 { return vertices[0].y }
    let (a, b) = (vertices[next - 1], vertices[next])
    return a.y + (x - a.x) / (b.x - a.x) * (b.y - a.y)
  }

  /// The greatest x that some policy attains at a y of at least this one; nil above the frontier.
  public func reach(atY y: Double) -> Double? {
    guard let before = vertices.lastIndex(where: { $0.y >= y }) else { return nil }
    if before == vertices.count - 1 { return vertices[before].x }
    let (a, b) = (vertices[before], vertices[before + 1])
    return a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x)
  }

  /// The area between the frontier and a reference point: the hypervolume of everything attainable above that point.
  ///
  /// It is the limit of the finite set's ``hypervolume(_:reference:)`` as points fill the frontier.
  ///
  /// - Returns: in the product of the axes' units; 0 when nothing attainable is better in both coordinates.
  public func area(above reference: PlanePoint) -> Double {
    guard let end = reach(atY: reference.y), end > reference.x else { return 0 }
    let corners = vertices.filter { $0.x > reference.x && $0.x < end }.map(\.x)
    let stops = [reference.x] + corners + [end]
    var area = 0.0
    for (left, right) in zip(stops, stops.dropFirst()) {
      // Between neighbouring stops the boundary is one straight line.
      let middle = height(atX: (left + right) / 2) ?? reference.y
      area += (right - left) * (middle - reference.y)
    }
    return area
  }
}

/// The part of the convex hull of `points` from the greatest y (ties: the greatest x) to the greatest x (ties: the greatest y).
func upperRightChain(_ points: [PlanePoint]) -> [PlanePoint] {
  var chain: [PlanePoint] = []
  for point in points.sorted(by: { ($0.x, $0.y) > ($1.x, $1.y) }) {
    if let last = chain.last, point.y <= last.y { continue }
    while chain.count >= 2, !turnsLeft(chain[chain.count - 2], chain[chain.count - 1], point) { chain.removeLast() }
    chain.append(point)
  }
  return chain.reversed()
}

/// Whether the way a → b → c turns to the left by more than nothing.
private func turnsLeft(_ a: PlanePoint, _ b: PlanePoint, _ c: PlanePoint) -> Bool {
  (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x) > 0
}

extension FiniteWorld {
  /// (P(y), s(y)) of each response [K].
  public var outcomes: [PlanePoint] { zip(winRate, safety).map { PlanePoint(x: $0, y: $1) } }

  /// The frontier of this prompt alone.
  public var frontier: ParetoFrontier { ParetoFrontier([FrontierPrompt(points: outcomes)]) }
}
