import Basics

extension MarginEvaluation {
  /// −log σ(z) and its derivative −σ(−z).
  static func logistic(_ z: Double) -> MarginEvaluation {
    MarginEvaluation(loss: softplus(-z), derivative: -sigmoid(-z))
  }

  /// The cross-entropy of a soft label: −p log σ(z) − q log σ(−z) and its derivative q σ(z) − p σ(−z).
  ///
  /// - Parameters:
  ///   - p: weight of "the chosen response is the better one".
  ///   - q: weight of the opposite; 1 − p for a probability. Given apart, because 1 − p of a p near 1 has few digits.
  static func softLogistic(_ z: Double, chosen p: Double, rejected q: Double) -> MarginEvaluation {
    MarginEvaluation(loss: p * softplus(-z) + q * softplus(z), derivative: q * sigmoid(z) - p * sigmoid(-z))
  }

  /// A loss of z as a loss of h, where dz/dh = `slope`.
  func times(slope: Double) -> MarginEvaluation { MarginEvaluation(loss: loss, derivative: slope * derivative) }
}
