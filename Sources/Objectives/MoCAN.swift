/// Model-based constrained alignment via dualisation: λ* once from scores of the reference's responses, then DPO on r − λ*c.
///
///     max_π E r − τ KL(π ‖ π_ref)  subject to  E_{y∼π} c ≤ d
///     λ* = argmin_{λ ≥ 0} τ E_x log E_{π_ref} e^{(r − λc)/τ} + λd
///     L(h) = −p log σ(τh) − (1 − p) log σ(−τh),  p = σ(Δr − λ*Δc)
///
/// Source: Huang et al. 2024 (NeurIPS), arXiv 2405.19544, algorithm 1.
public struct MoCAN: SoftLabelObjective {
  public var tau = 0.1
  /// d: the largest expected cost allowed.
  public var budget = 0.0
  public var reduction = Reduction.sum

  public static let card = ObjectiveCard(
    id: "mocan", title: "MoCAN",
    equation: "L = −p log σ(τh) − (1 − p) log σ(−τh),  p = σ(Δr − λ*Δc)",
    tauDirection: "a larger τ keeps the policy closer to the reference",
    source: "Huang et al. 2024 (NeurIPS), arXiv 2405.19544, algorithm 1",
    citationKey: "huang2024can", labels: [.rewards, .costs],
    conventions:
      "the paper has a safety score g = −c and E g ≥ b: b = −budget; λ* is solved once over the reference, before training; soft labels, where the authors' code draws one label per pair; log-probabilities are summed over response tokens",
    stationaryPoint: "h = (Δr − λ*Δc)/τ",
    populationOptimum:
      "π ∝ π_ref e^{(r − λ*c)/τ}: the solution of the constrained problem; none for an infeasible budget",
    stepZero: "ln 2")

  public init() {}

  public var complaint: String? { complaintAboutTau(tau) ?? complaintAboutBudget(budget) }

  public var multiplierRule: MultiplierRule { .oneShot(budget: budget, tau: tau) }
}
