import Basics
import Objectives

/// A margin that saturates: the logistic curve of the margin itself.
///
///     L(h) = 1 / (1 + e^{τh})        L′(h) = −τ L (1 − L)
///
/// Source: an example; a published objective names authors, year and arXiv number here.
public struct SaturatingObjective: MarginObjective {
  public var tau = 0.1
  public var reduction = Reduction.sum

  public static let card = ObjectiveCard(
    id: "saturating", title: "Saturating", equation: "L = 1/(1 + e^{τh})",
    tauDirection: "a larger τ saturates closer to the reference", source: "an example", citationKey: "none",
    labels: [.order], conventions: "log-probabilities are summed over response tokens",
    stationaryPoint: "none: L′ < 0 for every h",
    populationOptimum: "none: h → ∞ for p > ½, h → −∞ for p < ½", stepZero: "½")

  public init() {}

  public var complaint: String? {
    tau > 0 && tau.isFinite ? nil : "tau must be positive and finite, got \(tau)"
  }

  public func evaluate(margin h: Double, label: PairLabel) -> MarginEvaluation {
    let loss = sigmoid(-tau * h)
    return MarginEvaluation(loss: loss, derivative: -tau * loss * sigmoid(tau * h))
  }

  public func stationary(_ label: PairLabel) -> StationaryMargin { .none }
}
