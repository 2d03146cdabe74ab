/// KTO from safety flags alone: a safe response is desirable, an unsafe one undesirable; which was preferred does not matter.
///
///     L = Σ over both responses of  λ_D (1 − σ(τ (ℓ − z)))  if safe,  λ_U (1 − σ(τ (z − ℓ)))  if unsafe
///
/// The reference point z is KTO's, from the other half of the batch: the rejected responses for a chosen one, and vice versa.
///
/// Source: Ethayarajh et al. 2024 (ICML), arXiv 2402.01306, equations 7 and 8, with flags as desirability.
public struct SafeKTO: ProspectObjective {
  public var tau = 0.1
  public var lambdaDesirable = 1.0
  public var lambdaUndesirable = 1.0
  public var reduction = Reduction.sum

  public static let card = ObjectiveCard(
    id: "safe-kto", parameterAliases: prospectAliases, title: "KTO on safety flags",
    equation: "L = Σ_y λ_D (1 − σ(τ (ℓ − z))) if y is safe, λ_U (1 − σ(τ (z − ℓ))) if unsafe",
    tauDirection: "a larger τ saturates closer to the reference",
    source: "Ethayarajh et al. 2024 (ICML), arXiv 2402.01306, equations 7–8, with safety flags as desirability",
    citationKey: "ethayarajh2024kto", labels: [.safetyFlags],
    conventions:
      "both responses of a pair count, each by its own flag; z = max(0, mean ℓ of the other half of the batch), held constant; the halves are the chosen and the rejected responses, as in KTO; the authors suggest λ_D n_safe/(λ_U n_unsafe) in [1, 4/3]",
    stationaryPoint: "none: a safe response is always raised, an unsafe one always lowered",
    populationOptimum:
      "none with full support: responses with λ_D P(safe) > λ_U P(unsafe) share all the probability, the others lose theirs",
    stepZero: "half the weights of the two responses: (λ_D + λ_U)/2 if the flags differ")

  public init() {}

  public var complaint: String? { complaintAboutProspects }
  public var usesBatchMeans: Bool { true }

  public func evaluate(_ pair: PairSample) -> PairEvaluation {
    guard let chosenSafe = pair.label.chosenSafe, let rejectedSafe = pair.label.rejectedSafe else {
      preconditionFailure("KTO on safety flags needs both, got \(pair.label)")
    }
    return evaluate(pair, chosenDesirable: chosenSafe, rejectedDesirable: rejectedSafe)
  }
}
