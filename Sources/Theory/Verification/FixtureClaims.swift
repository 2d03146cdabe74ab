import Basics

/// Constants from independent derivations: ten digits, and the four-digit table of the illustration's optima.
func fixtureFindings(_ formulas: Formulas) -> [Finding] {
  [
    bfpoFixtures(formulas), dualFixture(formulas), twoPromptFixture(formulas), sameOptimum(formulas),
    illustrationTable(formulas),
  ]
}

private func bfpoFixtures(_ formulas: Formulas) -> Finding {
  var meter = ErrorMeter()
  let rows: [(FiniteWorld, BFPOConstants, [Double], Double)] = [
    (
      Fixtures.correlated, BFPOConstants(tau: 0.5), [0.2873977431, 0.1298315684, 0.4019082672, 0.1808624213],
      1.4717463944
    ),
    (
      Fixtures.correlated, BFPOConstants(tau: 0.5, alpha: 0),
      [0.3909907074, 0.1225918612, 0.2809745983, 0.2054428331], 2.4648031040
    ),
    (
      Fixtures.correlated, BFPOConstants(tau: 0.25, alpha: 0.3, b1: 2),
      [0.8035542768, 0.0150968190, 0.1687679889, 0.0125809153], 11.8736411030
    ),
    (
      Fixtures.product, BFPOConstants(tau: 0.25),
      [0.1944823184, 0.0100971752, 0.4085350683, 0.0093963429, 0.3524636758, 0.0250254194], 3.8440927857
    ),
  ]
  for (world, constants, policy, minimum) in rows {
    let optimum = formulas.gibbs(world.reference, formulas.bfpoReward(world, constants), constants.tau)
    meter.note(optimum.policy, policy)
    meter.note(formulas.bfpoLoss(world, optimum.logRatio, constants) - minimum)
    meter.countWorld()
  }
  let constants = BFPOConstants(tau: 0.5)
  let product = formulas.gibbs(
    Fixtures.correlated.reference, formulas.productReward(Fixtures.correlated, constants), 0.5)
  meter.note(product.policy, [0.2887424391, 0.1302271618, 0.3991687268, 0.1818616723])
  let reward = formulas.productReward(Fixtures.product, BFPOConstants(tau: 0.25))
  meter.note(formulas.gibbs(Fixtures.product.reference, reward, 0.25).value - 0.3285824353)
  return meter.finding(
    "F1, F2", "BFPO's optimum, minimum loss and value on the correlated and the product world",
    checked: "10-digit constants", tolerance: 1e-8)
}

private func dualFixture(_ formulas: Formulas) -> Finding {
  var meter = ErrorMeter()
  let solution = formulas.constrained(Fixtures.scored).solution
  meter.note(solution.map { $0.multiplier - 0.60100876836 })
  meter.note(solution?.policy, [0.1820701154, 0.6804554816, 0.0914953840, 0.0459790190])
  meter.note(solution.map { $0.dual - 0.8910144216 })
  meter.note(solution.map { $0.primal - 0.8910144216 })
  let rows = [
    (0.0, 1.6016407665, -2.1718439715, 1.7093403204), (0.5, 0.9087097344, -0.3642222269, 4.0064394978),
    (1, 1.0830975470, 0.8786607675, 1.8896148352),
  ]
  for (multiplier, value, slope, curvature) in rows {
    let point = formulas.dual(Fixtures.scored, multiplier)
    meter.note([point.value, point.slope, point.curvature], [value, slope, curvature])
  }
  meter.countWorld()
  return meter.finding(
    "F3", "the dual of one prompt with a floor on safety: optimum, values, derivatives", checked: "10-digit constants",
    tolerance: 1e-8)
}

private func twoPromptFixture(_ formulas: Formulas) -> Finding {
  var meter = ErrorMeter()
  let solution = formulas.constrained(Fixtures.twoPrompts).solution
  meter.note(solution.map { $0.multiplier - 0.9595958979225899 })
  meter.note(solution.map { $0.outcome.reward - 0.6580249073636772 })
  meter.note(solution.map { $0.outcome.kl - 0.3173039506036004 })
  meter.note(solution.map { $0.dual - 0.499372932061877 })
  meter.note(solution?.outcome.policies[1], [0.6647747277, 0.0282720261, 0.2716457678, 0.0353074783])
  let point = formulas.safeRLHF(Fixtures.twoPrompts).fixedPoint
  meter.note(point.map { $0.multiplier - 1.4302353951441746 })
  meter.note(point.map { $0.outcome.reward - 0.5841126206664474 })
  meter.note(point.map { $0.effectiveBeta - 1.2151176975720874 })
  meter.note(point?.outcome.policies[0], [0.3083457451, 0.1623039356, 0.3314994671, 0.1978508522])
  meter.countWorld()
  return meter.finding(
    "two prompts", "the constrained optimum and Safe RLHF's fixed point of the two-prompt instance",
    checked: "10- to 16-digit constants", tolerance: 1e-8)
}

