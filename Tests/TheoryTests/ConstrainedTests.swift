import Basics
import TestSupport
import Testing
import Theory

@Suite struct ConstrainedTests {
  /// The dual fixture F3, in the sign of one-shot safety alignment.
  private let scored = Fixtures.scored

  @Test func `dual fixture: optimum`() throws {
    let solution = try #require(scored.solve().solution)
    #expect(abs(solution.multiplier - 0.60100876836) < 1e-11)
    #expect(worst(solution.policy, [0.1820701154, 0.6804554816, 0.0914953840, 0.0459790190]) < 1e-10)
    #expect(abs(solution.outcome.cost + 0.5) < 1e-14)
    #expect(abs(solution.dual - 0.8910144216) < 1e-10)
    #expect(abs(solution.dual - solution.primal) < 1e-14)
  }

  @Test(arguments: [
    (0.0, 1.6016407665, -2.1718439715, 1.7093403204), (0.5, 0.9087097344, -0.3642222269, 4.0064394978),
    (1, 1.0830975470, 0.8786607675, 1.8896148352),
  ])
  func `dual fixture: values and derivatives`(
    multiplier: Double, value: Double, slope: Double, curvature: Double
  ) {
    let point = scored.dual(at: multiplier)
    #expect(abs(point.value - value) < 1e-10)
    #expect(abs(point.slope - slope) < 1e-10)
    #expect(abs(point.curvature - curvature) < 1e-10)
    let difference = centralDifference(at: multiplier) { scored.dual(at: $0).value }
    #expect(abs(difference - slope) < 1e-8)
    #expect(abs(centralDifference(at: multiplier) { scored.dual(at: $0).slope } - curvature) < 1e-8)
  }

  @Test func `projected gradient descent reaches the same multiplier`() throws {
    var multiplier = 1.0
    for _ in 0..<200 { multiplier = max(0, multiplier - 0.2 * scored.dual(at: multiplier).slope) }
    #expect(abs(multiplier - (try #require(scored.solve().solution)).multiplier) < 1e-12)
  }

  @Test func `two prompts: fixed beta`() throws {
    let solution = try #require(twoPrompts.solve().solution)
    #expect(abs(solution.multiplier - 0.9595958979225899) < 1e-13)
    #expect(worst(solution.outcome.policies[0], [0.2725725149, 0.2216347640, 0.3417055166, 0.1640872045]) < 1e-10)
    #expect(worst(solution.outcome.policies[1], [0.6647747277, 0.0282720261, 0.2716457678, 0.0353074783]) < 1e-10)
    #expect(abs(solution.outcome.reward - 0.6580249073636772) < 1e-13)
    #expect(abs(solution.outcome.cost + 0.2) < 1e-14)
    #expect(abs(solution.outcome.kl - 0.3173039506036004) < 1e-13)
    #expect(abs(solution.primal - 0.499372932061877) < 1e-13)
    #expect(abs(solution.dual - 0.499372932061877) < 1e-13)
    #expect(abs(solution.outcome.costVariance - 0.6586076919525521) < 1e-12)
    let free = twoPrompts.dual(at: 0).outcome
    #expect(abs(free.reward - 1.5420464340758433) < 1e-13)
    #expect(abs(free.cost - 1.338375659389637) < 1e-13)
    #expect(abs(free.kl - 0.5905274081631362) < 1e-13)
  }

  @Test func `the multiplier is the price of the budget`() throws {
    func value(_ budget: Double) -> Double {
      ConstrainedProblem(twoPrompts.prompts, beta: 0.5, budget: budget).solve().solution?.primal ?? .nan
    }
    #expect(abs(centralDifference(at: -0.2, value) - 0.9595958979225899) < 1e-8)
  }

  @Test func `two prompts: per-prompt constraints`() throws {
    let multipliers = try twoPrompts.prompts.map {
      try #require(ConstrainedProblem([$0], beta: 0.5, budget: -0.2).solve().solution).multiplier
    }
    #expect(worst(multipliers, [1.1924630013760746, 0.7126453849404956]) < 1e-12)
  }

  @Test func `slack and impossible budgets`() throws {
    let slack = try #require(ConstrainedProblem(twoPrompts.prompts, beta: 0.5, budget: 1.4).solve().solution)
    #expect(slack.multiplier == 0)
    #expect(abs(slack.primal - slack.dual + 0) < 1.4 * 1e-12)
    #expect(twoPrompts.leastCost == -1)
    let never = ConstrainedProblem(twoPrompts.prompts, beta: 0.5, budget: -1)
    #expect(never.solve() == .infeasible(leastCost: -1))
    let barely = try #require(ConstrainedProblem(twoPrompts.prompts, beta: 0.5, budget: -0.999999).solve().solution)
    #expect(abs(barely.outcome.cost + 0.999999) < 1e-12)
    #expect(barely.multiplier > 5)
  }

  @Test(arguments: [
    ([0, 3], [0.6113, 0.0562, 0.0438, 0.2887], 2.136293), ([1, 3], [0.0622, 0.5602, 0.0378, 0.3398], 2.447225),
    ([2, 3], [0.0562, 0.0438, 0.5060, 0.3940], 2.697225),
  ])
  func `safety of at least 0.9 on the ranked designs`(safe: [Int], policy: [Double], multiplier: Double) throws {
    let world = rankedWorld([4, 3, 2, 1], safe: safe)
    let solution = try #require(world.safetyConstrainedOptimum(atLeast: 0.9, beta: 1).solution)
    #expect(worst(solution.policy, policy) < 5.1e-5)
    #expect(abs(solution.multiplier - multiplier) < 5.1e-7)
  }

  @Test func `safety of at least 0.9 on the product design costs ln 9`() throws {
    let world = rankedWorld([2, 1, 1, 2], safe: [0, 1])
    let solution = try #require(world.safetyConstrainedOptimum(atLeast: 0.9, beta: 1).solution)
    #expect(worst(solution.policy, [0.5602, 0.3398, 0.0378, 0.0622]) < 5.1e-5)
    #expect(abs(solution.multiplier - naturalLogarithm(9)) < 1e-13)
  }

  @Test func `random problems: no duality gap, slope rising, budget kept`() throws {
    for trial in 0..<300 {
      var random = SeedTree(3).child(trial).generator()
      let prompts = (0..<1 + random.below(4)).map { _ in
        let count = 2 + random.below(6)
        return ConstrainedPrompt(
          weight: 0.1 + random.uniform(), reference: simplex(count, &random),
          reward: (0..<count).map { _ in 2 * random.normal() }, cost: (0..<count).map { _ in random.normal() })
      }
      let beta = 0.05 + random.uniform()
      let easy = ConstrainedProblem(prompts, beta: beta, budget: 0)
      let free = easy.dual(at: 0).outcome.cost
      // Where the best responses are also the cheapest, no budget binds.
      if free - easy.leastCost < 1e-9 { continue }
      let budget = easy.leastCost + (0.02 + random.uniform()) * (free - easy.leastCost)
      let problem = ConstrainedProblem(prompts, beta: beta, budget: budget)
      let solution = try #require(problem.solve().solution)
      #expect(abs(solution.primal + solution.multiplier * (budget - solution.outcome.cost) - solution.dual) < 1e-11)
      #expect(abs(solution.multiplier * (budget - solution.outcome.cost)) < 1e-11)
      #expect(solution.outcome.cost <= budget + 1e-11)
      let slopes = (0...20).map { problem.dual(at: 0.3 * Double($0)).slope }
      #expect(zip(slopes, slopes.dropFirst()).allSatisfy { $0 <= $1 + 1e-12 })
    }
  }
}
