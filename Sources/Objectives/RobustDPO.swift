/// Robust DPO: an unbiased estimate of the DPO loss on clean labels from labels of which a share ε is the wrong way round.
///
///     L(h) = [−(1 − ε) log σ(τh) + ε log σ(−τh)] / (1 − 2ε)
///     L′(h) = −τ [(1 − ε) σ(−τh) + ε σ(τh)] / (1 − 2ε)
///
/// L = DPO − ε/(1 − 2ε) τh: unbounded below as h → ∞.
///
/// Source: Chowdhury, Kini, Natarajan 2024 (ICML), arXiv 2403.00409.
public struct RobustDPO: LogisticObjective {
  public var tau = 0.1
  /// ε in [0, ½).
  public var epsilon = 0.1
  public var reduction = Reduction.sum

  public static let card = ObjectiveCard(
    id: "robust-dpo", aliases: ["rdpo"], parameterAliases: smoothingAliases, title: "Robust DPO",
    equation: "L = [−(1 − ε) log σ(τh) + ε log σ(−τh)]/(1 − 2ε)",
    tauDirection: "a larger τ keeps the policy closer to the reference",
    source: "Chowdhury, Kini, Natarajan 2024 (ICML), arXiv 2403.00409",
    citationKey: "chowdhury2024rdpo", labels: [.order],
    conventions:
      "TRL's loss type `robust` with label_smoothing = ε; log-probabilities are summed over response tokens",
    stationaryPoint: "none: L′ < 0 for every h, and L is unbounded below",
    populationOptimum: "h = logit(q)/τ, q = (p − ε)/(1 − 2ε) the clean probability; none where q is not in (0, 1)",
    stepZero: "ln 2")

  public init() {}

  public var complaint: String? {
    if let complaint = complaintAboutTau(tau) { return complaint }
    return epsilon >= 0 && epsilon < 0.5 ? nil : "epsilon must lie in [0, 0.5), got \(epsilon)"
  }

  public func term(margin h: Double, label: PairLabel) -> LogisticTerm {
    let scale = 1 / (1 - 2 * epsilon)
    return LogisticTerm(z: tau * h, slope: tau, chosen: scale * (1 - epsilon), rejected: -scale * epsilon)
  }

  public func stationary(_ label: PairLabel) -> StationaryMargin { .none }
}