/// (safer more helpful, safer less helpful, unsafe less helpful, unsafe more helpful).
private let illustrationOptimum = [0.4109839537, 0.3200746250, 0.1511925472, 0.1177488742]

private func sameOptimum(_ formulas: Formulas) -> Finding {
  var meter = ErrorMeter()
  let constants = BFPOConstants(tau: 1)
  for safe in [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]] {
    let world = Fixtures.ranked([4, 3, 2, 1], safe: safe)
    let unsafe = (0..<4).filter { !safe.contains($0) }
    let policy = formulas.gibbs(world.reference, formulas.bfpoReward(world, constants), 1).policy
    meter.note([safe[0], safe[1], unsafe[1], unsafe[0]].map { policy[$0] }, illustrationOptimum)
    meter.note(expectation(world.safety, under: policy) - 0.7310585786)
    meter.countWorld()
  }
  return meter.finding(
    "four responses", "any two safe of four ordered responses: BFPO's optimum is softmax(.625, .375, -.375, -.625)",
    checked: "all six safe sets, E[safe] = sigmoid(1)", tolerance: 1e-8)
}

private func illustrationTable(_ formulas: Formulas) -> Finding {
  var meter = ErrorMeter()
  let designs: [(world: FiniteWorld, alpha0: [Double], ipo: [Double], morl: [Double], floor: [Double], price: Double)] =
    [
      (
        Fixtures.ranked([4, 3, 2, 1], safe: [0, 3]), [0.5512, 0.1230, 0.1230, 0.2028],
        [0.3499, 0.2725, 0.2122, 0.1653], [0.5045, 0.1446, 0.1126, 0.2383], [0.6113, 0.0562, 0.0438, 0.2887], 2.136293
      ),
      (
        Fixtures.ranked([4, 3, 2, 1], safe: [1, 3]), [0.1730, 0.4702, 0.1347, 0.2221],
        [0.3499, 0.2725, 0.2122, 0.1653], [0.1997, 0.4228, 0.1211, 0.2564], [0.0622, 0.5602, 0.0378, 0.3398], 2.447225
      ),
      (
        Fixtures.ranked([4, 3, 2, 1], safe: [2, 3]), [0.1852, 0.1852, 0.3920, 0.2377],
        [0.3499, 0.2725, 0.2122, 0.1653], [0.2122, 0.1653, 0.3499, 0.2725], [0.0562, 0.0438, 0.5060, 0.3940], 2.697225
      ),
      (
        Fixtures.twoByTwo, [0.5045, 0.2383, 0.1126, 0.1446], [0.3112, 0.1888, 0.1888, 0.3112],
        [0.4551, 0.2760, 0.1015, 0.1674], [0.5602, 0.3398, 0.0378, 0.0622], 2.197225
      ),
    ]
  for design in designs {
    let world = design.world
    let unshifted = formulas.bfpoReward(world, BFPOConstants(tau: 1, alpha: 0))
    meter.note(formulas.gibbs(world.reference, unshifted, 1).policy, design.alpha0)
    meter.note(formulas.ipo(world, 1).policy, design.ipo)
    meter.note(
      formulas.gibbs(world.reference, zip(world.winRate, world.safety).map { $0 + $1 }, 1).policy, design.morl)
    let prompt = ConstrainedPrompt(reference: world.reference, reward: world.winRate, cost: world.safety)
    let floor = formulas.constrained(ConstrainedProblem(scored: [prompt], beta: 1, atLeast: 0.9)).solution
    meter.note(floor?.policy, design.floor)
    meter.note(floor.map { $0.multiplier - design.price })
    meter.countWorld()
  }
  for (alpha, b1, policy) in parameterSweep {
    let constants = BFPOConstants(tau: 1, alpha: alpha, b1: b1)
    let reward = formulas.bfpoReward(Fixtures.twoByTwo, constants)
    meter.note(formulas.gibbs(Fixtures.twoByTwo.reference, reward, 1).policy, policy)
    meter.countWorld()
  }
  return meter.finding(
    "illustration", "exact rows of the illustration's table: BFPO, IPO, MORL, E[safe] >= .9; sweeps of a and B1",
    checked: "4-digit constants", tolerance: 5.1e-5)
}

/// α, B₁ and the optimum on the two-by-two design.
private let parameterSweep: [(Double, Double, [Double])] = [
  (0.25, 3, [0.4588, 0.2783, 0.1315, 0.1315]), (0.4, 3, [0.4303, 0.3032, 0.1432, 0.1233]),
  (0.6, 3, [0.3916, 0.3370, 0.1592, 0.1122]), (0.75, 3, [0.3625, 0.3625, 0.1712, 0.1038]),
  (1, 3, [0.3148, 0.4042, 0.1909, 0.0902]), (0.5, 1.5, [0.5195, 0.4046, 0.0426, 0.0332]),
  (0.5, 2, [0.4596, 0.3580, 0.1026, 0.0799]), (0.5, 5, [0.3818, 0.2974, 0.1804, 0.1405]),
  (0.5, 11, [0.3630, 0.2827, 0.1992, 0.1551]),
]
