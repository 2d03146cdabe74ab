import Basics

extension MarginEvaluation {
  /// −log σ(z) and its derivative −σ(−z).
  static func logistic(_ z: Double) -> MarginEvaluation {
    let values = LogisticValues(z)
    return MarginEvaluation(loss: values.softplusOfMinus, derivative: -values.sigmoidOfMinus)
  }

  /// A loss of z as a loss of h, where dz/dh = `slope`.
  func times(slope: Double) -> MarginEvaluation { MarginEvaluation(loss: loss, derivative: slope * derivative) }
}
