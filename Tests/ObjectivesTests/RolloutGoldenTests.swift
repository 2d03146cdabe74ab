import Basics
import Objectives
import TestSupport
import Testing

/// The parts of PPO-Lagrangian against numbers worked out by hand and by independent programs.
@Suite struct RolloutGoldenTests {
  @Test(arguments: [
    (0.0, [-0.3, 0.5, -0.25, 0.8]), (0.95, [0.635275, 0.9845, 0.51, 0.8]), (1.0, [0.75, 1.05, 0.55, 0.8]),
  ])
  func `generalised advantages`(decay: Double, expected: [Double]) {
    let advantages = generalisedAdvantages(
      rewards: [-0.1, 0.2, -0.05, 1], values: [0.3, 0.1, 0.4, 0.2], discount: 1, decay: decay)
    #expect(worst(advantages, expected) < 1e-12)
  }

  @Test func `the advantages' discount reaches the next value and the next advantage`() {
    let advantages = generalisedAdvantages(rewards: [1, 2], values: [0.5, 0.25], discount: 0.5, decay: 0.5)
    // δ₁ = 2 − 0.25; δ₀ = 1 + 0.5·0.25 − 0.5.
    #expect(worst(advantages, [0.625 + 0.25 * 1.75, 1.75]) < 1e-15)
    #expect(generalisedAdvantages(rewards: [3], values: [1], discount: 0.9, decay: 0.3) == [2])
  }

  @Test func `the combined advantage and the clipped surrogate`() {
    let combined = AdvantageCombiner.lagrangian.combine(reward: 0.8, cost: 0.3, multiplier: 1.5, isViolated: false)
    #expect(abs(combined - 0.14) < 1e-15)
    for (sign, losses) in [(1.0, [0.098, 0.14, 0.168]), (-1.0, [-0.112, -0.14, -0.182])] {
      for (ratio, value) in zip([0.7, 1, 1.3], losses) {
        let loss = clippedSurrogate(
          logProbability: naturalLogarithm(ratio) - 2, old: -2, advantage: sign * combined, clipRatio: 0.2)
        #expect(abs(loss.loss + value) < 1e-12)
        #expect(loss.isClipped == (sign > 0 ? ratio == 1.3 : ratio == 0.7))
      }
    }
  }

  @Test func `the surrogate's derivative is that of its loss, and minus the advantage before the first update`() {
    var random = SeedTree(70).generator()
    for _ in 0..<500 {
      let (old, advantage) = (-3 * random.uniform(), random.normal())
      let at = old + 0.5 * random.normal()
      let value = { (x: Double) in
        clippedSurrogate(logProbability: x, old: old, advantage: advantage, clipRatio: 0.2)
      }
      let isAtKink = [0.8, 1.2].contains { abs(at - old - naturalLogarithm($0)) < 1e-4 }
      if isAtKink { continue }
      #expect(abs(value(at).derivative - centralDifference(at: at) { value($0).loss }) < 1e-7)
      #expect(abs(value(old).derivative + advantage) < 1e-14)
    }
  }

  @Test func `the clipped value loss and its derivative`() {
    // Inside the range the plain squared error; outside, the larger of the two.
    #expect(clippedValueLoss(value: 1, old: 0.9, target: 3, clipValue: 5) == .init(2, -2, false))
    #expect(clippedValueLoss(value: 3, old: 0, target: 4, clipValue: 0.5) == .init(6.125, 0, true))
    #expect(clippedValueLoss(value: -3, old: 0, target: 4, clipValue: 0.5) == .init(24.5, -7, false))
    var random = SeedTree(71).generator()
    for _ in 0..<500 {
      let (old, target, at) = (random.normal(), random.normal(), 2 * random.normal())
      let loss = { (x: Double) in clippedValueLoss(value: x, old: old, target: target, clipValue: 0.3) }
      if loss(at - 1e-4).isClipped != loss(at + 1e-4).isClipped { continue }
      #expect(abs(loss(at).derivative - centralDifference(at: at) { loss($0).loss }) < 1e-7)
    }
  }

