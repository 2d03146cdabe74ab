import Basics

/// The loss of KTO on a pair whose responses count each for itself as desirable or not.
///
///     desirable:    λ_D (1 − σ(τ (ℓ − z₀)))        ℓ = log π(y|x) − log π_ref(y|x)
///     undesirable:  λ_U (1 − σ(τ (z₀ − ℓ)))
///
/// The reference point z₀ of one response is max(0, mean log-ratio of the other half of the batch), a constant for the derivative.
///
/// Source: Ethayarajh et al. 2024 (ICML), arXiv 2402.01306, equations 7 and 8; z₀ as in TRL 0.7.7's `kto_pair`.
protocol ProspectObjective: Objective {
  var tau: Double { get }
  /// λ_D.
  var lambdaDesirable: Double { get }
  /// λ_U.
  var lambdaUndesirable: Double { get }
}

extension ProspectObjective {
  /// The sum of the losses of both responses.
  func evaluate(_ pair: PairSample, chosenDesirable: Bool, rejectedDesirable: Bool) -> PairEvaluation {
    let batch = pair.batch ?? BatchMeans([pair], reduction: reduction)
    let chosen = loss(
      of: pair.chosenLogRatio(reduction), above: max(0, batch.rejectedLogRatio), isDesirable: chosenDesirable)
    let rejected = loss(
      of: pair.rejectedLogRatio(reduction), above: max(0, batch.chosenLogRatio), isDesirable: rejectedDesirable)
    return pair.evaluation(
      loss: chosen.loss + rejected.loss, dChosen: chosen.derivative, dRejected: rejected.derivative, reduction)
  }

  /// The loss of one response and its derivative by its log-ratio.
  private func loss(of logRatio: Double, above point: Double, isDesirable: Bool) -> MarginEvaluation {
    let slope = isDesirable ? tau : -tau
    let weight = isDesirable ? lambdaDesirable : lambdaUndesirable
    let z = slope * (logRatio - point)
    return MarginEvaluation(loss: weight * sigmoid(-z), derivative: -weight * sigmoid(z) * sigmoid(-z))
      .times(slope: slope)
  }

  /// What is wrong with τ or the weights, or nil.
  var complaintAboutProspects: String? {
    if let complaint = complaintAboutTau(tau) { return complaint }
    for (name, value) in [("lambdaDesirable", lambdaDesirable), ("lambdaUndesirable", lambdaUndesirable)]
    where !(value >= 0 && value.isFinite) {
      return "\(name) must be at least 0 and finite, got \(value)"
    }
    return nil
  }
}

/// The names that other codebases give to the hyper-parameters of KTO.
let prospectAliases = [
  "beta": "tau", "desirable_weight": "lambdaDesirable", "undesirable_weight": "lambdaUndesirable",
]
