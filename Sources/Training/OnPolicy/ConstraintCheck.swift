import Basics
import Objectives

/// Whether the multiplier could do its work.
///
/// Looked at is the last quarter of a run with a learned λ. If its mean cost is within the budget (to 0.01, or 1 % of a larger
/// budget), all is well. Otherwise a λ at its cap means that the budget is out of reach for it; a λ that never moved, or has
/// vanished in log space, means that there was no constraint at all.
///
/// - Throws: ``UserError``: 4 at the cap, 3 for a λ that did nothing.
public func checkConstraint(_ curve: TrainingCurve, law: MultiplierLaw) throws {
  let late = curve.points.suffix(max(1, curve.points.count / 4))
  guard law.isLearned, let cost = curve.mean(of: late, \.cost), let end = curve.points.last?.multiplier else { return }
  let tolerance = 0.01 * max(1, abs(law.budget))
  guard cost > law.budget + tolerance else { return }
  let place = "the last quarter of the run"
  let why = "the expected cost is \(fixed3(cost)) for a budget of \(fixed3(law.budget))"
  if end >= 0.999 * law.maximum {
    throw UserError(
      "the cost budget cannot be kept: λ ended at its cap \(law.maximum)", at: place, because: why,
      advice: "raise `budget`, or `lambdaMax` if `./bfpo theory` says that the budget can be kept",
      exitCode: .infeasible)
  }
  if curve.points.allSatisfy({ $0.multiplier == law.initial }) {
    throw UserError.numerical(
      "λ never moved although the budget was violated", at: place, because: why,
      advice: "lower `lambdaDelay`, or raise `lambdaRate`: λ stayed at \(law.initial)")
  }
  if law.update == .logarithmic, end < 1e-3 * law.initial {
    throw UserError.numerical(
      "λ vanished although the budget is violated", at: place,
      because: why + "; ln λ moves in proportion to λ, and λ is \(end)",
      advice: "use `lambdaUpdate: \"projected\"`, lower `lambdaRate`, or raise `lambdaInitial`")
  }
}
