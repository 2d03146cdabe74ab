import Basics

/// The equivalence of BFPO's supervised loss and its reward under KL-regularised RLHF, both ways.
func theoremFindings(_ formulas: Formulas) -> [Finding] {
  [
    supervisedToRLHF(formulas), rlhfToSupervised(formulas), expectedLoss(formulas), productForm(formulas),
    covarianceGap(formulas), optimalValue(formulas), reductions(formulas),
  ]
}

/// The fixtures, then random worlds, with constants.
private func worlds(_ random: Int, seed: Int) -> [(world: FiniteWorld, constants: BFPOConstants)] {
  let safeSets = [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]
  var all = [(Fixtures.correlated, BFPOConstants(tau: 0.5)), (Fixtures.product, BFPOConstants(tau: 0.25))]
  all += safeSets.map { (Fixtures.ranked([4, 3, 2, 1], safe: $0), BFPOConstants(tau: 1)) }
  all.append((Fixtures.twoByTwo, BFPOConstants(tau: 1)))
  for trial in 0..<random {
    var stream = SeedTree(seed).child(trial).generator()
    let world = trial % 4 == 3 ? randomProductWorld(&stream) : randomWorld(&stream)
    all.append((world, randomConstants(&stream)))
  }
  return all
}

private func supervisedToRLHF(_ formulas: Formulas) -> Finding {
  var meter = ErrorMeter()
  for (world, constants) in worlds(600, seed: 1) {
    let solved = world.bfpoOptimum(constants, pairWeight: nil).policy
    let reward = formulas.bfpoReward(world, constants)
    meter.note(solved, formulas.gibbs(world.reference, reward, constants.tau).policy)
    let level = zip(reward, zip(solved, world.reference)).map {
      $0 - constants.tau * naturalLogarithm($1.0 / $1.1)
    }
    meter.note((level.max() ?? 0) - (level.min() ?? 0))
    meter.countWorld()
  }
  return meter.finding(
    "supervised => RLHF", "the least-squares minimiser of BFPO's loss is the RLHF optimum of R = s(P+A) + C - 2aP",
    checked: "9 fixtures, 600 random worlds; policies, and R - t log(pi/ref) constant", tolerance: 1e-9)
}

private func rlhfToSupervised(_ formulas: Formulas) -> Finding {
  var meter = ErrorMeter()
  for (index, (world, constants)) in worlds(400, seed: 2).enumerated() {
    var stream = SeedTree(3).child(index).generator()
    let best = formulas.gibbs(world.reference, formulas.bfpoReward(world, constants), constants.tau).logRatio
    let minimum = formulas.bfpoLoss(world, best, constants)
    for _ in 0..<3 {
      let direction = best.map { _ in stream.normal() }
      let ahead = formulas.bfpoLoss(world, zip(best, direction).map { $0 + $1 }, constants)
      let back = formulas.bfpoLoss(world, zip(best, direction).map { $0 - $1 }, constants)
      // A quadratic is even around its minimum, and only there.
      meter.note((ahead - back) / (ahead + back))
      meter.require(ahead >= minimum && back >= minimum)
    }
    meter.countWorld()
  }
  return meter.finding(
    "RLHF => supervised", "the RLHF optimum of R is the minimum of BFPO's expected loss in every direction",
    checked: "9 fixtures, 400 random worlds, 3 directions each; relative", tolerance: 1e-10)
}

private func expectedLoss(_ formulas: Formulas) -> Finding {
  var meter = ErrorMeter()
  for (index, (world, constants)) in worlds(100, seed: 4).enumerated() {
    var stream = SeedTree(5).child(index).generator()
    let logRatio = world.reference.map { _ in stream.normal() }
    let exact = enumeratedLoss(world, logRatio, constants)
    meter.note((formulas.bfpoLoss(world, logRatio, constants) - exact) / exact)
    meter.countWorld()
  }
  return meter.finding(
    "expected loss", "the closed form of BFPO's expected loss is the sum over all pairs, outcomes and labels",
    checked: "9 fixtures, 100 random worlds; relative", tolerance: 1e-12)
}

