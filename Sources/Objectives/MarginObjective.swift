/// An objective whose loss depends on the pair only through the margin
///
///     h = [log π(y_w|x) − log π_ref(y_w|x)] − [log π(y_l|x) − log π_ref(y_l|x)]
///
/// DPO, IPO, BFPO and most of their relatives: a conformance is a doc comment, hyper-parameters and one function.
public protocol MarginObjective: Objective {
  /// L(h) and L′(h).
  func evaluate(margin h: Double, label: PairLabel) -> MarginEvaluation

  /// Where L′(h) vanishes for one pair.
  func stationary(_ label: PairLabel) -> StationaryMargin
}

/// The margins at which the loss of one pair is stationary.
public enum StationaryMargin: Hashable, Sendable {
  /// One finite margin.
  case at(Double)
  /// Every margin from this one on: the loss is flat there.
  case from(Double)
  /// None: the derivative keeps its sign.
  case none
}

/// A loss and its derivative by the margin.
public struct MarginEvaluation: Hashable, Sendable {
  public var loss: Double
  public var derivative: Double

  @inlinable public init(loss: Double, derivative: Double) {
    self.loss = loss
    self.derivative = derivative
  }

  /// No loss, no pull: a pair that the objective leaves out.
  public static let none = MarginEvaluation(loss: 0, derivative: 0)
}

extension MarginObjective {
  /// The loss of a pair that the objective admits, and none of any other.
  @inlinable public func evaluate(_ pair: PairSample) -> PairEvaluation {
    guard admits(pair.label) else { return .none }
    let value = evaluate(margin: pair.margin(reduction), label: pair.label)
    return pair.evaluation(loss: value.loss, dChosen: value.derivative, dRejected: -value.derivative, reduction)
  }
}
