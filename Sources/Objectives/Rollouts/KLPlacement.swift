import Basics

/// Which of the two reward streams carries the KL penalty to the reference.
///
/// The advantage is (A_r − λA_c)/(1 + λ), so the place decides where the alternation comes to rest:
///
///     both:        signal = (r − λc)/(1 + λ) − τℓ      π ∝ π_ref e^{(r − λc)/(τ(1 + λ))}
///     rewardOnly:  signal = (r − λc − τℓ)/(1 + λ)      π ∝ π_ref e^{(r − λc)/τ}
///
/// with ℓ = log π − log π_ref. `both` is Safe RLHF as published; its pull to the reference grows with λ, and its fixed point is
/// the constrained optimum for the KL weight τ(1 + λ). `rewardOnly` rests at the constrained optimum for τ itself.
/// Source: arXiv 2310.12773 and its code for `both`; the fixed points follow from the stationarity of the policy.
public enum KLPlacement: String, NamedChoice {
  case both
  case rewardOnly
}

/// What a response earns and costs, token by token, with the KL penalty inside.
///
///     r̂_t = −τ ℓ_t + R·1[t = T]        ĉ_t = +τ ℓ_t + C·1[t = T]  (`both`), C·1[t = T]  (`rewardOnly`)
///
/// Both are clamped to ±`clipScore` after adding; ℓ_t = log π_old(y_t|…) − log π_ref(y_t|…) and T is the end index.
///
/// - Parameters:
///   - logRatios: ℓ_t of the response's tokens, nats, [tokens].
///   - scores: R and C of the whole response.
///   - tau: τ, in units of reward per nat.
///   - clipScore: largest absolute value of one token's signal.
/// - Returns: both streams, [tokens].
///
/// Source: arXiv 2310.12773, code (`post_rollout`), which adds the whole τℓ to each stream since April 2024, half of it before.
public func shapedTokenRewards(
  logRatios: [Double], scores: ResponseScores, tau: Double, placement: KLPlacement, clipScore: Double
) -> TokenStreams {
  precondition(!logRatios.isEmpty, "a response needs at least one token")
  let costWeight = placement == .both ? tau : 0
  var streams = TokenStreams(reward: logRatios.map { -tau * $0 }, cost: logRatios.map { costWeight * $0 })
  let end = logRatios.count - 1
  streams.reward[end] += scores.reward
  streams.cost[end] += scores.cost
  func clamp(_ value: Double) -> Double { min(max(value, -clipScore), clipScore) }
  return TokenStreams(reward: streams.reward.map(clamp), cost: streams.cost.map(clamp))
}

/// The same quantity of the reward and of the cost of one response, [tokens] each.
public struct TokenStreams: Hashable, Sendable {
  public var reward: [Double]
  public var cost: [Double]

  public init(reward: [Double], cost: [Double]) {
    precondition(reward.count == cost.count, "\(reward.count) tokens of reward, \(cost.count) of cost")
    self.reward = reward
    self.cost = cost
  }

  /// Each stream through the same function.
  public func map(_ transform: ([Double]) -> [Double]) -> TokenStreams {
    TokenStreams(reward: transform(reward), cost: transform(cost))
  }
}
