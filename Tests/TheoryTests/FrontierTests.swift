import Basics
import Testing
import Theory

@Suite struct FrontierTests {
  private func prompts(_ random: inout RandomStream) -> [FrontierPrompt] {
    (0..<1 + random.below(4)).map { _ in
      FrontierPrompt(
        weight: 0.2 + random.uniform(),
        points: (0..<2 + random.below(6)).map { _ in PlanePoint(x: random.uniform(), y: random.uniform()) })
    }
  }

  /// (E x, E y) of one policy per prompt.
  private func outcome(_ prompts: [FrontierPrompt], _ policies: [[Double]]) -> PlanePoint {
    let total = prompts.reduce(0) { $0 + $1.weight }
    var point = PlanePoint(x: 0, y: 0)
    for (prompt, policy) in zip(prompts, policies) {
      point.x += prompt.weight / total * expectation(prompt.points.map(\.x), under: policy)
      point.y += prompt.weight / total * expectation(prompt.points.map(\.y), under: policy)
    }
    return point
  }

  @Test func `a frontier by hand`() {
    let left = FrontierPrompt(points: [PlanePoint(x: 0, y: 1), PlanePoint(x: 1, y: 0), PlanePoint(x: 0.2, y: 0.2)])
    let right = FrontierPrompt(points: [PlanePoint(x: 0, y: 1), PlanePoint(x: 0.5, y: 0.9), PlanePoint(x: 1, y: 0)])
    let frontier = ParetoFrontier([left, right])
    let corners = [(0.0, 1.0), (0.25, 0.95), (0.75, 0.45), (1, 0)]
    #expect(frontier.vertices.count == 4)
    for (vertex, corner) in zip(frontier.vertices, corners) {
      #expect(abs(vertex.x - corner.0) < 1e-15 && abs(vertex.y - corner.1) < 1e-15)
    }
    #expect(abs(frontier.area(above: PlanePoint(x: 0, y: 0)) - (0.25 * 0.975 + 0.5 * 0.7 + 0.25 * 0.225)) < 1e-15)
    #expect(abs(frontier.area(above: PlanePoint(x: -1, y: 0.5)) - (0.5 + 0.25 * 0.475 + 0.45 * 0.225)) < 1e-15)
    #expect(frontier.area(above: PlanePoint(x: 0, y: 1.5)) == 0)
    #expect(frontier.area(above: PlanePoint(x: 1.5, y: 0)) == 0)
  }

  @Test func `distances by hand`() {
    let frontier = ParetoFrontier([FrontierPrompt(points: [PlanePoint(x: 0, y: 1), PlanePoint(x: 1, y: 0)])])
    let inside = frontier.distance(of: PlanePoint(x: 0.25, y: 0.25))
    #expect(abs(inside.euclidean - 0.5 * 0.5.squareRoot()) < 1e-15)
    #expect(inside.vertical == 0.5 && inside.horizontal == 0.5)
    let beyond = frontier.distance(of: PlanePoint(x: 1, y: 1))
    #expect(abs(beyond.euclidean + 0.5.squareRoot()) < 1e-15)
    #expect(beyond.vertical == -1 && beyond.horizontal == -1)
    let above = frontier.distance(of: PlanePoint(x: -1, y: 1.5))
    #expect(above.vertical == -0.5 && above.horizontal == nil && above.euclidean == -0.5)
    let right = frontier.distance(of: PlanePoint(x: 1.25, y: -3))
    #expect(right.vertical == nil && right.horizontal == -0.25 && right.euclidean == -0.25)
    #expect(frontier.isBeyond(PlanePoint(x: 0.6, y: 0.6)) && !frontier.isBeyond(PlanePoint(x: 0.4, y: 0.6)))
    #expect(!frontier.isBeyond(PlanePoint(x: 0.6, y: 0.6), tolerance: 0.2))
  }

  @Test func `no random policy lies beyond, and every direction's best deterministic policy is on it`() {
    for trial in 0..<100 {
      var random = SeedTree(1).child(trial).generator()
      let prompts = prompts(&random)
      let frontier = ParetoFrontier(prompts)
      for _ in 0..<50 {
        let sharp = random.uniform() < 0.5
        let policies = prompts.map { prompt in
          sharp
            ? softmax(prompt.points.map { _ in 20 * random.normal() }) : simplex(prompt.points.count, &random)
        }
        #expect(!frontier.isBeyond(outcome(prompts, policies), tolerance: 1e-12))
      }
      for _ in 0..<20 {
        let (a, b) = (random.uniform(), random.uniform())
        let best = prompts.map { $0.points.map { a * $0.x + b * $0.y } }.map { scores in
          scores.map { $0 == scores.max() ? 1.0 : 0 }
        }
        let point = outcome(prompts, best)
        #expect(abs(frontier.distance(of: point).euclidean) < 1e-12)
        let support = frontier.vertices.map { a * $0.x + b * $0.y }.max() ?? 0
        #expect(abs(support - (a * point.x + b * point.y)) < 1e-12)
      }
    }
  }

  @Test func `the frontier is concave, falls, and its area is the limit of its points' staircase`() {
    for trial in 0..<50 {
      var random = SeedTree(2).child(trial).generator()
      let frontier = ParetoFrontier(prompts(&random))
      let corners = frontier.vertices
      for (a, b) in zip(corners, corners.dropFirst()) { #expect(a.x < b.x && a.y > b.y) }
      for index in corners.indices.dropFirst(2) {
        let (a, b, c) = (corners[index - 2], corners[index - 1], corners[index])
        #expect((b.y - a.y) * (c.x - b.x) >= (c.y - b.y) * (b.x - a.x))
      }
      let floor = PlanePoint(x: 0.2, y: 0.3)
      let steps = 20_000
      let width = (corners[corners.count - 1].x - floor.x) / Double(steps)
      var sum = 0.0
      if width > 0 {
        for step in 0..<steps {
          let height = frontier.height(atX: floor.x + (Double(step) + 0.5) * width) ?? 0
          sum += width * max(0, height - floor.y)
        }
      }
      #expect(abs(frontier.area(above: floor) - sum) < 1e-6)
    }
  }

  @Test func `one response, ties and equal points`() {
    let single = ParetoFrontier([FrontierPrompt(points: [PlanePoint(x: 0.3, y: 0.4)])])
    #expect(single.vertices == [PlanePoint(x: 0.3, y: 0.4)])
    #expect(abs(single.area(above: PlanePoint(x: 0, y: 0)) - 0.12) < 1e-16)
    let tied = ParetoFrontier([
      FrontierPrompt(points: [
        PlanePoint(x: 0, y: 1), PlanePoint(x: 0.5, y: 1), PlanePoint(x: 0.5, y: 1), PlanePoint(x: 1, y: 0.2),
        PlanePoint(x: 1, y: 0),
      ])
    ])
    #expect(tied.vertices == [PlanePoint(x: 0.5, y: 1), PlanePoint(x: 1, y: 0.2)])
  }
}
