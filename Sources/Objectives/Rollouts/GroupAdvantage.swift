import Basics

/// Where the advantage of a response comes from.
public enum AdvantageSource: String, NamedChoice {
  /// GAE with one critic for the reward and one for the cost: Safe RLHF.
  case critics
  /// Leave one out: the mean of the other responses to the prompt is the baseline.
  case rloo
  /// The mean of all responses to the prompt is the baseline, and the difference is divided by their standard deviation.
  case grpo
  /// As `grpo` without the division (Dr. GRPO).
  case groupMean
}

/// Advantages of the responses to one prompt by comparison with each other.
///
///     rloo:       A_i = R_i − mean_{j≠i} R_j = k/(k − 1) (R_i − mean R)
///     groupMean:  A_i = R_i − mean R
///     grpo:       A_i = (R_i − mean R) / (std R + 10⁻⁴),  sample standard deviation
///
/// The gradient of `rloo` is that of E R on average, because the baseline of a response does not depend on it. `groupMean` is
/// (k − 1)/k of it, which the learning rate takes up. `grpo` is biased in a way that no learning rate takes up: a prompt's gradient
/// is divided by the spread σ_x of its own responses, so prompts on which all responses are nearly alike count as much as those
/// on which the choice matters, and a stream of rewards and one of costs are divided by different numbers, which changes the λ at
/// which they balance.
///
/// - Parameters:
///   - values: R_i of each response, [k]; at least two where weights are not given.
///   - weights: probabilities of the responses when the group is the whole support of the policy; k → ∞ draws.
/// - Returns: [k].
///
/// Source: Ahmadian et al. 2024, arXiv 2402.14740 (RLOO); Shao et al. 2024, arXiv 2402.03300 (GRPO); Liu et al. 2025,
/// arXiv 2503.20783 (the bias of the division).
public func groupAdvantages(_ values: [Double], source: AdvantageSource, weights: [Double]? = nil) -> [Double] {
  precondition(values.count >= 2 || weights != nil, "a group needs two responses, got \(values.count)")
  let count = Double(values.count)
  let shares = weights ?? [Double](repeating: 1 / count, count: values.count)
  let mean = zip(values, shares).reduce(0) { $0 + $1.0 * $1.1 }
  let correction = weights == nil ? count / (count - 1) : 1
  switch source {
  case .critics: preconditionFailure("critics do not compare the responses of a group")
  case .rloo: return values.map { correction * ($0 - mean) }
  case .groupMean: return values.map { $0 - mean }
  case .grpo:
    let variance = correction * zip(values, shares).reduce(0) { $0 + $1.1 * ($1.0 - mean) * ($1.0 - mean) }
    let scale = 1 / (variance.squareRoot() + 1e-4)
    return values.map { ($0 - mean) * scale }
  }
}
