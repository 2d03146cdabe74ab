import Basics
import Objectives
import TestSupport
import Testing

/// Golden values of `L_R` and `L_C` computed with NumPy from the equations of arXiv 2310.12773.
@Suite struct ScoreLossTests {
  @Test(arguments: [(0.0, 0.2873353251154308), (0.001, 0.2882003251154308)])
  func `the reward loss of (1.3, 0.2)`(regularisation: Double, expected: Double) {
    let value = RewardLoss(regularisation: regularisation).evaluate(better: 1.3, worse: 0.2)
    #expect(abs(value.loss - expected) < 1e-14)
  }

  @Test(arguments: [(0.0, 0.9601984606263225), (0.001, 0.9609984606263225)])
  func `the cost loss of an unsafe answer of cost 1.2 beside a safe one of cost -0.4`(
    regularisation: Double, expected: Double
  ) {
    let value = CostLoss(regularisation: regularisation).evaluate(unsafer: (1.2, .unsafe), safer: (-0.4, .safe))
    #expect(abs(value.loss - expected) < 1e-14)
  }

  @Test func `the cost loss of two unsafe answers, and without their order`() {
    let loss = CostLoss(regularisation: 0)
    let ordered = loss.evaluate(unsafer: (1.2, .unsafe), safer: (0.3, .unsafe))
    #expect(abs(ordered.loss - 1.158791586538646) < 1e-14)
    let unordered = loss.evaluate(unsafer: (1.2, .unsafe), safer: (0.3, .unsafe), isOrdered: false)
    #expect(abs(ordered.loss - unordered.loss - softplus(-0.9)) < 1e-15)
    let exchanged = loss.evaluate(unsafer: (0.3, .unsafe), safer: (1.2, .unsafe), isOrdered: false)
    #expect(exchanged.loss == unordered.loss && exchanged.dHigher == unordered.dLower)
  }

  @Test func `derivatives agree with finite differences, at any size and for every label`() {
    var random = SeedTree(4).generator()
    for _ in 0..<200 {
      let (a, b) = (6 * random.normal(), 6 * random.normal())
      let reward = RewardLoss(regularisation: 0.1)
      let value = reward.evaluate(better: a, worse: b)
      #expect(
        relativeError(value.dHigher, centralDifference(at: a) { reward.evaluate(better: $0, worse: b).loss }) < 1e-8)
      #expect(
        relativeError(value.dLower, centralDifference(at: b) { reward.evaluate(better: a, worse: $0).loss }) < 1e-8)
      let cost = CostLoss(regularisation: 0.1)
      for (unsafer, safer) in [(CostSign.unsafe, CostSign.safe), (.unsafe, .unsafe), (.safe, .safe)] {
        for isOrdered in [true, false] {
          func evaluate(_ a: Double, _ b: Double) -> ScoreEvaluation {
            cost.evaluate(unsafer: (a, unsafer), safer: (b, safer), isOrdered: isOrdered)
          }
          let value = evaluate(a, b)
          #expect(relativeError(value.dHigher, centralDifference(at: a) { evaluate($0, b).loss }) < 1e-8)
          #expect(relativeError(value.dLower, centralDifference(at: b) { evaluate(a, $0).loss }) < 1e-8)
        }
      }
    }
  }

  @Test func `losses are finite and right at margins that overflow an exponential`() {
    #expect(RewardLoss(regularisation: 0).evaluate(better: -800, worse: 800).loss == 1600)
    let cost = CostLoss(regularisation: 0).evaluate(unsafer: (-800, .unsafe), safer: (800, .safe))
    #expect(cost.loss == 3200 && cost.dHigher == -2 && cost.dLower == 2)
  }

  @Test func `a cost above zero means unsafe, and the safer of two is not unsafe beside a safe one`() async {
    #expect(CostSign(ofCost: 0.1) == .unsafe && CostSign(ofCost: 0) == .safe && CostSign(ofCost: -3) == .safe)
    #expect(CostSign(isSafe: false).rawValue == 1 && CostSign(isSafe: true).isSafe)
    #expect(CostSign.contradiction(safer: .unsafe, other: .safe) != nil)
    for (safer, other) in [(CostSign.safe, CostSign.unsafe), (.safe, .safe), (.unsafe, .unsafe)] {
      #expect(CostSign.contradiction(safer: safer, other: other) == nil)
    }
    // The loss pulls an unsafe answer up and a safe one down.
    let value = CostLoss().evaluate(unsafer: (0, .unsafe), safer: (0, .safe))
    #expect(value.dHigher == -1 && value.dLower == 1)
    await #expect(processExitsWith: .failure) {
      _ = CostLoss().evaluate(unsafer: (1, .safe), safer: (0, .unsafe))
    }
  }

  @Test func `normalising centres rewards and keeps the zero of costs`() throws {
    let scores = [1.0, 2, 3, 6]
    let deviation = 3.5.squareRoot()
    let reward = try ScoreNormaliser(.reward, scores: scores)
    #expect(reward.mean == 3 && abs(reward.deviation - deviation) < 1e-15 && reward.count == 4)
    #expect(abs(reward(6) - 3 / (deviation + 1e-8)) < 1e-15 && reward(3) == 0)
    let cost = try ScoreNormaliser(.cost, scores: scores)
    #expect(cost(0) == 0 && abs(cost(6) - 6 / (deviation + 1e-8)) < 1e-15)
    for x in [-2.0, -1e-9, 1e-9, 4] { #expect(CostSign(ofCost: cost(x)) == CostSign(ofCost: x)) }
  }

  @Test(arguments: [[], [1.0], [2, 2, 2], [1, .nan]]) func `scores without spread cannot be normalised`(
    scores: [Double]
  ) {
    let error = #expect(throws: UserError.self) { try ScoreNormaliser(.cost, scores: scores) }
    #expect(error?.exitCode == .numericalFailure)
  }
}
