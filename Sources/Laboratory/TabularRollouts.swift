import Basics
import Objectives
import Policies
import Preferences
import Theory
import Training

/// Safe RLHF on a synthetic world: the table writes its own responses, the world scores them, and the exact optimum is known.
extension TabularSupply {
  /// - Throws: ``UserError``: 4 before training when no λ up to the cap keeps the budget.
  func trainOnPolicy(
    _ policy: inout TabularPolicy, _ start: RolloutStart<TabularPolicy>, checkpointing: Checkpointing<Double>,
    afterStep: (Int) throws -> Void
  ) throws -> TrainingCurve {
    let table = try scoreTable(start.scores)
    _ = try optimum(start.objective, start: start.policy, table: table)
    let (prompts, responses) = (world.spec.prompts, world.spec.responses)
    let reference =
      start.policy.map { begin in (0..<prompts).map { begin.policy.logProbabilities(prompt: $0) } }
      ?? world.referenceLogProbabilities
    let scores = (0..<prompts).map { Array(table[($0 * responses)..<(($0 + 1) * responses)]) }
    // Opened once, so that the training loop is called with the objective's concrete type.
    func opened<O: RolloutObjective>(_ objective: O) throws -> TrainingCurve {
      try Training.trainOnPolicy(
        &policy, source: .table(reference: reference, scores: scores, costs: trueCosts(start.scores)),
        critics: TabularCritics(promptCount: prompts, rate: objective.collection.criticRate), objective: objective,
        configuration: start.configuration, seed: start.seed, stepZeroTolerance: 1e-9,
        checkpointing: checkpointing
      ) { step, _ in try afterStep(step) }
    }
    return try opened(start.objective)
  }

  /// The world's own costs where training is told learned ones; nil where it sees what is watched.
  private func trueCosts(_ scores: ResponseScorer<TabularQuery>) -> [[Double]]? {
    guard world.spec.scores != nil, !scores.isCostImplied else { return nil }
    return (0..<world.spec.prompts).map { prompt in
      (0..<world.spec.responses).map { world.cost($0, prompt: prompt) }
    }
  }

  /// What the method's exact optimum attains, by the place of the KL penalty and the combiner; nil where none is known.
  func optimum(_ objective: any RolloutObjective, start: Trained<TabularPolicy>?, table: [ResponseScores]) throws
    -> RolloutOptimum?
  {
    guard let objective = objective as? SafeRLHF else { return nil }
    return try objective.optimum { beta in
      problem(start: start, table: table, beta: beta, budget: objective.budget)
    }
  }
}

/// A policy that training should reach.
struct RolloutOptimum {
  /// λ*, the mean of the prompts' own, or the fixed ν; nil for a method without.
  var multiplier: Double?
  var outcome: ConstrainedOutcome
}

extension SafeRLHF {
  /// The exact optimum of a constrained problem under this method.
  ///
  ///     learned λ or switching:  both → Safe RLHF's fixed point, rewardOnly → the dual at β = τ
  ///     fixed ν:                 π_ν of β = τ(1 + ν) for both, of β = τ for rewardOnly
  ///     exact penalty κ:         λ = min(κ, λ*) at β = τ for rewardOnly; not known for both
  ///     multiplicative:          π_ref e^{f/τ} for either place
  ///     a λ for every prompt:    each prompt's own, solved alone
  ///     a tail of the costs:     the best quantile's problem for a learned λ or switching and rewardOnly; not known otherwise
  ///
  /// - Parameter problem: the problem for a KL weight.
  /// - Throws: ``UserError`` (4) when no policy keeps the budget, or none with λ up to `lambdaMax`; prompts that cannot keep theirs
  ///   are named.
  func optimum(_ problem: (Double) -> ConstrainedProblem) throws -> RolloutOptimum? {
    lambdaScope == .prompt ? try optimumOfEachPrompt(problem) : try optimumOfAll(problem)
  }

  /// Every prompt solved alone, multipliers averaged.
  private func optimumOfEachPrompt(_ problem: (Double) -> ConstrainedProblem) throws -> RolloutOptimum? {
    let whole = problem(tau)
    var optima: [RolloutOptimum] = []
    var infeasible: [(prompt: Int, error: UserError)] = []
    for prompt in whole.prompts.indices {
      do {
        guard let best = try optimumOfAll({ problem($0).eachPrompt[prompt] }) else { return nil }
        optima.append(best)
      } catch let error as UserError where error.exitCode == .infeasible {
        infeasible.append((prompt, error))
      }
    }
    if var error = infeasible.first?.error {
      let names = promptNames(infeasible.map(\.prompt))
      error.what += " on \(names)"
      error.why = error.why.map { "on \(promptNames([infeasible[0].prompt])) \($0)" }
      throw error
    }
    return RolloutOptimum(
      multiplier: mean(optima.compactMap(\.multiplier)), outcome: whole.outcome(of: optima.map(\.outcome.policies[0])))
  }

