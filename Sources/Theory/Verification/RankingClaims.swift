import Basics

/// E_s < 2α < 1 + E_s decides how BFPO ranks responses.
func rankingFindings(_ formulas: Formulas) -> [Finding] {
  [condition(formulas), onlyOneHalf(formulas)]
}

/// Helpfulness levels by safe or unsafe, independent under μ; safe responses have even indices, levels fall.
private func gradedWorld(meanSafety: Double, _ random: inout RandomStream) -> FiniteWorld {
  let levels = 2 + random.below(3)
  let shares = randomSimplex(levels, &random)
  let scores = (0..<levels).flatMap { level -> [Double] in
    let score = -Double(level) - 0.5 * random.uniform()
    return [score, score]
  }
  return FiniteWorld(
    reference: randomSimplex(2 * levels, &random),
    comparison: shares.flatMap { [$0 * meanSafety, $0 * (1 - meanSafety)] },
    preference: scores.map { a in scores.map { sigmoid(a - $0) } },
    safety: scores.indices.map { $0 % 2 == 0 ? 1 : 0 })
}

/// Whether log-ratios rank safe responses by helpfulness, above unsafe ones by falling helpfulness.
private func ranksSafeFirst(_ logRatio: [Double]) -> Bool {
  let safe = stride(from: 0, to: logRatio.count, by: 2).map { logRatio[$0] }
  let unsafe = stride(from: logRatio.count - 1, to: 0, by: -2).map { logRatio[$0] }
  let order = safe + unsafe
  return zip(order, order.dropFirst()).allSatisfy { $0 > $1 }
}

private func condition(_ formulas: Formulas) -> Finding {
  var meter = ErrorMeter()
  for step in 0...40 {
    // Off the multiples of the grid of E_s, where responses tie.
    let alpha = 0.0137 + 0.0241 * Double(step)
    for safe in 1...9 {
      var stream = SeedTree(20).child(step).child(safe).generator()
      let world = gradedWorld(meanSafety: 0.1 * Double(safe), &stream)
      let constants = BFPOConstants(tau: 0.1 + stream.uniform(), alpha: alpha, b1: 1.2 + 4 * stream.uniform())
      let optimum = formulas.gibbs(world.reference, formulas.bfpoReward(world, constants), constants.tau)
      meter.require(ranksSafeFirst(optimum.logRatio) == formulas.ranksSafeFirst(world.meanSafety, alpha))
      meter.countWorld()
    }
  }
  return meter.finding(
    "ranking", "safe first, then unsafe by falling helpfulness, exactly where E_s < 2a < 1 + E_s",
    checked: "41 a by 9 E_s on random graded worlds, both directions; 1 = broken", tolerance: 0)
}

private func onlyOneHalf(_ formulas: Formulas) -> Finding {
  var meter = ErrorMeter()
  let levels = [0.02, 0.1, 0.5, 0.9, 0.98]
  for (alpha, always) in [(0.45, false), (0.5, true), (0.55, false)] {
    var holds = true
    for (index, meanSafety) in levels.enumerated() {
      var stream = SeedTree(21).child(index).generator()
      let world = gradedWorld(meanSafety: meanSafety, &stream)
      let reward = formulas.bfpoReward(world, BFPOConstants(tau: 1, alpha: alpha))
      holds = holds && ranksSafeFirst(formulas.gibbs(world.reference, reward, 1).logRatio)
      meter.countWorld()
    }
    meter.require(holds == always)
  }
  return meter.finding(
    "a = 1/2", "only a = 1/2 keeps that order for every share of safe responses",
    checked: "a of .45, .5, .55 at E_s of .02 to .98; 1 = broken", tolerance: 0)
}
