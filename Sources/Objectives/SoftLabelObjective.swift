import Basics

/// An objective that learns the Bradley–Terry preference of a reward under a cost constraint, as a soft label.
///
///     p = σ(Δr − λΔc),  Δ = chosen − rejected
///     L(h) = −p log σ(τh) − (1 − p) log σ(−τh)        L′(h) = −τ (p − σ(τh))
///
/// Stationary at h = (Δr − λΔc)/τ, which is the margin of π ∝ π_ref e^{(r − λc)/τ}: which response is called chosen does not matter.
/// λ is ``PairLabel/multiplier``; where it comes from is the ``Objective/multiplierRule``.
public protocol SoftLabelObjective: LogisticObjective {
  var tau: Double { get }
}

extension SoftLabelObjective {
  public func term(margin h: Double, label: PairLabel) -> LogisticTerm {
    let difference = scoreDifference(label)
    return LogisticTerm(z: tau * h, slope: tau, chosen: sigmoid(difference), rejected: sigmoid(-difference))
  }

  public func stationary(_ label: PairLabel) -> StationaryMargin { .at(scoreDifference(label) / tau) }

  /// Δr − λΔc.
  private func scoreDifference(_ label: PairLabel) -> Double {
    guard let chosen = label.chosenScores, let rejected = label.rejectedScores else {
      preconditionFailure("\(Self.card.title) needs the scores of both responses, got \(label)")
    }
    return chosen.lagrangian(label.multiplier) - rejected.lagrangian(label.multiplier)
  }
}

/// What is wrong with a budget, or nil.
func complaintAboutBudget(_ budget: Double) -> String? {
  budget.isFinite ? nil : "budget must be finite, got \(budget)"
}
