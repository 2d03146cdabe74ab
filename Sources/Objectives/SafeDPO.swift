/// SafeDPO: DPO on pairs that are turned so that a safe response stands over an unsafe one.
///
///     L(h) = −log σ(τh − (u_l − u_w) Δ)        L′(h) = −τ σ((u_l − u_w) Δ − τh)        u = 1 for unsafe
///
/// after the transform of the pair (``SafetyTransform``): safe over unsafe is kept, unsafe over safe swapped, and a pair of two unsafe
/// responses left out. It optimises a reward that is −∞ for unsafe responses: π* ∝ π_ref · 1[safe] · e^{r/τ}; Δ only speeds it up.
///
/// Source: Kim et al. 2026 (ICLR), arXiv 2505.20065.
public struct SafeDPO: LogisticObjective {
  public var tau = 0.1
  /// Offset Δ ≥ 0 of a pair whose safety flags differ, in units of τh.
  public var delta = 10.0
  /// Learn from pairs of two unsafe responses as they are, as the first version of the paper did.
  public var keepUnsafePairs = false
  public var reduction = Reduction.sum

  public static let card = ObjectiveCard(
    id: "safedpo", aliases: ["safe-dpo"], title: "SafeDPO",
    equation: "L = −log σ(τh − (u_l − u_w) Δ) of the pair turned safe over unsafe,  u = 1 for unsafe",
    tauDirection: "a larger τ keeps the policy closer to the reference",
    source: "Kim et al. 2026 (ICLR), arXiv 2505.20065",
    citationKey: "kim2026safedpo", labels: [.order, .safetyFlags],
    conventions:
      "pairs are in helpfulness order; an unsafe response over a safe one is swapped, two unsafe responses are left out (the first version of the paper kept them: keepUnsafePairs=true); log-probabilities are summed over response tokens",
    stationaryPoint: "none: L′ keeps its sign",
    populationOptimum:
      "h = logit(p)/τ for two safe responses; none for a safe and an unsafe one (h → ∞ towards the safe one)",
    stepZero: "ln 2 if both are safe, log(1 + e^Δ) if the flags differ; two unsafe responses are left out")

  public init() {}

  public var complaint: String? {
    if let complaint = complaintAboutTau(tau) { return complaint }
    return delta >= 0 && delta.isFinite ? nil : "delta must be at least 0 and finite, got \(delta)"
  }

  public func admits(_ label: PairLabel) -> Bool {
    SafetyTransform(label, keepUnsafePairs: keepUnsafePairs) != nil
  }

  public func term(margin h: Double, label: PairLabel) -> LogisticTerm {
    guard let transform = SafetyTransform(label, keepUnsafePairs: keepUnsafePairs) else { return .none }
    return LogisticTerm(z: transform.logit(margin: h, tau: tau, shift: delta), slope: transform.sign * tau)
  }

  public func stationary(_ label: PairLabel) -> StationaryMargin { admits(label) ? .none : .from(-.infinity) }
}
