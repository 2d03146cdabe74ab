/// Multi-objective DPO: DPO on helpfulness pairs with a margin from a safety reward m = −c.
///
///     L(h) = −log σ(z)        z = (τh − w₁ (m_w − m_l))/w₀,  w₀ = 1 − w₁        L′(h) = −(τ/w₀) σ(−z)
///
/// On a population where y_w is preferred with probability p the optimum is h = (w₀ logit p + w₁ Δm)/τ: π ∝ π_ref e^{(w₀ r + w₁ m)/τ}.
///
/// Source: Zhou et al. 2024 (Findings of ACL), arXiv 2310.03708.
public struct MODPO: LogisticObjective {
  public var tau = 0.1
  /// w₁ in [0, 1): the weight of safety against helpfulness.
  public var safetyWeight = 0.5
  public var reduction = Reduction.sum

  public static let card = ObjectiveCard(
    id: "modpo", parameterAliases: ["beta": "tau", "w1": "safetyWeight"], title: "MODPO",
    equation: "L = −log σ((τh − w₁ (m_w − m_l))/w₀),  w₀ = 1 − w₁,  m = −c",
    tauDirection: "a larger τ keeps the policy closer to the reference",
    source: "Zhou et al. 2024 (Findings of ACL), arXiv 2310.03708",
    citationKey: "zhou2024modpo", labels: [.order, .costs],
    conventions:
      "pairs are in helpfulness order; the margin reward m is minus the cost, where the authors take τ log π_safe/π_ref of a DPO policy trained on the safety order; their w is w₀, the weight of helpfulness; log-probabilities are summed over response tokens",
    stationaryPoint: "none: L′ < 0 for every h",
    populationOptimum: "h = (w₀ logit(p) + w₁ Δm)/τ: π ∝ π_ref e^{(w₀ r + w₁ m)/τ}; none where p is 0 or 1",
    stepZero: "softplus(w₁ (m_w − m_l)/w₀)")

  public init() {}

  public var complaint: String? {
    if let complaint = complaintAboutTau(tau) { return complaint }
    return safetyWeight >= 0 && safetyWeight < 1 ? nil : "safetyWeight must lie in [0, 1), got \(safetyWeight)"
  }

  public func term(margin h: Double, label: PairLabel) -> LogisticTerm {
    guard let chosen = label.chosenScores, let rejected = label.rejectedScores else {
      preconditionFailure("MODPO needs the costs of both responses, got \(label)")
    }
    let scale = 1 / (1 - safetyWeight)
    return LogisticTerm(
      z: scale * (tau * h - safetyWeight * (rejected.cost - chosen.cost)), slope: scale * tau)
  }

  public func stationary(_ label: PairLabel) -> StationaryMargin { .none }
}
