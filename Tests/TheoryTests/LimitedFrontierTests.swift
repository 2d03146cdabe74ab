import Basics
import Testing
import Theory

@Suite struct LimitedFrontierTests {
  private let prompts = [
    FrontierPrompt(weight: 2, points: correlatedWorld.outcomes),
    FrontierPrompt(weight: 1, points: productWorld.outcomes),
  ]
  private let references = [correlatedWorld.reference, productWorld.reference]

  @Test(arguments: [0.01, 0.1, 0.5]) func `the budget is used up, and no policy within it lies beyond`(kl: Double) {
    let points = limitedFrontier(prompts, references: references, budget: kl)
    let whole = ParetoFrontier(prompts)
    for point in points {
      #expect(abs(point.kl - kl) < 1e-12)
      #expect(!whole.isBeyond(point.point))
    }
    var random = SeedTree(31).generator()
    for _ in 0..<500 {
      let policies = references.map { reference in
        gibbsPolicy(
          reference: reference, reward: reference.map { _ in random.normal() }, temperature: 0.3 + random.uniform())
      }
      let spent =
        2 / 3.0 * divergence(policies[0], from: references[0]) + 1 / 3.0 * divergence(policies[1], from: references[1])
      if spent > kl { continue }
      let x = zip([2 / 3.0, 1 / 3.0], zip(prompts, policies)).reduce(0) {
        $0 + $1.0 * expectation($1.1.0.points.map(\.x), under: $1.1.1)
      }
      let y = zip([2 / 3.0, 1 / 3.0], zip(prompts, policies)).reduce(0) {
        $0 + $1.0 * expectation($1.1.0.points.map(\.y), under: $1.1.1)
      }
      for point in points {
        let (a, b) = (cosine(point.angle), cosine(0.5 * .pi - point.angle))
        #expect(a * x + b * y <= a * point.point.x + b * point.point.y + 1e-12)
      }
    }
  }

  @Test func `no budget is the reference, and a budget that does not bind is the whole frontier`() {
    let none = limitedFrontier(prompts, references: references, budget: 0, directions: 5)
    for point in none { #expect(point.policies.elementsEqual(references) { worst($0, $1) < 1e-15 }) }
    let all = limitedFrontier(prompts, references: references, budget: 10, directions: 33)
    let whole = ParetoFrontier(prompts)
    for point in all {
      #expect(point.scale == .infinity)
      #expect(abs(whole.distance(of: point.point).euclidean) < 1e-12)
    }
    #expect(abs(all[0].point.x - whole.vertices.last!.x) < 1e-15)
    #expect(abs(all[32].point.y - whole.vertices[0].y) < 1e-15)
  }
}
