/// Direct Preference Optimization.
///
///     L(h) = −log σ(τ h)        L′(h) = −τ σ(−τ h)
///
/// `tau` is the paper's β: the strength of the pull to the reference. No finite stationary point on one pair; on a population where
/// y_w is preferred with probability p the optimum is h = logit(p)/τ.
///
/// Source: Rafailov et al. 2023, arXiv 2305.18290, equation 7.
public struct DPO: LogisticObjective {
  public var tau = 0.1
  public var reduction = Reduction.sum

  public static let card = ObjectiveCard(
    id: "dpo", title: "DPO",
    equation: "L = −log σ(τ h)",
    tauDirection: "a larger τ keeps the policy closer to the reference",
    source: "Rafailov et al. 2023, arXiv 2305.18290, equation 7",
    citationKey: "rafailov2023dpo", labels: [.order],
    conventions: "τ is the paper's β; log-probabilities are summed over response tokens (as in the authors' code)",
    stationaryPoint: "none: L′ < 0 for every h",
    populationOptimum: "h = logit(p)/τ: the Bradley–Terry model; none where p is 0 or 1",
    stepZero: "ln 2")

  public init() {}

  public var complaint: String? { complaintAboutTau(tau) }

  public func term(margin h: Double, label: PairLabel) -> LogisticTerm { LogisticTerm(z: tau * h, slope: tau) }

  public func stationary(_ label: PairLabel) -> StationaryMargin { .none }
}
