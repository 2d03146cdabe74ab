/// A label that waits for its place, with its anchor on the page.
struct PendingLabel {
  var label: Label
  var anchor: PagePoint
  /// Unit vector to the preferred side.
  var direction: PagePoint
}

/// Finds places for labels: near their anchors, on the preferred side, clear of each other and of what is drawn.
///
/// Every label has candidate boxes at several distances in sixteen directions. The labels take their cheapest candidate one
/// after the other, then each is moved again given the others, until nothing moves. No randomness: same input, same places.
struct LabelPlacer {
  var frame: Box
  var obstacles: [Obstacle]

  private static let distances: [Double] = [0, 3, 7, 12, 18, 25, 33, 42]
  /// Cost of covering one square point of another label: more than anything else can cost.
  private static let labelWeight = 60.0
  /// Cost of a leader line that runs under another label.
  private static let crossingCost = 40.0
  /// Cost of standing nearer to the anchor of another label than to the own one.
  private static let misleadingCost = 15.0

  /// One box for each label.
  func place(_ labels: [PendingLabel]) -> [Box] {
    let candidates = labels.indices.map { index in
      self.candidates(for: labels[index], otherAnchors: labels.indices.filter { $0 != index }.map { labels[$0].anchor })
    }
    var chosen: [Placed] = []
    for index in labels.indices {
      chosen.append(cheapest(candidates[index], of: labels[index], given: chosen))
    }
    for _ in 0..<6 {
      var moved = false
      for index in chosen.indices {
        let others = chosen.indices.filter { $0 != index }.map { chosen[$0] }
        let best = cheapest(candidates[index], of: labels[index], given: others)
        if best.box != chosen[index].box { moved = true }
        chosen[index] = best
      }
      if !moved { break }
    }
    return chosen.map(\.box)
  }

  /// The line from a label's anchor to its box, from where the anchor's marker ends; nil when the box is near enough.
  static func leader(of pending: PendingLabel, to box: Box) -> (start: PagePoint, end: PagePoint)? {
    let end = box.nearest(to: pending.anchor)
    let dx = end.x - pending.anchor.x
    let dy = end.y - pending.anchor.y
    let distance = (dx * dx + dy * dy).squareRoot()
    guard distance > pending.label.clearance + 4 else { return nil }
    let share = pending.label.clearance * 0.8 / distance
    return (PagePoint(x: pending.anchor.x + share * dx, y: pending.anchor.y + share * dy), end)
  }

  /// Whether the box covers something drawn, so that the text needs a ground of its own.
  func covers(_ box: Box) -> Bool { obstacles.contains { $0.box.overlap(box) > 0 } }

  private struct Candidate {
    var box: Box
    /// Without the cost of other labels.
    var cost: Double
  }

  private struct Placed {
    var box: Box
    var leader: (start: PagePoint, end: PagePoint)?
  }

  private func cheapest(_ candidates: [Candidate], of pending: PendingLabel, given others: [Placed]) -> Placed {
    var best = Placed(box: candidates[0].box)
    var bestCost = Double.infinity
    for candidate in candidates where candidate.cost < bestCost {
      let room = candidate.box.grown(by: 1)
      let leader = Self.leader(of: pending, to: candidate.box)
      var cost = candidate.cost
      for other in others {
        cost += Self.labelWeight * other.box.overlap(room)
        if let line = leader, other.box.clip(line.start, line.end) != nil { cost += Self.crossingCost }
        if let line = other.leader, room.clip(line.start, line.end) != nil { cost += Self.crossingCost }
      }
      if cost < bestCost {
        best = Placed(box: candidate.box, leader: leader)
        bestCost = cost
      }
    }
    return best
  }

  private func candidates(for pending: PendingLabel, otherAnchors: [PagePoint]) -> [Candidate] {
    let label = pending.label
    let halfWidth = TextMetrics.width(label.text, size: label.size, bold: label.isBold) / 2
    let halfHeight = label.size * 0.5
    var found: [Candidate] = []
    for distance in Self.distances {
      for direction in Self.directions {
        let reach = label.clearance + distance
        let centre = PagePoint(
          x: pending.anchor.x + direction.x * (reach + halfWidth),
          y: pending.anchor.y + direction.y * (reach + halfHeight))
        let box = Box(centre: centre, halfWidth: halfWidth, halfHeight: halfHeight)
        guard frame.contains(box) else { continue }
        let turn = 1 - (direction.x * pending.direction.x + direction.y * pending.direction.y)
        let covered = obstacles.reduce(0) { $0 + $1.weight * $1.box.overlap(box) }
        let own = Self.distance(box, pending.anchor)
        let misleading = otherAnchors.count { $0 != pending.anchor && Self.distance(box, $0) < min(own + 2, 12) }
        let cost = covered + distance * 0.9 + turn * 4 + Double(misleading) * Self.misleadingCost
        found.append(Candidate(box: box, cost: cost))
      }
    }
    if found.isEmpty { found.append(Candidate(box: pushedInside(pending.anchor, halfWidth, halfHeight), cost: 0)) }
    return found
  }

  private static func distance(_ box: Box, _ point: PagePoint) -> Double {
    let nearest = box.nearest(to: point)
    let dx = nearest.x - point.x
    let dy = nearest.y - point.y
    return (dx * dx + dy * dy).squareRoot()
  }

  private func pushedInside(_ anchor: PagePoint, _ halfWidth: Double, _ halfHeight: Double) -> Box {
    let x = max(frame.left + halfWidth, min(anchor.x, frame.right - halfWidth))
    let y = max(frame.top + halfHeight, min(anchor.y, frame.bottom - halfHeight))
    return Box(centre: PagePoint(x: x, y: y), halfWidth: halfWidth, halfHeight: halfHeight)
  }

  /// Sixteen unit vectors, starting with the right.
  private static let directions: [PagePoint] = {
    let quarter: [(Double, Double)] = [(1, 0), (0.924, 0.383), (0.707, 0.707), (0.383, 0.924)]
    let turns: [((Double, Double)) -> PagePoint] = [
      { PagePoint(x: $0.0, y: $0.1) }, { PagePoint(x: -$0.1, y: $0.0) }, { PagePoint(x: -$0.0, y: -$0.1) },
      { PagePoint(x: $0.1, y: -$0.0) },
    ]
    return turns.flatMap { turn in quarter.map(turn) }
  }()
}
