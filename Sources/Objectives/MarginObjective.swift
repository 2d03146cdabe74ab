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
  public var seesMarginAlone: Bool { true }

  /// The loss of a pair that the objective admits, and none of any other.
  @inlinable public func evaluate(_ pair: PairSample) -> PairEvaluation {
    guard admits(pair.label) else { return .none }
    let value = evaluate(margin: pair.margin(reduction), label: pair.label)
    return pair.evaluation(loss: value.loss, dChosen: value.derivative, dRejected: -value.derivative, reduction)
  }

  public static func evaluate(
    _ runs: Span<Self>, _ pairs: Span<PairSample>, scores: Span<Double>, into values: inout MutableSpan<Double>
  ) {
    let count = pairs.count
    let chosen = scores.extracting(first: count)
    let rejected = scores.extracting(last: count)
    let lanes = runs.count == 1 ? 1 : 8
    for run in 0..<runs.count {
      let objective = runs[run]
      var i = run
      while i < count {
        let value = objective.evaluation(pairs[i], chosen: chosen[i], rejected: rejected[i])
        values[i] = value.loss
        values[count &+ i] = value.dChosen
        values[2 &* count &+ i] = value.dRejected
        i &+= lanes
      }
    }
  }

  /// ``evaluate(_:)`` of a pair with other scores.
  @inline(__always)
  private func evaluation(_ pair: borrowing PairSample, chosen: Double, rejected: Double) -> PairEvaluation {
    guard admits(pair.label) else { return .none }
    let margin = pair.margin(chosen: chosen, rejected: rejected, reduction)
    let value = evaluate(margin: margin, label: pair.label)
    return pair.evaluation(loss: value.loss, dChosen: value.derivative, dRejected: -value.derivative, reduction)
  }
}
