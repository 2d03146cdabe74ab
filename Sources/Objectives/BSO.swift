/// Bregman Safety Optimization: density-ratio matching on pairs turned safe over unsafe.
///
///     L(h) = ℓ(R),  log R = −(τh − (u_l − u_w) C)        L′(h) = −τ dℓ/d log R        u = 1 for unsafe
///
/// after the transform of the pair (``SafetyTransform``), with ℓ of one of four generators (``BregmanGenerator``). The logistic one is
/// SafeDPO with Δ = C. Every generator has the same population optimum.
///
/// Source: Nguyen et al. 2026, arXiv 2605.12339.
public struct BSO: MarginObjective {
  public var tau = 0.1
  public var generator = BregmanGenerator.sba
  /// C ≥ 0: the offset of a pair whose safety flags differ, in units of τh.
  public var shift = 30.0
  /// Exponent λ in (0, 1] of `sba`.
  public var lambda = 0.2
  /// Scale s > 0 of `sba`.
  public var scale = 4.0
  /// Largest |log R| at which an exponential generator is evaluated, in (0, 300].
  public var clamp = 60.0
  /// Learn from pairs of two unsafe responses as they are.
  public var keepUnsafePairs = false
  public var reduction = Reduction.sum

  public static let card = ObjectiveCard(
    id: "bso", title: "BSO",
    equation: "L = ℓ(R),  log R = −(τh − (u_l − u_w) C) of the pair turned safe over unsafe,  u = 1 for unsafe",
    tauDirection: "a larger τ keeps the policy closer to the reference",
    source: "Nguyen et al. 2026, arXiv 2605.12339",
    citationKey: "nguyen2026bso", labels: [.order, .safetyFlags],
    conventions:
      "generators logistic (SafeDPO with Δ = C), kliep, lsif, sba (λ, s); the authors clamp log R to ±30, to be raised with C = 30, where the gradient vanishes: here ±60, beyond which ℓ goes on in a straight line in log R; all but logistic start with gradients of e^C or more, so clip them; log-probabilities are summed over response tokens",
    stationaryPoint: "none: L′ keeps its sign",
    populationOptimum:
      "h = logit(p)/τ for two safe responses, whatever the generator; none for a safe and an unsafe one (h → ∞ towards the safe one)",
    stepZero:
      "ℓ(1) if both are safe (ln 2 for logistic, else 0), ℓ(e^C) if the flags differ; two unsafe responses are left out"
  )

  public init() {}

  public var complaint: String? {
    if let complaint = complaintAboutTau(tau) { return complaint }
    if !(shift >= 0 && shift.isFinite) { return "shift must be at least 0 and finite, got \(shift)" }
    if !(lambda > 0 && lambda <= 1) { return "lambda must lie in (0, 1], got \(lambda)" }
    if !(scale > 0 && scale.isFinite) { return "scale must be positive and finite, got \(scale)" }
    return clamp > 0 && clamp <= 300 ? nil : "clamp must lie in (0, 300], got \(clamp)"
  }

  public func admits(_ label: PairLabel) -> Bool {
    SafetyTransform(label, keepUnsafePairs: keepUnsafePairs) != nil
  }

  public func evaluate(margin h: Double, label: PairLabel) -> MarginEvaluation {
    guard let transform = SafetyTransform(label, keepUnsafePairs: keepUnsafePairs) else { return .none }
    return transform.evaluate(margin: h, tau: tau, shift: shift) { z in
      generator.loss(logRatio: -z, lambda: lambda, scale: scale, clamp: clamp).times(slope: -1)
    }
  }

  public func stationary(_ label: PairLabel) -> StationaryMargin { admits(label) ? .none : .from(-.infinity) }
}
