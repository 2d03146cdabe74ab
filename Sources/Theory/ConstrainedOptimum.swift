/// The optimum of a constrained problem, or why there is none.
public enum ConstrainedOptimum: Hashable, Sendable {
  case solved(ConstrainedSolution)
  /// No policy has an expected cost below the budget (Slater's condition E_x min_y c < d fails).
  case infeasible(leastCost: Double)

  public var solution: ConstrainedSolution? { if case .solved(let solution) = self { solution } else { nil } }
}

/// A primal and dual solution.
public struct ConstrainedSolution: Hashable, Sendable {
  /// λ* ≥ 0, also dP*/dd; zero when the budget is slack.
  public var multiplier: Double
  /// E r − β KL at π*.
  public var primal: Double
  /// D(λ*), equal to the primal value.
  public var dual: Double
  /// What π* attains.
  public var outcome: ConstrainedOutcome
  /// Newton and bisection steps taken.
  public var steps: Int

  /// π* of the first prompt [K].
  public var policy: [Double] { outcome.policies[0] }
}

extension ConstrainedProblem {
  /// Solves the problem by its dual.
  ///
  /// λ* = 0 if the unconstrained optimum keeps the budget. Otherwise the root of D′ is bracketed by doubling and found by Newton
  /// steps λ ← λ − D′/D″, replaced by bisection whenever they leave the bracket, until no double lies strictly inside it or D′
  /// vanishes.
  public func solve() -> ConstrainedOptimum {
    let free = dual(at: 0)
    if free.slope >= 0 { return .solved(solution(free, steps: 0)) }
    guard hasInterior, let (low, high) = bracket() else { return .infeasible(leastCost: leastCost) }
    var (lower, upper) = (low, high)
    var point = dual(at: lower.multiplier)
    var best = point
    for step in 1...200 {
      if abs(point.slope) < abs(best.slope) { best = point }
      if point.slope == 0 { return .solved(solution(point, steps: step)) }
      if point.slope < 0 { lower = point } else { upper = point }
      let newton = point.multiplier - point.slope / point.curvature
      let middle = lower.multiplier + (upper.multiplier - lower.multiplier) / 2
      let isInside = newton > lower.multiplier && newton < upper.multiplier
      // Every fourth step bisects, so that a bracket of which one side never moves shrinks all the same.
      let next = isInside && step % 4 != 0 ? newton : middle
      let isDone =
        !(next > lower.multiplier && next < upper.multiplier)
        || (step % 4 != 0 && abs(next - point.multiplier) <= 1e-16 * abs(next))
      if isDone { return .solved(solution(best, steps: step)) }
      point = dual(at: next)
    }
    return .solved(solution(best, steps: 200))
  }

  /// Slater's condition E_x min_y c < d, by more than the rounding of a mean of costs.
  private var hasInterior: Bool {
    let largest = prompts.reduce(abs(budget)) { max($0, $1.cost.map(abs).max() ?? 0) }
    return budget - leastCost > 1e-14 * largest
  }

  /// Neighbouring powers of two (or zero) between which D′ changes sign; nil when rounding hides that the budget can be kept.
  private func bracket() -> (DualPoint, DualPoint)? {
    var lower = dual(at: 0)
    var upper = dual(at: 1)
    for _ in 0..<200 {
      if upper.slope >= 0 { return (lower, upper) }
      lower = upper
      upper = dual(at: 2 * upper.multiplier)
    }
    return nil
  }

  private func solution(_ point: DualPoint, steps: Int) -> ConstrainedSolution {
    ConstrainedSolution(
      multiplier: point.multiplier, primal: point.outcome.primal(beta: beta), dual: point.value,
      outcome: point.outcome, steps: steps)
  }
}

extension FiniteWorld {
  /// The optimum of helpfulness P with a floor on safety: max E P − β KL such that E s ≥ level, by the dual.
  public func safetyConstrainedOptimum(atLeast level: Double, beta: Double) -> ConstrainedOptimum {
    let prompt = ConstrainedPrompt(reference: reference, reward: winRate, cost: safety)
    return ConstrainedProblem(scored: [prompt], beta: beta, atLeast: level).solve()
  }
}
