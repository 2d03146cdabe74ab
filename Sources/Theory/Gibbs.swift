import Basics

/// The policy that maximises E_π R − τ KL(π ‖ π_ref), and what it attains.
///
///     π*(y) = π_ref(y) e^{R(y)/τ} / Z        value = τ log Z,  Z = E_{y∼π_ref} e^{R(y)/τ}
///
/// Source: Donsker and Varadhan's variational formula; Rafailov et al. 2023, arXiv 2305.18290, equation 4.
public struct GibbsOptimum: Hashable, Sendable {
  /// π* [K].
  public let policy: [Double]
  /// log(π*(y) / π_ref(y)) = R(y)/τ − log Z [K].
  public let logRatio: [Double]
  /// τ log E_ref e^{R/τ}, in the units of R.
  public let value: Double

  /// - Parameters:
  ///   - reference: π_ref [K].
  ///   - reward: R [K].
  ///   - temperature: τ > 0, in the units of R.
  public init(reference: [Double], reward: [Double], temperature: Double) {
    precondition(reference.count == reward.count, "\(reference.count) probabilities, \(reward.count) rewards")
    precondition(temperature > 0, "the temperature must be positive, got \(temperature)")
    let exponents = zip(reference, reward).map { naturalLogarithm($0) + $1 / temperature }
    let normaliser = logSumExp(exponents)
    policy = exponents.map { exponential($0 - normaliser) }
    logRatio = reward.map { $0 / temperature - normaliser }
    value = temperature * normaliser
  }
}

/// π ∝ π_ref e^{R/τ}; see ``GibbsOptimum``.
public func gibbsPolicy(reference: [Double], reward: [Double], temperature: Double) -> [Double] {
  GibbsOptimum(reference: reference, reward: reward, temperature: temperature).policy
}

/// KL(π ‖ π_ref) = Σ π log(π/π_ref), nats; ∞ where π has mass that π_ref lacks.
public func divergence(_ policy: [Double], from reference: [Double]) -> Double {
  precondition(policy.count == reference.count, "\(policy.count) and \(reference.count) probabilities")
  return zip(policy, reference).reduce(0) { $1.0 == 0 ? $0 : $0 + $1.0 * naturalLogarithm($1.0 / $1.1) }
}

extension FiniteWorld {
  /// The optimum of a reward under the KL penalty: KL-regularised RLHF.
  ///
  /// - Parameters: `reward` R [K]; `tau` > 0.
  public func rlhfOptimum(reward: [Double], tau: Double) -> GibbsOptimum {
    GibbsOptimum(reference: reference, reward: reward, temperature: tau)
  }

  /// Multi-objective RLHF with weighted sums: the optimum of `w_h P + w_s s`.
  ///
  /// - Parameter weights: w_h for helpfulness P(y), w_s for safety s(y).
  public func morlOptimum(weights: (helpfulness: Double, safety: Double) = (1, 1), tau: Double) -> GibbsOptimum {
    let reward = zip(winRate, safety).map { weights.helpfulness * $0 + weights.safety * $1 }
    return rlhfOptimum(reward: reward, tau: tau)
  }
}