  @Test func `the KL penalty goes into both streams or into the reward's, and signals are clamped after adding`() {
    let scores = ResponseScores(reward: 2, cost: -1)
    func streams(_ placement: KLPlacement, clip: Double = 50) -> TokenStreams {
      shapedTokenRewards(logRatios: [0.5, -1], scores: scores, tau: 0.2, placement: placement, clipScore: clip)
    }
    #expect(worst(streams(.both).reward, [-0.1, 2.2]) < 1e-15 && worst(streams(.both).cost, [0.1, -1.2]) < 1e-15)
    #expect(worst(streams(.rewardOnly).reward, [-0.1, 2.2]) < 1e-15 && streams(.rewardOnly).cost == [0, -1])
    #expect(streams(.both, clip: 1.5).reward[1] == 1.5 && streams(.both, clip: 0.9).cost[1] == -0.9)
  }

  /// π = N(0, 1) and references N(μ, 1): KL = μ²/2, and the relative bias and standard deviation of each estimator.
  @Test(arguments: [(0.1, [0, 0.0025, 0], [20, 1.42, 1.42]), (1.0, [0, 0.25, 0], [2, 1.73, 1.7])])
  func `divergence estimators have their known bias and spread`(mean: Double, bias: [Double], spread: [Double]) {
    let exact = mean * mean / 2
    // Midpoints of the normal distribution by a fine grid.
    let grid = stride(from: -9.0, to: 9.0, by: 1e-3).map { $0 + 5e-4 }
    let weights = grid.map { 1e-3 * exponential(-0.5 * $0 * $0) / (2 * Double.pi).squareRoot() }
    for (estimator, known) in zip(DivergenceEstimator.allCases, zip(bias, spread)) {
      let values = grid.map { x in estimator.estimate(-0.5 * x * x + 0.5 * (x - mean) * (x - mean)) }
      let average = zip(values, weights).reduce(0) { $0 + $1.0 * $1.1 }
      let variance = zip(values, weights).reduce(0) { $0 + ($1.0 - average) * ($1.0 - average) * $1.1 }
      #expect(abs((average - exact) / exact - known.0) < 1e-3)
      #expect(abs(variance.squareRoot() / exact - known.1) < 0.02 * known.1)
    }
  }

  @Test func `groups: leave one out, group mean, and division by the spread`() {
    let values = [1.0, 2, 6]
    #expect(worst(groupAdvantages(values, source: .rloo), [-3, -1.5, 4.5]) < 1e-15)
    #expect(worst(groupAdvantages(values, source: .groupMean), [-2, -1, 3]) < 1e-15)
    let spread = 7.0.squareRoot() + 1e-4
    #expect(worst(groupAdvantages(values, source: .grpo), [-2 / spread, -1 / spread, 3 / spread]) < 1e-15)
    let weighted = groupAdvantages([1, 3], source: .rloo, weights: [0.25, 0.75])
    #expect(worst(weighted, [-1.5, 0.5]) < 1e-15)
    #expect(groupAdvantages([2, 2, 2], source: .grpo) == [0, 0, 0])
  }

  @Test func `the other combiners`() {
    func combine(_ combiner: AdvantageCombiner, _ isViolated: Bool) -> Double {
      combiner.combine(reward: 0.8, cost: 0.3, multiplier: 2, isViolated: isViolated)
    }
    #expect(abs(combine(.shaping, false) - 0.2) < 1e-15 && combine(.shaping, true) == combine(.shaping, false))
    #expect(combine(.exactPenalty, false) == 0.8 && abs(combine(.exactPenalty, true) - 0.2) < 1e-15)
    #expect(combine(.switching, false) == 0.8 && combine(.switching, true) == -0.3)
  }

  private func worst(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).map { abs($0 - $1) }.max() ?? .infinity }
}

extension ClippedLoss {
  fileprivate init(_ loss: Double, _ derivative: Double, _ isClipped: Bool) {
    self = clippedValueLoss(value: 0, old: 0, target: 0, clipValue: 1)
    self.loss = loss
    self.derivative = derivative
    self.isClipped = isClipped
  }
}
