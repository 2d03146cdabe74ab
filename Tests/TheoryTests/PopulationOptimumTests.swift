import Basics
import Testing
import Theory

@Suite struct PopulationOptimumTests {
  /// Both outcomes of every comparison of a world.
  private func pairs(_ world: FiniteWorld) -> [WeightedPair] {
    (0..<world.count).flatMap { i in
      (0..<world.count).filter { $0 != i }.map { j in
        WeightedPair(
          chosen: i, rejected: j, weight: 2 * world.comparison[i] * world.comparison[j] * world.preference[i][j])
      }
    }
  }

  /// The search for a loss of the margin h.
  private func search(
    _ world: FiniteWorld, _ loss: @escaping (Double) -> (loss: Double, derivative: Double)
  ) -> PopulationOptimum {
    let pairs = pairs(world)
    let log = world.reference.map(naturalLogarithm)
    return populationOptimum(pairs: pairs, start: log) { index, chosen, rejected in
      let pair = pairs[index]
      let value = loss(chosen - log[pair.chosen] - rejected + log[pair.rejected])
      return (value.loss, value.derivative, -value.derivative)
    }
  }

  private func dpo(_ beta: Double) -> (Double) -> (loss: Double, derivative: Double) {
    { (softplus(-beta * $0), -beta * sigmoid(-beta * $0)) }
  }

  @Test func `it finds DPO's optimum on random worlds of up to 20 responses`() throws {
    for trial in 0..<40 {
      var random = SeedTree(21).child(trial).generator()
      let world = randomWorld(2 + random.below(19), &random)
      let beta = 0.1 + random.uniform()
      let found = search(world, dpo(beta))
      guard case .optimum(let policy, _, let norm) = found else {
        Issue.record("\(trial): \(found)")
        continue
      }
      #expect(norm <= 1e-10)
      #expect(worst(policy, try #require(world.dpoOptimum(beta: beta).optimum).policy) < 1e-7)
    }
  }

  @Test(arguments: [0.01, 0.1, 1]) func `it finds IPO's optimum far from the reference`(tau: Double) throws {
    let found = search(correlatedWorld) { (($0 - 0.5 / tau) * ($0 - 0.5 / tau), 2 * ($0 - 0.5 / tau)) }
    let policy = try #require(found.policy, "\(found)")
    #expect(worst(policy, correlatedWorld.ipoOptimum(tau: tau).policy) < 1e-9)
  }

  @Test func `a loss that is no function of the margin: log-odds`() throws {
    let pairs = pairs(productWorld)
    func loss(_ chosen: Double, _ rejected: Double) -> (loss: Double, dChosen: Double, dRejected: Double) {
      func odds(_ a: Double) -> Double { a - naturalLogarithm(1 - exponential(a)) }
      let h = odds(chosen) - odds(rejected)
      let slope = -0.5 * sigmoid(-h)
      return (
        -chosen + 0.5 * softplus(-h), -1 + slope / (1 - exponential(chosen)), -slope / (1 - exponential(rejected))
      )
    }
    let found = populationOptimum(pairs: pairs, start: [Double](repeating: 0, count: 6)) { loss($1, $2) }
    let policy = try #require(found.policy, "\(found)")
    func total(_ logits: [Double]) -> Double {
      let normaliser = logSumExp(logits)
      return pairs.reduce(0) {
        $0 + $1.weight * loss(logits[$1.chosen] - normaliser, logits[$1.rejected] - normaliser).loss
      }
    }
    let logits = policy.map(naturalLogarithm)
    for y in 0..<6 {
      for change in [-1e-3, 1e-3] {
        var moved = logits
        moved[y] += change
        #expect(total(moved) > total(logits))
      }
    }
  }

  @Test func `separable and unbounded losses diverge, and it says so`() {
    let strict = rankedWorld([4, 3, 2, 1], safe: [0])
    for found in [
      search(strict, dpo(1)), search(strict, dpo(0.1)),
      search(correlatedWorld) { (-$0, -1) },
    ] {
      guard case .diverges(let description) = found else {
        Issue.record("\(found)")
        continue
      }
      #expect(description.contains("no finite minimiser"))
    }
  }
}
