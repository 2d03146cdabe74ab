import Basics
import Testing
import Theory

@Suite struct PairGraphTests {
  @Test func `random worlds: the closed form is the least-squares minimiser, and stationary for RLHF`() {
    var gap = 0.0
    for trial in 0..<400 {
      var random = SeedTree(11).child(trial).generator()
      let world = randomWorld(2 + random.below(8), &random)
      let constants = BFPOConstants(
        tau: 0.1 + random.uniform(), alpha: random.uniform(), b1: 1.2 + 4 * random.uniform())
      let exact = world.bfpoOptimum(constants)
      let solved = world.bfpoOptimum(constants, pairWeight: nil)
      #expect(solved.isConnected)
      #expect(worst(exact.policy, solved.policy) < 1e-10)
      let reward = world.bfpoReward(constants)
      let level = zip(reward, zip(solved.policy, world.reference)).map {
        $0 - constants.tau * naturalLogarithm($1.0 / $1.1)
      }
      #expect(level.max()! - level.min()! < 1e-9)
      gap = max(gap, world.bfpoProductError(constants))
      #expect(worst(world.ipoOptimum(tau: 0.3).policy, world.ipoOptimum(tau: 0.3, pairWeight: nil).policy) < 1e-10)
    }
    #expect(gap > 0.01, "the product form is wrong on correlated worlds")
  }

  @Test func `no small change of the policy lowers the expected loss`() {
    let constants = BFPOConstants(tau: 0.5)
    let best = correlatedWorld.bfpoOptimum(constants).logRatio
    let minimum = correlatedWorld.bfpoExpectedLoss(logRatio: best, constants)
    for y in 0..<4 {
      for change in [-1e-3, 1e-3] {
        var moved = best
        moved[y] += change
        #expect(correlatedWorld.bfpoExpectedLoss(logRatio: moved, constants) > minimum + 1e-8)
      }
    }
  }

  @Test func `equal weights on all pairs: the mean of a response's targets`() {
    let constants = BFPOConstants(tau: 1)
    let solved = correlatedWorld.bfpoOptimum(constants) { _, _ in 1 }
    let means = (0..<4).map { i in (0..<4).reduce(0) { $0 + correlatedWorld.bfpoLabel(i, $1, constants).mean } / 4 }
    let expected = gibbsPolicy(reference: correlatedWorld.reference, reward: means, temperature: 1)
    #expect(worst(solved.policy, expected) < 1e-14)
  }

  @Test func `a disconnected graph is said, and its parts keep the reference's mass`() {
    let solved = correlatedWorld.bfpoOptimum(BFPOConstants(tau: 1)) { i, j in (i < 2) == (j < 2) ? 1 : 0 }
    #expect(solved.components == [[0, 1], [2, 3]])
    #expect(!solved.isConnected)
    #expect(abs(solved.policy[0] + solved.policy[1] - 0.3) < 1e-15)
    let target = correlatedWorld.bfpoLabel(0, 1, BFPOConstants(tau: 1)).mean
    #expect(abs(solved.logRatio[0] - solved.logRatio[1] - target) < 1e-14)
    for y in 0..<4 {
      #expect(abs(naturalLogarithm(solved.policy[y] / correlatedWorld.reference[y]) - solved.logRatio[y]) < 1e-13)
    }
  }

  @Test func `clusters held together by a hair still have an optimum`() {
    let pairs = [
      PairTarget(0, 1, weight: 1, target: 1), PairTarget(2, 3, weight: 1, target: 2),
      PairTarget(1, 2, weight: 1e-18, target: 3),
    ]
    let solved = pairGraphOptimum(reference: [0.25, 0.25, 0.25, 0.25], pairs: pairs)
    let u = solved.logRatio
    #expect(worst([u[0] - u[1], u[2] - u[3], u[1] - u[2]], [1, 2, 3]) < 1e-12)
  }

  @Test func `Bradley–Terry preferences give back their scores, whatever the weights`() throws {
    let scores = [1.2, 0.4, -0.3, 0.8]
    for weight in [nil, { (i: Int, j: Int) in Double(i * j + 1) }] {
      let fitted = try #require(correlatedWorld.dpoOptimum(beta: 0.4, pairWeight: weight).optimum)
      let expected = gibbsPolicy(reference: correlatedWorld.reference, reward: scores, temperature: 0.4)
      #expect(worst(fitted.policy, expected) < 1e-13)
    }
  }

