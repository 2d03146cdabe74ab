import Basics

/// The convex generator φ of a Bregman divergence between density ratios, as the loss of the model's ratio R it induces:
///
///     ℓ(R) = φ′(R) R − φ(R) − φ′(1/R)
///
/// Source: arXiv 2605.12339.
public enum BregmanGenerator: String, NamedChoice {
  /// log(1 + R).
  case logistic
  /// R − 1 + log R.
  case kliep
  /// R² − 2/R + 1.
  case lsif
  /// [λ R^{1+λ} − (1 + λ) R^{−λ} + 1] / (s λ (λ + 1)): the scaled Basu power divergence.
  case sba

  /// ℓ and dℓ/d log R. Beyond ±`clamp` an exponential generator goes on in a straight line in log R.
  ///
  /// - Parameters:
  ///   - lambda: exponent λ > 0 of `sba`.
  ///   - scale: s > 0 of `sba`.
  func loss(logRatio x: Double, lambda: Double, scale: Double, clamp: Double) -> MarginEvaluation {
    if self == .logistic { return curve(x, lambda, scale) }
    let inside = min(max(x, -clamp), clamp)
    var value = curve(inside, lambda, scale)
    value.loss += value.derivative * (x - inside)
    return value
  }

  private func curve(_ x: Double, _ lambda: Double, _ scale: Double) -> MarginEvaluation {
    let ratio = exponential(x)
    switch self {
    case .logistic:
      let values = LogisticValues(x)
      return MarginEvaluation(loss: values.softplus, derivative: values.sigmoid)
    case .kliep: return MarginEvaluation(loss: ratio - 1 + x, derivative: ratio + 1)
    case .lsif:
      return MarginEvaluation(loss: ratio * ratio - 2 / ratio + 1, derivative: 2 * ratio * ratio + 2 / ratio)
    case .sba:
      let (rising, falling) = (exponential((1 + lambda) * x), exponential(-lambda * x))
      return MarginEvaluation(
        loss: (lambda * rising - (1 + lambda) * falling + 1) / (scale * lambda * (lambda + 1)),
        derivative: (rising + falling) / scale)
    }
  }
}
