import Basics
import Objectives
import Policies

/// A reply that a policy wrote at temperature 1.
struct Reply: Sendable {
  var query: TokenQuery
  /// Whether the policy ended it, not the limit.
  var hasEnded: Bool
}

/// One reply to each prompt, at temperature 1 from the whole distribution: a draw from the policy itself.
func sampleReplies(
  to prompts: [[Int32]], from policy: borrowing LlamaPolicy<Float>, maxNewTokens: Int, endOfTurn: Int32, seed: SeedTree
) -> [Reply] {
  let options = SamplingOptions(temperature: 1, maxNewTokens: maxNewTokens, stopTokens: [endOfTurn])
  return zip(prompts, policy.generate(prompts: prompts, options: options, seed: seed)).map {
    Reply(query: TokenQuery(prompt: $0, response: $1.tokens), hasEnded: $1.end == .stopToken)
  }
}

/// KL(π ‖ π_ref) on replies sampled from π, per token and per reply, with the replies' length and how many ended by themselves.
///
///     klPerToken = mean over sampled tokens of k₃ = e^d − 1 − d,   d = log π_ref(token) − log π(token)
///     kl         = mean over replies of Σ k₃, up to the limit of new tokens
///
/// Unbiased for the token-wise divergence along the sampled replies, and never negative.
/// Source: Schulman 2020, "Approximating KL divergence".
func replyMetrics(
  _ replies: [Reply], _ policy: borrowing LlamaPolicy<Float>, reference: borrowing LlamaPolicy<Float>
) -> [String: Double] {
  if replies.isEmpty { return [:] }
  let queries = replies.map(\.query)
  let terms = zip(
    policy.tokenLogProbabilities(queries).flatMap(\.self), reference.tokenLogProbabilities(queries).flatMap(\.self)
  ).map { DivergenceEstimator.k3.estimate($0 - $1) }
  let count = Double(replies.count)
  return [
    "kl": terms.reduce(0, +) / count, "klPerToken": mean(terms), "klPerToken_tokens": Double(terms.count),
    "sampleLength": Double(terms.count) / count, "endOfTurnRate": Double(replies.count(where: \.hasEnded)) / count,
  ]
}
