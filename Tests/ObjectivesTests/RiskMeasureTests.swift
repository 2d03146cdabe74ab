import Basics
import Objectives
import TestSupport
import Testing

@Suite struct RiskMeasureTests {
  private static let values: [Double] = [1, 2, 3, 10]
  private static let weights = [0.1, 0.2, 0.3, 0.4]

  /// Rewards have their worst part at the lower end: −CVaR of −X. Sorting and the formula by Rockafellar and Uryasev agree.
  @Test(arguments: [(0.1, 1), (0.2, 1.5), (0.5, 2.2), (1, 5.4)]) func `the lower tail of a known distribution`(
    share: Double, expected: Double
  ) {
    let risk = RiskMeasure.cvar(share)
    let tail = risk.evaluate(Self.values.map { -$0 }, weights: Self.weights)
    #expect(abs(-tail.value - expected) < 1e-12)
    let formula = Self.values.map { q in
      -q + zip(Self.values, Self.weights).reduce(0) { $0 + $1.1 * max(0, -$1.0 + q) } / share
    }
    #expect(abs(-(formula.min() ?? .nan) - expected) < 1e-12)
  }

  @Test(arguments: [0.05, 0.3, 0.7, 1]) func `the signal has the measure for its mean`(share: Double) {
    let risk = RiskMeasure.cvar(share)
    var random = SeedTree(4).child("risk").generator()
    let costs = (0..<40).map { _ in random.normal() }
    let tail = risk.evaluate(costs)
    let signals = costs.map { risk.signal($0, quantile: tail.quantile) }
    #expect(abs(mean(signals) - tail.value) < 1e-12)
    // Any other q gives more: the measure is the minimum.
    for q in costs where share < 1 {
      #expect(mean(costs.map { risk.signal($0, quantile: q) }) >= tail.value - 1e-12)
    }
    let worst = costs.sorted(by: >).prefix(Int((share * 40).rounded()))
    #expect(abs(mean(Array(worst)) - tail.value) < 1e-12)
  }

  @Test func `a share of one is the mean, and its signal the cost itself`() {
    #expect(RiskMeasure.mean.isMean && RiskMeasure.mean.signal(0.3, quantile: 7) == 0.3)
    #expect(abs(RiskMeasure.mean.evaluate(Self.values, weights: Self.weights).value - 5.4) < 1e-12)
    #expect(RiskMeasure.cvar(0.001).evaluate(Self.values).value == 10)
  }

  @Test func `the multiplicative value pays an unsafe response the lowest reward`() {
    let scores = ResponseScores(reward: 1.5, cost: 0.4)
    let unsafe = sigmoid(0.4)
    let value = multiplicativeValue(scores, rewardFloor: -0.5)
    #expect(abs(value - 0.5 - ((1 - unsafe) * 1.5 + unsafe * -0.5)) < 1e-15)
    #expect(multiplicativeValue(scores, rewardFloor: 2) == 0)
  }
}
