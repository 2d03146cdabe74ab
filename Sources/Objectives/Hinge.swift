/// The hinge loss of sequence likelihood calibration, on log-ratios.
///
///     L(h) = max(0, 1 − τh)        L′(h) = −τ where τh < 1, else 0
///
/// Flat from h = 1/τ on.
///
/// Source: Zhao et al. 2023 (SLiC-HF), arXiv 2305.10425; with the reference as in Liu et al. 2024 (RSO), arXiv 2309.06657.
public struct Hinge: MarginObjective {
  public var tau = 0.1
  public var reduction = Reduction.sum

  public static let card = ObjectiveCard(
    id: "hinge", aliases: ["slic"], title: "Hinge (SLiC)",
    equation: "L = max(0, 1 − τh)",
    tauDirection: "a larger τ keeps the policy closer to the reference: the loss is flat from h = 1/τ on",
    source: "Zhao et al. 2023 (SLiC-HF), arXiv 2305.10425; on log-ratios as in Liu et al. 2024 (RSO), arXiv 2309.06657",
    citationKey: "zhao2023slic", labels: [.order],
    conventions:
      "SLiC-HF itself has no reference, a margin δ and a likelihood term; this is the form on log-ratios (TRL's loss type `hinge`); log-probabilities are summed over response tokens",
    stationaryPoint: "every h ≥ 1/τ",
    populationOptimum: "h = 1/τ for p > ½, −1/τ for p < ½, anything between for p = ½",
    stepZero: "1")

  public init() {}

  public var complaint: String? { complaintAboutTau(tau) }

  public func evaluate(margin h: Double, label: PairLabel) -> MarginEvaluation {
    tau * h < 1 ? MarginEvaluation(loss: 1 - tau * h, derivative: -tau) : .none
  }

  public func stationary(_ label: PairLabel) -> StationaryMargin { .from(1 / tau) }
}
