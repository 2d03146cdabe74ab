import Basics
import Preferences

/// How often a policy's implicit reward agrees with a human order.
///
///     r(y) = log π(y|x) − log π_ref(y|x), summed over tokens;  a pair is right when r(preferred) > r(other)
///
/// The sign does not depend on τ. At the reference every pair is a tie, which counts one half.
/// Source: the DPO reward of Rafailov et al. 2023, arXiv 2305.18290, section 4.
struct ImplicitRewardJudge<Query: Sendable>: Sendable {
  /// Oriented: `first` is the preferred response.
  let pairs: [Comparison<Query>]

  /// [first₀, second₀, first₁, second₁, …].
  var queries: [Query] { pairs.flatMap { [$0.first, $0.second] } }

  /// Accuracy with n and its Wilson interval, mean margin and mean log-ratios under the names `name`, `name_n`, ….
  ///
  /// - Parameters:
  ///   - policy: log π of ``queries``.
  ///   - reference: log π_ref of ``queries``.
  func metrics(_ name: String, policy: [Double], reference: [Double]) -> [String: Double] {
    precondition(policy.count == 2 * pairs.count && reference.count == policy.count)
    let ratios = zip(policy, reference).map { $0 - $1 }
    let preferred = pairs.indices.map { ratios[2 * $0] }
    let other = pairs.indices.map { ratios[2 * $0 + 1] }
    let right = zip(preferred, other).reduce(0.0) { $0 + ($1.0 > $1.1 ? 1 : $1.0 == $1.1 ? 0.5 : 0) }
    let accuracy = wilson(successes: right, of: pairs.count)
    return [
      name: accuracy.mean, "\(name)_n": Double(pairs.count), "\(name)_low": accuracy.low,
      "\(name)_high": accuracy.high, "\(name)_margin": mean(preferred) - mean(other),
      "\(name)_chosenLogRatio": mean(preferred), "\(name)_rejectedLogRatio": mean(other),
    ]
  }
}
