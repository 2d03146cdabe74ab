import Basics

/// Estimators of KL(π ‖ π_ref) from responses drawn from π, by the ratio q = π_ref(y)/π(y).
///
///     k1 = −log q           unbiased, of either sign, large variance
///     k2 = ½ (log q)²       biased, small variance
///     k3 = q − 1 − log q    unbiased, never negative, small variance
///
/// As terms of a loss that is differentiated, E ∇k1 = 0 and teaches nothing, E ∇k2 is the gradient of KL(π ‖ π_ref), and E ∇k3
/// that of KL(π_ref ‖ π). Safe RLHF puts k1 into the reward, where it counts as a constant: its policy gradient is then exact.
/// Source: Schulman 2020, "Approximating KL divergence".
public enum DivergenceEstimator: String, NamedChoice {
  case k1, k2, k3

  /// The estimate of one response.
  ///
  /// - Parameter logRatio: log π(y) − log π_ref(y), nats.
  public func estimate(_ logRatio: Double) -> Double {
    switch self {
    case .k1: logRatio
    case .k2: 0.5 * logRatio * logRatio
    case .k3: exponentialMinusOne(-logRatio) + logRatio
    }
  }
}
