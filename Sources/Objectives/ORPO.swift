import Basics

/// Odds Ratio Preference Optimization: likelihood of the chosen response and a penalty on the odds of the rejected one; no reference.
///
///     L = −a_w − λ log σ(log odds(a_w) − log odds(a_l))        log odds(a) = a − log(1 − eᵃ),  a = log π(y|x)/tokens
///
/// With D = e^{a_l}(1 − e^{a_w}) + e^{a_w}(1 − e^{a_l}):
///
///     ∂L/∂a_w = −1 − λ e^{a_l}/D        ∂L/∂a_l = λ e^{a_l}(1 − e^{a_w}) / (D (1 − e^{a_l}))
///
/// A probability within 2⁻⁵² of 1 counts as 1 − 2⁻⁵², where the odds are still finite.
///
/// Source: Hong, Lee, Thorne 2024 (EMNLP), arXiv 2403.07691, equations 4–7.
public struct ORPO: Objective {
  /// Weight λ ≥ 0 of the odds-ratio term.
  public var lambda = 0.1
  public var reduction = Reduction.mean

  public static let card = ObjectiveCard(
    id: "orpo", parameterAliases: ["beta": "lambda"], title: "ORPO",
    equation: "L = −a_w − λ log σ(log odds(a_w) − log odds(a_l)),  odds(a) = eᵃ/(1 − eᵃ),  a = log π(y|x)/tokens",
    tauDirection: "no τ and no reference: a larger λ weighs the preference against the likelihood",
    source: "Hong, Lee, Thorne 2024 (EMNLP), arXiv 2403.07691, equations 4–7",
    citationKey: "hong2024orpo", labels: [.order],
    conventions:
      "log-probabilities are averaged over response tokens in both terms, as in the authors' code; λ is `beta` in TRL; `reduction=sum` takes the odds of whole responses",
    stationaryPoint: "none: the chosen response is always raised, the rejected one always lowered",
    populationOptimum: "no closed form; with λ = 0 that of SFT",
    stepZero: "the loss of the reference's log-probabilities: −a_w + λ ln 2 if they are equal")

  public init() {}

  public var complaint: String? {
    lambda >= 0 && lambda.isFinite ? nil : "lambda must be at least 0 and finite, got \(lambda)"
  }

  public func evaluate(_ pair: PairSample) -> PairEvaluation {
    let chosen = min(pair.chosenLogProbability(reduction), Self.highest)
    let rejected = min(pair.rejectedLogProbability(reduction), Self.highest)
    let (restChosen, restRejected) = (logOneMinusExp(chosen), logOneMinusExp(rejected))
    let logOdds = (chosen - restChosen) - (rejected - restRejected)
    let logD = logAddExp(rejected + restChosen, chosen + restRejected)
    return pair.evaluation(
      loss: softplus(-logOdds) * lambda - pair.chosenLogProbability(reduction),
      dChosen: -1 - lambda * exponential(rejected - logD),
      dRejected: lambda * exponential(rejected + restChosen - logD - restRejected), reduction)
  }

  /// log(1 − 2⁻⁵²).
  private static let highest = -0x1p-52
}
