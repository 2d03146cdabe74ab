import Basics

/// Constrained optima, Safe RLHF's fixed point, and the identity of two stages with one.
func dualityFindings(_ formulas: Formulas) -> [Finding] {
  [duality(formulas), dualDerivatives(formulas), fixedPoint(formulas), twoStages(formulas), infeasible(formulas)]
}

private func duality(_ formulas: Formulas) -> Finding {
  var meter = ErrorMeter()
  for trial in 0..<300 {
    var stream = SeedTree(30).child(trial).generator()
    let problem = randomProblem(&stream)
    guard let solution = formulas.constrained(problem).solution else {
      meter.note(nil)
      continue
    }
    meter.note(solution.primal - solution.dual)
    meter.note(solution.outcome.cost - problem.budget)
    meter.require(solution.multiplier >= 0)
    // No policy that keeps the budget does better: the tilted policies of a dearer budget are such.
    let other = problem.dual(at: solution.multiplier * (1 + stream.uniform())).outcome
    if other.cost <= problem.budget { meter.note(max(0, other.primal(beta: problem.beta) - solution.primal)) }
    meter.countWorld()
  }
  return meter.finding(
    "duality", "the constrained optimum has no duality gap and spends the budget",
    checked: "300 random problems of 1 to 4 prompts", tolerance: 1e-9)
}

private func dualDerivatives(_ formulas: Formulas) -> Finding {
  var meter = ErrorMeter()
  for trial in 0..<100 {
    var stream = SeedTree(31).child(trial).generator()
    let problem = randomProblem(&stream)
    let multiplier = 2 * stream.uniform()
    let width = 1e-5
    let (up, down) = (
      formulas.dual(problem, multiplier + width), formulas.dual(problem, multiplier - width)
    )
    let point = formulas.dual(problem, multiplier)
    let scale = max(1, abs(point.value), point.curvature)
    meter.note((point.slope - (up.value - down.value) / (2 * width)) / scale)
    meter.note((point.curvature - (up.slope - down.slope) / (2 * width)) / scale)
    meter.require(point.curvature >= 0 && up.slope >= down.slope)
    meter.countWorld()
  }
  return meter.finding(
    "dual derivatives", "D' = d - E c, D'' = E Var(c)/b >= 0",
    checked: "100 random problems against central differences; relative", tolerance: 1e-7)
}

private func fixedPoint(_ formulas: Formulas) -> Finding {
  var meter = ErrorMeter()
  var seed = 0
  while meter.count < 100, seed < 1000 {
    var stream = SeedTree(32).child(seed).generator()
    seed += 1
    let problem = randomProblem(&stream)
    // Budgets that the limit of a growing multiplier cannot reach have no fixed point.
    let limit = problem.safeRLHFResponse(share: 1).cost
    let free = problem.dual(at: 0).outcome.cost
    if limit >= free { continue }
    let budget = free + (0.1 + 0.8 * stream.uniform()) * (limit - free)
    let reachable = ConstrainedProblem(problem.prompts, beta: problem.beta, budget: budget)
    guard let point = formulas.safeRLHF(reachable).fixedPoint else {
      meter.note(nil)
      continue
    }
    meter.note(point.outcome.cost - budget)
    let same = ConstrainedProblem(problem.prompts, beta: point.effectiveBeta, budget: budget)
    meter.note(
      formulas.constrained(same).solution.map { ($0.multiplier - point.multiplier) / max(1, point.multiplier) })
    meter.countWorld()
  }
  return meter.finding(
    "Safe RLHF", "its fixed point is the constrained optimum for the KL weight b(1 + l)",
    checked: "\(meter.count) random problems; cost and relative multiplier", tolerance: 1e-7)
}

private func twoStages(_ formulas: Formulas) -> Finding {
  var meter = ErrorMeter()
  for trial in 0..<100 {
    var stream = SeedTree(33).child(trial).generator()
    let count = 2 + stream.below(6)
    let reference = randomSimplex(count, &stream)
    let reward = (0..<count).map { _ in stream.normal() }
    let score = (0..<count).map { _ in stream.normal() }
    let (beta, multiplier) = (0.3 + stream.uniform(), 0.2 + stream.uniform())
    func stage(_ values: [Double], _ reference: [Double]?, _ beta: Double) -> [Double]? {
      reference.flatMap { reference in
        let world = FiniteWorld(
          reference: reference, preference: values.map { a in values.map { sigmoid(a - $0) } },
          safety: [Double](repeating: 1, count: count))
        return formulas.dpo(world, beta).optimum?.policy
      }
    }
    let second = stage(score, stage(reward, reference, beta), beta / multiplier)
    let once = formulas.gibbs(reference, zip(reward, score).map { $0 + multiplier * $1 }, beta).policy
    meter.note(second, once)
    meter.countWorld()
  }
  return meter.finding(
    "SACPO", "DPO on helpfulness, then DPO on safety at b/l from it, is RLHF with r + l g",
    checked: "100 random worlds, population optima", tolerance: 1e-9)
}

private func infeasible(_ formulas: Formulas) -> Finding {
  var meter = ErrorMeter()
  for trial in 0..<50 {
    var stream = SeedTree(34).child(trial).generator()
    let problem = randomProblem(&stream)
    let least = problem.leastCost
    for (budget, isFeasible) in [(least - 0.1, false), (least, false), (least + 0.01, true)] {
      let answer = formulas.constrained(ConstrainedProblem(problem.prompts, beta: problem.beta, budget: budget))
      meter.require((answer.solution != nil) == isFeasible)
    }
    let free = problem.dual(at: 0).outcome
    let slack = ConstrainedProblem(problem.prompts, beta: problem.beta, budget: free.cost + 0.1)
    meter.note(formulas.constrained(slack).solution?.multiplier)
    meter.note(formulas.constrained(slack).solution.map { $0.primal - free.primal(beta: problem.beta) })
    meter.countWorld()
  }
  return meter.finding(
    "budgets", "impossible budgets are refused, slack ones have l = 0", checked: "50 random problems; 1 = broken",
    tolerance: 1e-12)
}
