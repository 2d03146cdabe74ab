/// Contrastive Preference Optimization: DPO without a reference, anchored by the likelihood of the chosen response.
///
///     L = −log σ(τ (log π(y_w|x) − log π(y_l|x))) − anchor · log π(y_w|x)
///
/// Source: Xu et al. 2024 (ICML), arXiv 2401.08417, equation 5.
public struct CPO: Objective {
  public var tau = 0.1
  /// Weight of the likelihood term, at least 0.
  public var anchor = 1.0
  public var reduction = Reduction.sum

  public static let card = ObjectiveCard(
    id: "cpo", parameterAliases: ["beta": "tau", "cpo_alpha": "anchor", "alpha": "anchor"], title: "CPO",
    equation: "L = −log σ(τ (log π(y_w|x) − log π(y_l|x))) − anchor · log π(y_w|x)",
    tauDirection: "no reference: a larger τ separates the two responses at a smaller difference of log-probabilities",
    source: "Xu et al. 2024 (ICML), arXiv 2401.08417, equation 5",
    citationKey: "xu2024cpo", labels: [.order],
    conventions:
      "`reduction` forms both terms; TRL (cpo_alpha) sums the preference term and averages the likelihood over tokens; not the controllable preference optimization of arXiv 2402.19085",
    stationaryPoint: "none: the chosen response is always raised, the rejected one always lowered",
    populationOptimum: "no closed form; with anchor = 0, log π(y_w) − log π(y_l) = logit(p)/τ: no reference",
    stepZero: "softplus(−τ (log π_ref(y_w|x) − log π_ref(y_l|x))) − anchor · log π_ref(y_w|x)")

  public init() {}

  public var complaint: String? { complaintAboutTau(tau) ?? complaintAboutAnchor(anchor) }

  public func evaluate(_ pair: PairSample) -> PairEvaluation {
    anchored(pair, margin: pair.logProbabilityDifference(reduction), tau: tau, anchor: anchor, reduction)
  }
}
