import Basics

/// A loss of two scores, with its derivatives.
public struct ScoreEvaluation: Hashable, Sendable {
  public var loss: Double
  /// ∂loss/∂score of the response that should have the higher score.
  public var dHigher: Double
  /// ∂loss/∂score of the other.
  public var dLower: Double
}

/// The Bradley–Terry loss of a reward model, per pair; averaged over a batch by the caller.
///
///     L_R = −log σ(r_w − r_l) + μ (r_w² + r_l²) / 2
///
/// The mean of the second term over a batch is μ times the mean square of all its scores.
/// Source: Dai et al. 2024, arXiv 2310.12773, equation for the reward model; μ as in the authors' code (0.001 in its scripts).
public struct RewardLoss: Hashable, Sendable {
  /// μ ≥ 0, the pull of scores to zero.
  public var regularisation: Double

  public init(regularisation: Double = 0.001) { self.regularisation = regularisation }

  /// - Parameters:
  ///   - better: r_w, the reward of the more helpful response.
  ///   - worse: r_l, the reward of the other.
  public func evaluate(better: Double, worse: Double) -> ScoreEvaluation {
    let margin = better - worse
    let slope = sigmoid(-margin)
    return ScoreEvaluation(
      loss: softplus(-margin) + regularisation * (better * better + worse * worse) / 2,
      dHigher: -slope + regularisation * better, dLower: slope + regularisation * worse)
  }
}

/// The loss of a cost model, per pair; averaged over a batch by the caller.
///
///     L_C = −log σ(c_u − c_s) − log σ(s_s c_s) − log σ(s_u c_u) + μ (c_u² + c_s²) / 2
///
/// c_u is the cost of the less safe response, c_s that of the safer one, s = +1 for an unsafe response and −1 for a safe one. The two
/// sign terms are comparisons with a response of cost exactly 0, which gives the zero of the scale its meaning: cost above 0 is
/// unsafe. A pair whose harmlessness order is not known has the sign terms only.
/// Source: Dai et al. 2024, arXiv 2310.12773, equation for the cost model; all terms weigh 1.
public struct CostLoss: Hashable, Sendable {
  /// μ ≥ 0, the pull of scores to zero.
  public var regularisation: Double

  public init(regularisation: Double = 0.001) { self.regularisation = regularisation }

  /// - Parameters:
  ///   - unsafer: c_u with its sign; either response when the order is not known.
  ///   - safer: c_s with its sign.
  ///   - isOrdered: whether it is known which response is the safer one.
  public func evaluate(
    unsafer: (cost: Double, sign: CostSign), safer: (cost: Double, sign: CostSign), isOrdered: Bool = true
  ) -> ScoreEvaluation {
    precondition(
      !isOrdered || CostSign.contradiction(safer: safer.sign, other: unsafer.sign) == nil,
      "a safer response that is unsafe beside a safe one")
    let margin = unsafer.cost - safer.cost
    let ranking = isOrdered ? sigmoid(-margin) : 0
    let (unsaferZ, saferZ) = (unsafer.sign.rawValue * unsafer.cost, safer.sign.rawValue * safer.cost)
    return ScoreEvaluation(
      loss: (isOrdered ? softplus(-margin) : 0) + softplus(-saferZ) + softplus(-unsaferZ)
        + regularisation * (unsafer.cost * unsafer.cost + safer.cost * safer.cost) / 2,
      dHigher: -ranking - unsafer.sign.rawValue * sigmoid(-unsaferZ) + regularisation * unsafer.cost,
      dLower: ranking - safer.sign.rawValue * sigmoid(-saferZ) + regularisation * safer.cost)
  }
}
