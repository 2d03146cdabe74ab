import Basics
import Objectives

/// The optimum under a budget for the tail of the costs, or why there is none.
public enum TailOptimum: Hashable, Sendable {
  /// - Parameter quantile: q, where the tail begins.
  case solved(ConstrainedSolution, quantile: Double)
  /// No policy has a CVaR_α below the budget.
  case infeasible(leastRisk: Double)

  public var solution: ConstrainedSolution? { if case .solved(let solution, _) = self { solution } else { nil } }
}

extension ConstrainedProblem {
  /// The same problem with a budget for CVaR_α of the cost over prompts and responses, in place of its mean.
  ///
  ///     max_π E r − β KL  such that  min_q q + E (c − q)₊/α ≤ d     =     max over q of the problem with cost q + (c − q)₊/α
  ///
  /// CVaR_α is a minimum over q, so the budget is kept if it is kept for one q; the minimum is reached at one of the costs that occur,
  /// and none above d can do. What is kept is a union of convex sets, not a convex one: a policy that learns by its gradient may come
  /// to rest in another part of it than this, the best one.
  ///
  /// - Parameter risk: α; 1 gives ``solve()``.
  public func solve(under risk: RiskMeasure) -> TailOptimum {
    if risk.isMean {
      switch solve() {
      case .solved(let solution): return .solved(solution, quantile: prompts.flatMap(\.cost).min() ?? 0)
      case .infeasible(let least): return .infeasible(leastRisk: least)
      }
    }
    var best: (solution: ConstrainedSolution, quantile: Double)?
    for quantile in Set(prompts.flatMap(\.cost)).sorted() where quantile <= budget {
      guard let solution = tilted(risk, quantile: quantile).solve().solution else { continue }
      if best.map({ solution.primal > $0.solution.primal }) != false { best = (solution, quantile) }
    }
    guard var best else { return .infeasible(leastRisk: leastRisk(risk)) }
    // The tilted problem's costs are not the costs.
    best.solution.outcome = outcome(of: best.solution.outcome.policies)
    return .solved(best.solution, quantile: best.quantile)
  }

  /// CVaR_α of a policy's costs.
  ///
  /// - Parameter policies: [prompts][responses].
  public func tailRisk(_ risk: RiskMeasure, of policies: [[Double]]) -> TailRisk {
    let weights = zip(prompts, policies).flatMap { prompt, policy in policy.map { prompt.weight * $0 } }
    return risk.evaluate(prompts.flatMap(\.cost), weights: weights)
  }

  /// What no policy can go below: every prompt answered by its cheapest response.
  private func leastRisk(_ risk: RiskMeasure) -> Double {
    let least = prompts.map { prompt in zip(prompt.cost, prompt.reference).filter { $0.1 > 0 }.map(\.0).min() ?? 0 }
    return risk.evaluate(least, weights: prompts.map(\.weight)).value
  }

  private func tilted(_ risk: RiskMeasure, quantile: Double) -> ConstrainedProblem {
    ConstrainedProblem(
      prompts.map { prompt in
        var prompt = prompt
        prompt.cost = prompt.cost.map { risk.signal($0, quantile: quantile) }
        return prompt
      }, beta: beta, budget: budget)
  }
}

extension ConstrainedProblem {
  /// Every prompt as a problem of its own with the same β and budget: the state-wise constraint E_{y∼π(·|x)} c ≤ d has the optimum
  /// of each prompt solved alone, and a multiplier for each.
  public var eachPrompt: [ConstrainedProblem] {
    prompts.map { ConstrainedProblem([$0], beta: beta, budget: budget) }
  }
}