/// J(u) by going through every ordered pair, winner and pair of labels.
private func enumeratedLoss(_ world: FiniteWorld, _ logRatio: [Double], _ constants: BFPOConstants) -> Double {
  var total = 0.0
  for i in 0..<world.count {
    for j in 0..<world.count {
      for (winner, loser, won) in [(i, j, world.preference[i][j]), (j, i, world.preference[j][i])] {
        for (a, b) in [(0.0, 0.0), (0, 1), (1, 0), (1, 1)] {
          let labels =
            (a == 1 ? world.safety[winner] : 1 - world.safety[winner])
            * (b == 1 ? world.safety[loser] : 1 - world.safety[loser])
          let g = (constants.b1 * a - b) / (constants.b1 - 1) - constants.alpha
          let difference = logRatio[winner] - logRatio[loser] - g / constants.tau
          total += world.comparison[i] * world.comparison[j] * won * labels * difference * difference
        }
      }
    }
  }
  return total
}

private func productForm(_ formulas: Formulas) -> Finding {
  var meter = ErrorMeter()
  for trial in 0..<200 {
    var stream = SeedTree(6).child(trial).generator()
    let (world, constants) = (randomProductWorld(&stream), randomConstants(&stream))
    meter.note(world.covarianceGap)
    let product = formulas.gibbs(world.reference, formulas.productReward(world, constants), constants.tau).policy
    meter.note(world.bfpoOptimum(constants, pairWeight: nil).policy, product)
    meter.countWorld()
  }
  return meter.finding(
    "product form", "where helpfulness and safety are independent, R = (s + E_s - 2a)(P + A) is exact",
    checked: "200 random product worlds against least squares", tolerance: 1e-9)
}

private func covarianceGap(_ formulas: Formulas) -> Finding {
  var meter = ErrorMeter()
  for (world, constants) in worlds(200, seed: 7) {
    let exact = formulas.gibbs(world.reference, formulas.bfpoReward(world, constants), constants.tau)
    let product = formulas.gibbs(world.reference, formulas.productReward(world, constants), constants.tau)
    let difference = zip(exact.logRatio, product.logRatio).map { constants.tau * ($0 - $1) }
    meter.note((difference.max() ?? 0) - (difference.min() ?? 0) - world.covarianceGap)
    meter.countWorld()
  }
  return meter.finding(
    "covariance gap", "elsewhere t log(pi*/pi_product) spreads by exactly the gap of Cov(s(y'), p(y,y'))",
    checked: "9 fixtures, 200 random worlds", tolerance: 1e-12)
}

private func optimalValue(_ formulas: Formulas) -> Finding {
  var meter = ErrorMeter()
  for (index, (world, constants)) in worlds(200, seed: 8).enumerated() {
    var stream = SeedTree(9).child(index).generator()
    let reward = formulas.bfpoReward(world, constants)
    let optimum = formulas.gibbs(world.reference, reward, constants.tau)
    func objective(_ policy: [Double]) -> Double {
      expectation(reward, under: policy) - constants.tau * divergence(policy, from: world.reference)
    }
    meter.note(objective(optimum.policy) - optimum.value)
    for _ in 0..<5 { meter.note(max(0, objective(randomSimplex(world.count, &stream)) - optimum.value)) }
    meter.countWorld()
  }
  return meter.finding(
    "RLHF optimum", "max E R - t KL is t log E_ref exp(R/t), attained by pi* and by no random policy exceeded",
    checked: "9 fixtures, 200 random worlds, 5 policies each", tolerance: 1e-12)
}

private func reductions(_ formulas: Formulas) -> Finding {
  var meter = ErrorMeter()
  for trial in 0..<100 {
    var stream = SeedTree(10).child(trial).generator()
    let drawn = randomWorld(&stream)
    let tau = 0.1 + stream.uniform()
    let world = FiniteWorld(
      reference: drawn.reference, comparison: drawn.comparison, preference: drawn.preference,
      safety: [Double](repeating: 1, count: drawn.count))
    let reward = formulas.bfpoReward(world, BFPOConstants(tau: tau, alpha: 0.5, b1: 1.5 + stream.uniform()))
    meter.note(formulas.gibbs(world.reference, reward, tau).policy, formulas.ipo(world, tau).policy)
    meter.note(world.ipoOptimum(tau: tau, pairWeight: nil).policy, formulas.ipo(world, tau).policy)
    meter.countWorld()
  }
  return meter.finding(
    "IPO", "with every response safe and a = 1/2, BFPO is IPO, whose optimum is pi_ref exp(P/t)",
    checked: "100 random worlds, also against least squares", tolerance: 1e-10)
}
