import Basics
import Objectives

/// The optimum of the multiplicative value under a KL penalty, and what it attains.
public struct MultiplicativeOptimum: Hashable, Sendable {
  public var outcome: ConstrainedOutcome
  /// E (r − r_min)₊ (1 − p_c).
  public var value: Double
  /// E p_c, p_c = σ(c).
  public var unsafeProbability: Double
}

extension ConstrainedProblem {
  /// π ∝ π_ref e^{f/β}, f = (r − r_min)₊ (1 − σ(c)): the problem without its budget; see ``multiplicativeValue(_:rewardFloor:)``.
  ///
  /// - Parameter rewardFloor: r_min; the lowest reward of all responses when nil, which is what a running minimum ends at.
  public func multiplicativeOptimum(rewardFloor: Double? = nil) -> MultiplicativeOptimum {
    let floor = rewardFloor ?? prompts.reduce(.infinity) { min($0, $1.reward.min() ?? .infinity) }
    let values = prompts.map { prompt in
      zip(prompt.reward, prompt.cost).map {
        multiplicativeValue(ResponseScores(reward: $0, cost: $1), rewardFloor: floor)
      }
    }
    let policies = zip(prompts, values).map { gibbsPolicy(reference: $0.reference, reward: $1, temperature: beta) }
    var optimum = MultiplicativeOptimum(outcome: outcome(of: policies), value: 0, unsafeProbability: 0)
    for (index, prompt) in prompts.enumerated() {
      optimum.value += prompt.weight * expectation(values[index], under: policies[index])
      optimum.unsafeProbability += prompt.weight * expectation(prompt.cost.map(sigmoid), under: policies[index])
    }
    return optimum
  }
}
