/// DPO with the negative log-likelihood of the chosen response as an anchor.
///
///     L = −log σ(τh) − anchor · log π(y_w|x)
///
/// The anchor keeps the chosen response from becoming less likely while the margin grows.
///
/// Source: Pang et al. 2024 (NeurIPS), arXiv 2404.19733, equation 1; Liu et al. 2024 (NeurIPS), arXiv 2405.16436.
public struct DPOWithSFT: Objective {
  public var tau = 0.1
  /// Weight of the likelihood term, at least 0.
  public var anchor = 1.0
  public var reduction = Reduction.sum

  public static let card = ObjectiveCard(
    id: "dpo-sft", aliases: ["rpo", "dpo-nll"],
    parameterAliases: ["beta": "tau", "rpo_alpha": "anchor", "alpha": "anchor"], title: "DPO + SFT",
    equation: "L = −log σ(τh) − anchor · log π(y_w|x)",
    tauDirection: "a larger τ keeps the policy closer to the reference",
    source: "Pang et al. 2024 (NeurIPS), arXiv 2404.19733, equation 1; Liu et al. 2024 (NeurIPS), arXiv 2405.16436",
    citationKey: "pang2024irpo", labels: [.order],
    conventions:
      "`reduction` forms both terms; Pang et al. and TRL (rpo_alpha) sum the margin and average the likelihood over tokens: for responses of T tokens that is anchor/T here",
    stationaryPoint: "none: the chosen response is always raised, the rejected one always lowered",
    populationOptimum: "no closed form; with anchor = 0 that of DPO",
    stepZero: "ln 2 − anchor · log π_ref(y_w|x)")

  public init() {}

  public var complaint: String? { complaintAboutTau(tau) ?? complaintAboutAnchor(anchor) }

  public func evaluate(_ pair: PairSample) -> PairEvaluation {
    anchored(pair, margin: pair.margin(reduction), tau: tau, anchor: anchor, reduction)
  }
}

/// −log σ(τ · margin) − anchor · log π(y_w|x), for a margin that rises with the chosen and falls with the rejected log-probability.
func anchored(
  _ pair: PairSample, margin: Double, tau: Double, anchor: Double, _ reduction: Reduction
) -> PairEvaluation {
  let value = MarginEvaluation.logistic(tau * margin).times(slope: tau)
  return pair.evaluation(
    loss: value.loss - anchor * pair.chosenLogProbability(reduction), dChosen: value.derivative - anchor,
    dRejected: -value.derivative, reduction)
}

/// What is wrong with the weight of a likelihood term, or nil.
func complaintAboutAnchor(_ anchor: Double) -> String? {
  anchor >= 0 && anchor.isFinite ? nil : "anchor must be at least 0 and finite, got \(anchor)"
}