  @Test func `other preferences give the point where the expected loss is stationary`() throws {
    for trial in 0..<100 {
      var random = SeedTree(12).child(trial).generator()
      let world = randomWorld(2 + random.below(6), &random)
      let beta = 0.1 + random.uniform()
      let u = try #require(world.dpoOptimum(beta: beta).optimum).logRatio
      for i in 0..<world.count {
        let slope = (0..<world.count).reduce(0.0) {
          $0 + world.comparison[i] * world.comparison[$1]
            * (sigmoid(beta * (u[i] - u[$1])) - world.preference[i][$1])
        }
        #expect(abs(slope) < 1e-13)
      }
    }
  }

  @Test func `DPO on a strict order has no optimum`() {
    let world = rankedWorld([4, 3, 2, 1], safe: [0, 1])
    #expect(world.dpoOptimum(beta: 1) == .separable(beaten: [1, 2, 3], unbeaten: [0]))
    let tied = rankedWorld([2, 1, 1, 2], safe: [0, 1])
    #expect(tied.dpoOptimum(beta: 1) == .separable(beaten: [1, 2], unbeaten: [0, 3]))
  }

  /// Comparisons of both kinds as one preference: help pairs and safety pairs, each as often as it occurs.
  private func merged(_ ranks: [Int], safe: [Int]) -> (FiniteWorld, (Int, Int) -> Double) {
    let help = rankedWorld(ranks, safe: safe)
    let flag = { safe.contains($0) }
    func weight(_ i: Int, _ j: Int) -> Double { flag(i) == flag(j) ? 1 : 2 }
    let preference = (0..<4).map { i in
      (0..<4).map { j in
        flag(i) == flag(j) ? help.preference[i][j] : (help.preference[i][j] + (flag(i) ? 1 : 0)) / 2
      }
    }
    return (FiniteWorld(reference: help.reference, preference: preference, safety: help.safety), weight)
  }

  private static let mergedDesigns: [(ranks: [Int], safe: [Int], policy: [Double])] = [
    ([4, 3, 2, 1], [1, 3], [0.2865, 0.5601, 0.0519, 0.1015]),
    ([4, 3, 2, 1], [2, 3], [0.3333, 0.1667, 0.3333, 0.1667]),
    ([2, 1, 1, 2], [0, 1], [0.7391, 0.0892, 0.0185, 0.1532]),
  ]

  @Test(arguments: mergedDesigns)
  func `DPO on helpfulness and safety pairs`(ranks: [Int], safe: [Int], policy: [Double]) throws {
    let (world, weight) = merged(ranks, safe: safe)
    let fitted = try #require(world.dpoOptimum(beta: 1, pairWeight: weight).optimum)
    #expect(worst(fitted.policy, policy) < 5.1e-5)
  }

  @Test func `DPO on helpfulness and safety pairs that agree on the best response diverges`() {
    let (world, weight) = merged([4, 3, 2, 1], safe: [0, 3])
    guard case .separable(_, let unbeaten) = world.dpoOptimum(beta: 1, pairWeight: weight) else {
      Issue.record("separable data has no optimum")
      return
    }
    #expect(unbeaten == [0])
  }

  @Test func `two-stage safety alignment is one-shot`() throws {
    let (reward, score, reference) = ([2, 1, 0.5, -1], [-2, 1, 0.5, 3], [0.4, 0.3, 0.2, 0.1])
    func stage(_ values: [Double], _ reference: [Double], _ beta: Double) throws -> [Double] {
      let world = FiniteWorld(
        reference: reference, preference: values.map { a in values.map { sigmoid(a - $0) } },
        safety: [1, 1, 1, 1])
      return try #require(world.dpoOptimum(beta: beta).optimum).policy
    }
    let second = try stage(score, try stage(reward, reference, 0.5), 0.5 / 0.6)
    #expect(worst(second, [0.1829901734, 0.6797671966, 0.0914950867, 0.0457475433]) < 1e-10)
    let once = gibbsPolicy(
      reference: reference, reward: zip(reward, score).map { $0 + 0.6 * $1 }, temperature: 0.5)
    #expect(worst(second, once) < 1e-13)
  }
}
