import Basics
import Objectives

/// Whether the multipliers could do their work.
///
/// Looked at is the last quarter of a run with a learned λ. If its mean cost is within the budget (to 0.01, or 1 % of a larger
/// budget), all is well. Otherwise a λ at its cap means that the budget is out of reach for it; a λ that never moved, or has
/// vanished in log space, means that there was no constraint at all. Where every prompt has its own λ, each is looked at with the
/// J_C that it last followed, and the prompts are named.
///
/// - Throws: ``UserError``: 4 at the cap, 3 for a λ that did nothing.
public func checkConstraint(
  _ curve: TrainingCurve, objective: some RolloutObjective, constraint: ConstraintTracker
) throws {
  let law = objective.multiplierLaw
  guard law.isLearned else { return }
  let late = curve.points.suffix(max(1, curve.points.count / 4))
  if constraint.parts.count == 1 {
    guard let cost = objective.costRisk.isMean ? curve.mean(of: late, \.cost) : mean(late.compactMap(\.expectedCost))
    else { return }
    return try check([ConstraintEnd(constraint.parts[0], cost: cost)], law: law, place: "the last quarter of the run")
  }
  let ends = constraint.parts.enumerated().compactMap { prompt, part in
    part.risk.map { ConstraintEnd(part, cost: $0.value, prompt: prompt) }
  }
  try check(ends, law: law, place: "the end of the run")
}

/// How one λ ended.
private struct ConstraintEnd {
  /// Nil for a λ of all prompts.
  var prompt: Int?
  var cost: Double
  var multiplier: Double
  var hasMoved: Bool

  init(_ part: ConstraintTracker.Part, cost: Double, prompt: Int? = nil) {
    self.prompt = prompt
    self.cost = cost
    multiplier = part.state.value
    hasMoved = part.hasMoved
  }
}

private func check(_ ends: [ConstraintEnd], law: MultiplierLaw, place: String) throws {
  let tolerance = 0.01 * max(1, abs(law.budget))
  let violated = ends.filter { $0.cost > law.budget + tolerance }
  func why(_ some: [ConstraintEnd]) -> String {
    let worst = some.map(\.cost).max() ?? .nan
    let whose = some[0].prompt == nil ? "" : " on the worst of \(promptNames(some.compactMap(\.prompt)))"
    return "the expected cost is \(fixed3(worst)) for a budget of \(fixed3(law.budget))\(whose)"
  }
  let capped = violated.filter { $0.multiplier >= 0.999 * law.maximum }
  if !capped.isEmpty {
    throw UserError(
      "the cost budget cannot be kept: λ ended at its cap \(law.maximum)", at: place, because: why(capped),
      advice: "raise `budget`, or `lambdaMax` if `./bfpo theory` says that the budget can be kept",
      exitCode: .infeasible)
  }
  let still = violated.filter { !$0.hasMoved }
  if !still.isEmpty {
    throw UserError.numerical(
      "λ never moved although the budget was violated", at: place, because: why(still),
      advice: "lower `lambdaDelay`, or raise `lambdaRate`: λ stayed at \(law.initial)")
  }
  let vanished = violated.filter { law.update == .logarithmic && $0.multiplier < 1e-3 * law.initial }
  if let first = vanished.first {
    throw UserError.numerical(
      "λ vanished although the budget is violated", at: place,
      because: why(vanished) + "; ln λ moves in proportion to λ, and λ is \(first.multiplier)",
      advice: "use `lambdaUpdate: \"projected\"`, lower `lambdaRate`, or raise `lambdaInitial`")
  }
}

/// Prompts by their numbers from 0, at most eight of them: `prompts 0, 3 and 2 more`.
public func promptNames(_ prompts: [Int]) -> String {
  let shown = prompts.prefix(8).map(String.init)
  let rest = prompts.count - shown.count
  return (prompts.count == 1 ? "prompt " : "prompts ") + shown.joined(separator: ", ")
    + (rest > 0 ? " and \(rest) more" : "")
}
