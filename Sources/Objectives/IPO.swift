/// Identity Preference Optimization.
///
///     L(h) = (h − 1/(2τ))²        L′(h) = 2 (h − 1/(2τ))
///
/// Stationary at h = 1/(2τ).
///
/// Source: Azar et al. 2023, arXiv 2310.12036, equation 17.
public struct IPO: MarginObjective {
  public var tau = 0.1
  public var reduction = Reduction.sum

  public static let card = ObjectiveCard(
    id: "ipo", title: "IPO",
    equation: "L = (h − 1/(2τ))²",
    tauDirection: "a larger τ keeps the policy closer to the reference",
    source: "Azar et al. 2023, arXiv 2310.12036, equation 17",
    citationKey: "azar2023ipo", labels: [.order],
    conventions:
      "log-probabilities are summed by default; TRL ≥ 0.7.11 averages them over tokens (`reduction=mean`), and τ is not comparable between the two",
    stationaryPoint: "h = 1/(2τ)",
    populationOptimum:
      "h = (2p − 1)/(2τ) on one pair; log π/π_ref = P/τ + constant over a complete comparison, P the mean win probability",
    stepZero: "1/(4τ²)")

  public init() {}

  public var complaint: String? { complaintAboutTau(tau) }

  public func evaluate(margin h: Double, label: PairLabel) -> MarginEvaluation {
    let difference = h - 1 / (2 * tau)
    return MarginEvaluation(loss: difference * difference, derivative: 2 * difference)
  }

  public func stationary(_ label: PairLabel) -> StationaryMargin { .at(1 / (2 * tau)) }
}
