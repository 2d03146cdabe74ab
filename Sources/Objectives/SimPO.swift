/// Simple Preference Optimization: length-averaged log-probabilities, a target margin and no reference.
///
///     L = −log σ(τ (a_w − a_l) − γ)        a = log π(y|x) / tokens
///
/// Source: Meng, Xia, Chen 2024 (NeurIPS), arXiv 2405.14734, equation 6.
public struct SimPO: Objective {
  public var tau = 2.0
  /// Target margin γ ≥ 0, in units of τ (a_w − a_l).
  public var gamma = 0.5
  public var reduction = Reduction.mean

  public static let card = ObjectiveCard(
    id: "simpo", parameterAliases: ["beta": "tau", "simpo_gamma": "gamma"], title: "SimPO",
    equation: "L = −log σ(τ (a_w − a_l) − γ),  a = log π(y|x)/tokens",
    tauDirection: "no reference: a larger τ separates the two responses at a smaller difference of log-probabilities",
    source: "Meng, Xia, Chen 2024 (NeurIPS), arXiv 2405.14734, equation 6",
    citationKey: "meng2024simpo", labels: [.order],
    conventions:
      "log-probabilities are averaged over response tokens (`reduction=sum` drops the length normalisation); γ is subtracted after scaling with τ, as in the paper and in TRL (simpo_gamma); the paper tunes γ/τ from .1 to .8",
    stationaryPoint: "none: the chosen response is always raised, the rejected one always lowered",
    populationOptimum:
      "a_w − a_l = x/τ on one pair with p σ(γ − x) = (1 − p) σ(γ + x): x = logit(p) for γ = 0, the farther from 0 the larger γ, 0 at p = ½; no reference; none where p is 0 or 1",
    stepZero: "softplus(γ − τ (a_w − a_l)) of the reference")

  public init() {}

  public var complaint: String? {
    if let complaint = complaintAboutTau(tau) { return complaint }
    return gamma >= 0 && gamma.isFinite ? nil : "gamma must be at least 0 and finite, got \(gamma)"
  }

  public func evaluate(_ pair: PairSample) -> PairEvaluation {
    let value = MarginEvaluation.logistic(tau * pair.logProbabilityDifference(reduction) - gamma).times(slope: tau)
    return pair.evaluation(loss: value.loss, dChosen: value.derivative, dRejected: -value.derivative, reduction)
  }
}
