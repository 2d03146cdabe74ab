import Basics

extension MarginEvaluation {
  /// −log σ(z) and its derivative −σ(−z).
  static func logistic(_ z: Double) -> MarginEvaluation {
    let values = LogisticValues(z)
    return MarginEvaluation(loss: values.softplusOfMinus, derivative: -values.sigmoidOfMinus)
  }

  /// The cross-entropy of a soft label: −p log σ(z) − q log σ(−z) and its derivative q σ(z) − p σ(−z).
  ///
  /// - Parameters:
  ///   - p: weight of "the chosen response is the better one".
  ///   - q: weight of the opposite; 1 − p for a probability. Given apart, because 1 − p of a p near 1 has few digits.
  static func softLogistic(_ z: Double, chosen p: Double, rejected q: Double) -> MarginEvaluation {
    let values = LogisticValues(z)
    return MarginEvaluation(
      loss: p * values.softplusOfMinus + q * values.softplus, derivative: q * values.sigmoid - p * values.sigmoidOfMinus
    )
  }

  /// A loss of z as a loss of h, where dz/dh = `slope`.
  func times(slope: Double) -> MarginEvaluation { MarginEvaluation(loss: loss, derivative: slope * derivative) }
}
