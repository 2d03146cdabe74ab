/// Preference-based constrained alignment via dualisation: MoCAN with the implicit scores of two DPO policies.
///
///     r = log π_help − log π_ref        c = −(log π_safe − log π_ref)
///     L(h) = −p log σ(τh) − (1 − p) log σ(−τh),  p = σ(Δr − λ*Δc)
///
/// π_help and π_safe are earlier stages of the arm, DPO on the helpfulness and on the safety order. λ* is MoCAN's for these scores.
///
/// Source: Huang et al. 2024 (NeurIPS), arXiv 2405.19544, algorithm 2.
public struct PeCAN: SoftLabelObjective {
  public var tau = 0.1
  /// d: the largest expected cost allowed, in nats of the safety policy's log-ratio; below −E_{π_ref} log(π_safe/π_ref) it binds.
  public var budget = 0.0
  public var reduction = Reduction.sum

  public static let card = ObjectiveCard(
    id: "pecan", title: "PeCAN",
    equation: "L = −p log σ(τh) − (1 − p) log σ(−τh),  p = σ(Δr − λ*Δc),  r = log π_help/π_ref,  c = −log π_safe/π_ref",
    tauDirection: "a larger τ keeps the policy closer to the reference",
    source: "Huang et al. 2024 (NeurIPS), arXiv 2405.19544, algorithm 2",
    citationKey: "huang2024can", labels: [.rewards, .costs],
    conventions:
      "rewards and costs are the implicit ones of two earlier stages, which the arm names: no reward and no cost model; the log-ratios are taken as they are, without τ, as in the authors' code; the budget is in these units (b = −budget), where the paper states it as an improvement over the reference; log-probabilities are summed over response tokens",
    stationaryPoint: "h = (Δr − λ*Δc)/τ",
    populationOptimum: "π ∝ π_ref e^{(r − λ*c)/τ} for the implicit r and c; none for an infeasible budget",
    stepZero: "ln 2")

  public init() {}

  public var complaint: String? { complaintAboutTau(tau) ?? complaintAboutBudget(budget) }

  public var multiplierRule: MultiplierRule { .oneShot(budget: budget, tau: tau) }
}