  private func optimumOfAll(_ problem: (Double) -> ConstrainedProblem) throws -> RolloutOptimum? {
    if combiner == .multiplicative {
      var floor: Double?
      if case .given(let value) = rewardFloor { floor = value }
      return RolloutOptimum(multiplier: nil, outcome: problem(tau).multiplicativeOptimum(rewardFloor: floor).outcome)
    }
    if !costRisk.isMean { return try optimumOfTail(problem(tau)) }
    switch (combiner, klPlacement) {
    case (.shaping, let placement):
      let point = problem(placement == .both ? tau * (1 + lambdaInitial) : tau).dual(at: lambdaInitial)
      return RolloutOptimum(multiplier: lambdaInitial, outcome: point.outcome)
    case (.exactPenalty, .both): return nil
    case (.exactPenalty, .rewardOnly):
      guard let solution = problem(tau).solve().solution, solution.multiplier <= lambdaInitial else {
        return RolloutOptimum(multiplier: lambdaInitial, outcome: problem(tau).dual(at: lambdaInitial).outcome)
      }
      return RolloutOptimum(multiplier: solution.multiplier, outcome: solution.outcome)
    case (.lagrangian, _), (.switching, _):
      let best = try constrainedOptimum(problem(tau))
      try checkCap(best.multiplier)
      return best
    case (.multiplicative, _): preconditionFailure("the multiplicative value has no budget")
    }
  }

  private func checkCap(_ multiplier: Double?) throws {
    guard combiner.learnsMultiplier, let multiplier, multiplier > lambdaMax else { return }
    throw infeasible(
      "keeping it takes λ = \(multiplier), more than lambdaMax = \(lambdaMax)", advice: "raise `lambdaMax`, or `budget`"
    )
  }

  /// The optimum under a budget for the costs' tail, where it is known.
  private func optimumOfTail(_ problem: ConstrainedProblem) throws -> RolloutOptimum? {
    guard combiner == .lagrangian || combiner == .switching else { return nil }
    switch problem.solve(under: costRisk) {
    case .infeasible(let least):
      throw infeasible("no policy's worst costs have a mean below \(least)", advice: "raise `budget`, or `costTail`")
    case .solved(let solution, _):
      guard klPlacement == .rewardOnly else { return nil }
      try checkCap(solution.multiplier)
      return RolloutOptimum(multiplier: solution.multiplier, outcome: solution.outcome)
    }
  }

  private func constrainedOptimum(_ problem: ConstrainedProblem) throws -> RolloutOptimum {
    switch klPlacement {
    case .both:
      switch problem.safeRLHFOptimum() {
      case .fixedPoint(let point): return RolloutOptimum(multiplier: point.multiplier, outcome: point.outcome)
      case .unreachable(_, let lowest):
        throw infeasible(
          "with the KL penalty on both streams the expected cost stays above \(lowest) for every λ",
          advice: "raise `budget`, lower `tau`, or put the penalty on the reward alone (`klPlacement: \"rewardOnly\"`)")
      }
    case .rewardOnly:
      switch problem.solve() {
      case .solved(let solution): return RolloutOptimum(multiplier: solution.multiplier, outcome: solution.outcome)
      case .infeasible(let least):
        throw infeasible("no policy has an expected cost below \(least)", advice: "raise `budget`")
      }
    }
  }

  private func infeasible(_ why: String, advice: String) -> UserError {
    UserError(
      "the cost budget \(budget) cannot be kept", at: "the constrained problem before training", because: why,
      advice: advice, exitCode: .infeasible)
  }
}

extension TabularSupply {
  /// How far the constraint was violated, and the exact optimum next to which the metrics can be read; empty for a cell whose last
  /// stage does not learn from its own responses.
  ///
  /// - Parameters:
  ///   - policy: log π at the end, [prompts][responses].
  ///   - cost: its exact expected cost.
  func rolloutMetrics(
    _ cell: CellConfiguration, curve: TrainingCurve, policy: [[Double]], cost: Double
  ) throws -> [String: Double] {
    guard cell.merge == nil, let last = cell.allStages.last,
      let objective = try last.makeMethod() as? any RolloutObjective, let violation = curve.meanOverSteps(\.violation)
    else { return [:] }
    var metrics = [
      "violation": max(0, cost - objective.multiplierLaw.budget), "violationMean": violation,
      "violationArea": violation * Double(cell.training.steps),
    ]
    metrics.merge(variantMetrics(objective, policy: policy)) { $1 }
    // Earlier stages' policies are gone by now, so an optimum next to them is not known.
    guard last.from == nil, last.scores == nil else { return metrics }
    let scorer = ResponseScorer<TabularQuery>(isCostImplied: false, isOwn: true) { scores(of: $0) }
    if let best = try optimum(objective, start: nil, table: try scoreTable(scorer)) {
      if let multiplier = best.multiplier { metrics["multiplier_exact"] = multiplier }
      // The optimum for learned scores, judged by the exact ones.
      let outcome =
        world.spec.scores == nil
        ? best.outcome
        : problem(start: nil, table: exactScores(of: world.allQueries), beta: 1, budget: 0)
          .outcome(of: best.outcome.policies)
      metrics["reward_exact"] = outcome.reward
      metrics["cost_exact"] = outcome.cost
      metrics["kl_exact"] = outcome.kl
    }
    return metrics
  }

  /// What is bounded where that is not the mean cost: its tail's mean, or the worst prompt's.
  private func variantMetrics(_ objective: any RolloutObjective, policy: [[Double]]) -> [String: Double] {
    if objective.costRisk.isMean, objective.lambdaScope == .all { return [:] }
    let distributions = policy.indices.map { prompt in
      CostDistribution(
        costs: policy[prompt].indices.map { world.cost($0, prompt: prompt) },
        probabilities: policy[prompt].map(exponential))
    }
    let worst = objective.exactRisks(distributions).max() ?? 0
    return [
      "violation": objective.violation(distributions),
      objective.lambdaScope == .prompt ? "worstPromptCost" : "tailCost": worst,
    ]
  }
}
