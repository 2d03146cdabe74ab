import Basics

/// A margin objective whose loss is logistic in a function z of the margin: what is left to say is z, and how soft the label is.
///
///     L(h) = −p log σ(z) − q log σ(−z)        L′(h) = dz/dh · (q σ(z) − p σ(−z))
///
/// Whatever evaluates several pairs at once works out eight logistic functions at a time.
public protocol LogisticObjective: MarginObjective {
  /// z, dz/dh and the label of a pair that the objective admits.
  func term(margin h: Double, label: PairLabel) -> LogisticTerm
}

/// A logistic loss before it is worked out.
public struct LogisticTerm: Hashable, Sendable {
  public var z: Double
  /// dz/dh.
  public var slope: Double
  /// p: weight of "the chosen response is the better one".
  public var chosen: Double
  /// q: weight of the opposite; 1 − p for a probability. Given apart, because 1 − p of a p near 1 has few digits.
  public var rejected: Double

  public init(z: Double, slope: Double, chosen: Double = 1, rejected: Double = 0) {
    self.z = z
    self.slope = slope
    self.chosen = chosen
    self.rejected = rejected
  }

  /// No loss.
  static let none = LogisticTerm(z: 0, slope: 0, chosen: 0)

  @inline(__always)
  private static func evaluation(_ values: LogisticValues, slope: Double, chosen: Double, rejected: Double)
    -> MarginEvaluation
  {
    MarginEvaluation(
      loss: chosen * values.softplusOfMinus + rejected * values.softplus,
      derivative: slope * (rejected * values.sigmoid - chosen * values.sigmoidOfMinus))
  }

  /// The term as a loss.
  func evaluation() -> MarginEvaluation {
    Self.evaluation(LogisticValues(z), slope: slope, chosen: chosen, rejected: rejected)
  }

  /// How many are worked out at a time: a batch, or eight runs of eight pairs.
  fileprivate static let together = 64

  /// Puts the term among others: z in a block of ``fillLogisticValues(_:count:)``, the rest in `terms` [3][64].
  @inline(__always)
  fileprivate func write(at index: Int, _ block: inout MutableSpan<Double>, _ terms: inout MutableSpan<Double>) {
    block[index] = z
    terms[index] = slope
    terms[64 + index] = chosen
    terms[128 + index] = rejected
  }

  /// The loss of one of the terms.
  @inline(__always)
  fileprivate static func evaluation(
    at index: Int, _ block: borrowing MutableSpan<Double>, _ terms: borrowing MutableSpan<Double>
  ) -> MarginEvaluation {
    evaluation(
      LogisticValues(
        sigmoid: block[64 + index], sigmoidOfMinus: block[128 + index], softplus: block[192 + index],
        softplusOfMinus: block[256 + index]), slope: terms[index], chosen: terms[64 + index],
      rejected: terms[128 + index])
  }
}

extension LogisticObjective {
  public func evaluate(margin h: Double, label: PairLabel) -> MarginEvaluation {
    term(margin: h, label: label).evaluation()
  }

  public func evaluate(_ pairs: Span<PairSample>, rows: Span<Int>, into values: inout MutableSpan<PairEvaluation>) {
    var numbers = InlineArray<320, Double>(repeating: 0)
    var block = numbers.mutableSpan
    var others = InlineArray<192, Double>(repeating: 0)
    var terms = others.mutableSpan
    for first in stride(from: 0, to: rows.count, by: LogisticTerm.together) {
      let count = min(LogisticTerm.together, rows.count - first)
      for i in 0..<count { term(pairs[rows[first + i]]).write(at: i, &block, &terms) }
      fillLogisticValues(&block, count: count)
      for i in 0..<count {
        let value = LogisticTerm.evaluation(at: i, block, terms)
        values[first + i] = pairs[rows[first + i]].evaluation(
          loss: value.loss, dChosen: value.derivative, dRejected: -value.derivative, reduction)
      }
    }
  }

  public static func evaluate(
    _ runs: Span<Self>, _ pairs: Span<PairSample>, scores: Span<Double>, into values: inout MutableSpan<Double>
  ) {
    var numbers = InlineArray<320, Double>(repeating: 0)
    var block = numbers.mutableSpan
    var others = InlineArray<192, Double>(repeating: 0)
    var terms = others.mutableSpan
    let lanes = runs.count == 1 ? 1 : 8
    for first in stride(from: 0, to: pairs.count, by: LogisticTerm.together) {
      let count = min(LogisticTerm.together, pairs.count - first)
      for start in stride(from: 0, to: count, by: lanes) {
        for run in 0..<runs.count {
          var pair = pairs[first + start + run]
          pair.policyChosen = scores[first + start + run]
          pair.policyRejected = scores[pairs.count + first + start + run]
          runs[run].term(pair).write(at: start + run, &block, &terms)
        }
      }
      fillLogisticValues(&block, count: count)
      for start in stride(from: 0, to: count, by: lanes) {
        for run in 0..<runs.count {
          let value = LogisticTerm.evaluation(at: start + run, block, terms)
          let i = first + start + run
          let whole = pairs[i].evaluation(
            loss: value.loss, dChosen: value.derivative, dRejected: -value.derivative, runs[run].reduction)
          values[i] = whole.loss
          values[pairs.count + i] = whole.dChosen
          values[2 * pairs.count + i] = whole.dRejected
        }
      }
    }
  }

  @inline(__always)
  private func term(_ pair: PairSample) -> LogisticTerm {
    admits(pair.label) ? term(margin: pair.margin(reduction), label: pair.label) : .none
  }
}
