/// Bi-Factorial Preference Optimization: the pair is in helpfulness order, the safety flags set how far, and which way, it is pushed.
///
///     L(h) = (h − g/τ)²                       L′(h) = 2 (h − g/τ)
///     g = (B₁ s_w − s_l) / (B₁ − 1) − α       s = 1 for safe, 0 for unsafe
///
/// | s_w | s_l | g        | α = ½, B₁ = 3 |
/// |-----|-----|----------|---------------|
/// | 1   | 1   | 1 − α    | ½             |
/// | 1   | 0   | B₁/(B₁−1) − α | 1        |
/// | 0   | 0   | −α       | −½            |
/// | 0   | 1   | −1/(B₁−1) − α | −1       |
///
/// Stationary at h = g/τ. With every response safe and α = ½ it is IPO.
///
/// Source: Zhang, Torr, Elhoseiny, Bibi 2025 (ICLR), arXiv 2408.15313; label shift as in the authors' code.
public struct BFPO: MarginObjective {
  public var tau = 0.01
  /// Shift of the safety label, α.
  public var alpha = 0.5
  /// B₁ > 1: sets the additive helpfulness constant 1/(B₁ − 1) of the implied reward.
  public var b1 = 3.0
  public var reduction = Reduction.sum

  public static let card = ObjectiveCard(
    id: "bfpo", title: "BFPO",
    equation: "L = (h − g/τ)²,  g = (B₁ s_w − s_l)/(B₁ − 1) − α",
    tauDirection: "a larger τ keeps the policy closer to the reference",
    source: "Zhang, Torr, Elhoseiny, Bibi 2025 (ICLR), arXiv 2408.15313",
    citationKey: "zhang2025bfpo", labels: [.order, .safetyFlags],
    conventions:
      "pairs are in helpfulness order; s = 1 is safe; log-probabilities are summed over response tokens, as in the authors' code; pairs of a helpfulness buffer count as safe/safe",
    stationaryPoint: "h = g/τ",
    populationOptimum: "π ∝ π_ref e^{R/τ}, R = s (P + 1/(B₁ − 1)) + E_{y'} s(y') p(y, y') − 2αP",
    stepZero: "(g/τ)²")

  public init() {}

  public var complaint: String? {
    if let complaint = complaintAboutTau(tau) { return complaint }
    if !(b1 > 1 && b1.isFinite) { return "b1 must be greater than 1, got \(b1)" }
    if !alpha.isFinite { return "alpha must be finite, got \(alpha)" }
    return nil
  }

  public func evaluate(margin h: Double, label: PairLabel) -> MarginEvaluation {
    let difference = h - target(label) / tau
    return MarginEvaluation(loss: difference * difference, derivative: 2 * difference)
  }

  /// The label g of a pair. Both flags must be known.
  public func target(_ label: PairLabel) -> Double {
    guard let chosenSafe = label.chosenSafe, let rejectedSafe = label.rejectedSafe else {
      preconditionFailure("BFPO needs both safety flags, got \(label)")
    }
    // Case by case, so that a loop over pairs divides once.
    let constant = b1 / (b1 - 1)
    let other = -1 / (b1 - 1)
    return (chosenSafe ? (rejectedSafe ? 1 : constant) : (rejectedSafe ? other : 0)) - alpha
  }
}
