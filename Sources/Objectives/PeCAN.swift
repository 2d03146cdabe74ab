/// Preference-based constrained alignment via dualisation: MoCAN with the implicit scores of two DPO policies.
///
///     r = τ_r (log π_help − log π_ref)        c = −τ_c (log π_safe − log π_ref)
///     L(h) = −p log σ(τh) − (1 − p) log σ(−τh),  p = σ(Δr − λ*Δc)
///
/// π_help and π_safe are earlier stages of the arm, DPO on the helpfulness and on the safety order. λ* is MoCAN's for these scores.
///
/// Source: Huang et al. 2024 (NeurIPS), arXiv 2405.19544, algorithm 2.
public struct PeCAN: SoftLabelObjective {
  public var tau = 0.1
  /// d: the largest expected cost allowed above the reference's, in nats times τ_c; −d is the improvement of safety asked for.
  public var budget = 0.0
  public var reduction = Reduction.sum

  public static let card = ObjectiveCard(
    id: "pecan", title: "PeCAN",
    equation:
      "L = −p log σ(τh) − (1 − p) log σ(−τh),  p = σ(Δr − λ*Δc),  r = τ_r log π_help/π_ref,  c = −τ_c log π_safe/π_ref",
    tauDirection: "a larger τ keeps the policy closer to the reference",
    source: "Huang et al. 2024 (NeurIPS), arXiv 2405.19544, algorithm 2",
    citationKey: "huang2024can", labels: [.rewards, .costs],
    conventions:
      "rewards and costs are the implicit ones of two earlier stages, which the arm names: no reward and no cost model; τ_k is the τ of the stage, which the authors' code leaves out: with τ_k = 1 the two agree; the budget counts from the reference's expected cost, so −budget is the improvement of safety asked for, as in the paper; log-probabilities are summed over response tokens",
    stationaryPoint: "h = (Δr − λ*Δc)/τ",
    populationOptimum: "π ∝ π_ref e^{(r − λ*c)/τ} for the implicit r and c; none for an infeasible budget",
    stepZero: "ln 2")

  public init() {}

  public var complaint: String? { complaintAboutTau(tau) ?? complaintAboutBudget(budget) }

  public var needsImpliedScores: Bool { true }

  public var multiplierRule: MultiplierRule { .oneShot(budget: budget, tau: tau) }
}
