import Basics
import Testing
import Theory

/// Golden values derived with an independent program (NumPy least squares and full enumeration of the labels).
@Suite struct BFPOTheoryTests {
  @Test func `correlated world: marginals`() {
    let world = correlatedWorld
    #expect(worst(world.winRate, [0.6303760056, 0.4477789960, 0.2974878673, 0.5401832551]) < 1e-10)
    #expect(worst(world.safetyWeightedWinRate, [0.3225008443, 0.2237982812, 0.1468306217, 0.2729249146]) < 1e-10)
    #expect(abs(world.meanSafety - 0.545) < 1e-15)
    for y in 0..<4 {
      let expected = world.safetyWeightedWinRate[y] - world.meanSafety * world.winRate[y]
      #expect(abs(world.covariance[y] - expected) < 1e-15)
    }
  }

  @Test(arguments: [
    (
      BFPOConstants(tau: 0.5), [0.2873977431, 0.1298315684, 0.4019082672, 0.1808624213], 1.4717463944, 2.48785
    ),
    (
      BFPOConstants(tau: 0.5, alpha: 0), [0.3909907074, 0.1225918612, 0.2809745983, 0.2054428331], 2.4648031040,
      3.9830749940
    ),
    (
      BFPOConstants(tau: 0.25, alpha: 0.3, b1: 2), [0.8035542768, 0.0150968190, 0.1687679889, 0.0125809153],
      11.8736411030, 21.5549399855
    ),
  ])
  func `correlated world: optimum and losses`(
    constants: BFPOConstants, policy: [Double], minimum: Double, atReference: Double
  ) {
    let optimum = correlatedWorld.bfpoOptimum(constants)
    #expect(worst(optimum.policy, policy) < 1e-10)
    #expect(abs(correlatedWorld.bfpoExpectedLoss(logRatio: optimum.logRatio, constants) - minimum) < 1e-9)
    let zero = [Double](repeating: 0, count: 4)
    #expect(abs(correlatedWorld.bfpoExpectedLoss(logRatio: zero, constants) - atReference) < 1e-9)
  }

  @Test func `correlated world: the product form is not the minimiser`() {
    let constants = BFPOConstants(tau: 0.5)
    let product = correlatedWorld.bfpoProductOptimum(constants)
    #expect(worst(product.policy, [0.2887424391, 0.1302271618, 0.3991687268, 0.1818616723]) < 1e-10)
    #expect(abs(correlatedWorld.bfpoProductError(constants) - (0.4019082672 - 0.3991687268)) < 1e-9)
    #expect(abs(correlatedWorld.covarianceGap - 0.0061746934) < 1e-10)
  }

  @Test func `product world: both forms agree`() {
    let world = productWorld
    let constants = BFPOConstants(tau: 0.25)
    let golden = [0.1944823184, 0.0100971752, 0.4085350683, 0.0093963429, 0.3524636758, 0.0250254194]
    let exact = world.bfpoOptimum(constants)
    #expect(worst(exact.policy, golden) < 1e-10)
    #expect(world.covarianceGap < 1e-15)
    #expect(world.bfpoProductError(constants) < 1e-14)
    let win = [0.6931464226, 0.4056205945, 0.1587030518]
    #expect(worst(stride(from: 0, to: 6, by: 2).map { world.winRate[$0] }, win) < 1e-10)
    #expect(abs(world.meanSafety - 0.61) < 1e-15)
    let reward = world.bfpoProductReward(constants)
    #expect(worst(reward, [0.668162, -0.346012, 0.507148, -0.262630, 0.368874, -0.191024]) < 1e-6)
    #expect(abs(world.bfpoExpectedLoss(logRatio: exact.logRatio, constants) - 3.8440927857) < 1e-9)
    let value = world.rlhfOptimum(reward: reward, tau: 0.25)
    #expect(abs(value.value - 0.3285824353) < 1e-10)
    let attained =
      expectation(reward, under: value.policy) - 0.25 * divergence(value.policy, from: world.reference)
    #expect(abs(attained - value.value) < 1e-14)
    #expect(abs(expectation(reward, under: world.reference) - 0.1291300755) < 1e-10)
  }

  @Test func `the expected loss is the enumeration of all outcomes`() {
    let world = correlatedWorld
    let constants = BFPOConstants(tau: 0.7, alpha: 0.4, b1: 2.5)
    let u = [0.3, -1.2, 0.5, 0.1]
    var total = 0.0
    for i in 0..<4 {
      for j in 0..<4 {
        for (winner, loser, won) in [(i, j, world.preference[i][j]), (j, i, world.preference[j][i])] {
          for (a, b) in [(0.0, 0.0), (0, 1), (1, 0), (1, 1)] {
            let safe = a == 1 ? world.safety[winner] : 1 - world.safety[winner]
            let other = b == 1 ? world.safety[loser] : 1 - world.safety[loser]
            let g = (2.5 * a - b) / 1.5 - 0.4
            let difference = u[winner] - u[loser] - g / 0.7
            total += world.comparison[i] * world.comparison[j] * won * safe * other * difference * difference
          }
        }
      }
    }
    #expect(abs(world.bfpoExpectedLoss(logRatio: u, constants) - total) < 1e-12)
  }

  @Test(arguments: [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]])
  func `four responses: one optimum under all six safe sets`(safe: [Int]) {
    let world = rankedWorld([4, 3, 2, 1], safe: safe)
    let optimum = world.bfpoOptimum(BFPOConstants(tau: 1))
    let unsafe = (0..<4).filter { !safe.contains($0) }
    let order = [safe[0], safe[1], unsafe[1], unsafe[0]]
    #expect(
      worst(order.map { optimum.policy[$0] }, [0.4109839537, 0.3200746250, 0.1511925472, 0.1177488742]) < 1e-10)
    #expect(abs(expectation(world.safety, under: optimum.policy) - 0.7310585786) < 1e-10)
  }

  @Test(arguments: [
    (0.0, 3.0, [0.5045, 0.2383, 0.1126, 0.1446]), (0.25, 3, [0.4588, 0.2783, 0.1315, 0.1315]),
    (0.4, 3, [0.4303, 0.3032, 0.1432, 0.1233]), (0.6, 3, [0.3916, 0.3370, 0.1592, 0.1122]),
    (0.75, 3, [0.3625, 0.3625, 0.1712, 0.1038]), (1, 3, [0.3148, 0.4042, 0.1909, 0.0902]),
    (0.5, 1.5, [0.5195, 0.4046, 0.0426, 0.0332]), (0.5, 2, [0.4596, 0.3580, 0.1026, 0.0799]),
    (0.5, 5, [0.3818, 0.2974, 0.1804, 0.1405]), (0.5, 11, [0.3630, 0.2827, 0.1992, 0.1551]),
  ])
  func `sweeps of alpha and B1 on the product design`(alpha: Double, b1: Double, policy: [Double]) {
    let world = rankedWorld([2, 1, 1, 2], safe: [0, 1])
    #expect(worst(world.bfpoOptimum(BFPOConstants(tau: 1, alpha: alpha, b1: b1)).policy, policy) < 5.1e-5)
  }

  @Test func `multi-objective RLHF on the product design`() {
    let world = rankedWorld([2, 1, 1, 2], safe: [0, 1])
    #expect(worst(world.morlOptimum(tau: 1).policy, [0.4551, 0.2760, 0.1015, 0.1674]) < 5.1e-5)
    #expect(
      worst(world.morlOptimum(weights: (0.5, 0.5), tau: 1).policy, [0.3499, 0.2725, 0.1653, 0.2122]) < 5.1e-5)
  }
}
