/// Kahneman–Tversky Optimization on pairs in an order: the chosen response is desirable, the rejected one undesirable.
///
///     L = λ_D (1 − σ(τ (ℓ_w − z_w))) + λ_U (1 − σ(τ (z_l − ℓ_l)))        ℓ = log π(y|x) − log π_ref(y|x)
///     z_w = max(0, batch mean of ℓ_l),  z_l = max(0, batch mean of ℓ_w)   constants for the derivative
///
/// Source: Ethayarajh et al. 2024 (ICML), arXiv 2402.01306, equations 7 and 8; z₀ as in TRL 0.7.7's `kto_pair`.
public struct KTO: ProspectObjective {
  public var tau = 0.1
  public var lambdaDesirable = 1.0
  public var lambdaUndesirable = 1.0
  public var reduction = Reduction.sum

  public static let card = ObjectiveCard(
    id: "kto", aliases: ["kto-pair"], parameterAliases: prospectAliases, title: "KTO",
    equation: "L = λ_D (1 − σ(τ (ℓ_w − z_w))) + λ_U (1 − σ(τ (z_l − ℓ_l))),  z = max(0, mean ℓ of the other half)",
    tauDirection: "a larger τ saturates closer to the reference",
    source: "Ethayarajh et al. 2024 (ICML), arXiv 2402.01306, equations 7–8",
    citationKey: "ethayarajh2024kto", labels: [.order],
    conventions:
      "ℓ is the log-ratio; z comes from the other half of the batch (z_w from the rejected responses) and is held constant, as in TRL 0.7.7's kto_pair, which averages the two halves (half this loss); later TRL estimates one z from mismatched prompts and responses; log-probabilities are summed over response tokens",
    stationaryPoint: "none: the chosen response is always raised, the rejected one always lowered",
    populationOptimum:
      "none with full support: responses with λ_D P(desirable) > λ_U P(undesirable) share all the probability, the others lose theirs",
    stepZero: "(λ_D + λ_U)/2")

  public init() {}

  public var complaint: String? { complaintAboutProspects }
  public var usesBatchMeans: Bool { true }

  public func evaluate(_ pair: PairSample) -> PairEvaluation {
    evaluate(pair, chosenDesirable: true, rejectedDesirable: false)
  }
}
