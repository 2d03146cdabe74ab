import Basics
import Kernels
import Policies
import TestSupport
import Testing

/// The token-wise view of a language model: what learning from its own responses needs.
@Suite("Llama tokens")
struct LlamaTokenTests {
  let queries = mixedQueries()

  private func cotangent(_ policy: borrowing LlamaPolicy<Double>) -> [[Double]] {
    var stream = SeedTree(31).generator()
    return queries.map { $0.response.map { _ in stream.normal() } }
  }

  @Test func `token scores add up to the response's, with and without a tape`() throws {
    let policy = try LlamaPolicy<Double>(loading: RandomModel.small(tied: true))
    var tape = policy.makeTape()
    let tokens = policy.scoreTokens(queries, tape: &tape)
    #expect(tokens.map(\.count) == queries.map(\.response.count))
    for (own, whole) in zip(tokens, policy.score(queries)) { #expect(abs(own.reduce(0, +) - whole) < 1e-10) }
    for (a, b) in zip(tokens.flatMap(\.self), policy.tokenLogProbabilities(queries).flatMap(\.self)) {
      #expect(abs(a - b) < 1e-12)
    }
  }

  @Test func `the gradient of weighted tokens agrees with finite differences in every tensor`() throws {
    let policy = try LlamaPolicy<Double>(loading: RandomModel.small(tied: false), trainable: ["all"])
    let weights = cotangent(policy)
    var tape = policy.makeTape()
    _ = policy.scoreTokens(queries, tape: &tape)
    var gradient = policy.zeroGradient()
    policy.pullbackTokens(weights, tape: &tape, into: &gradient)
    for tensor in gradient.names.indices where !gradient.names[tensor].contains("embed") {
      var stream = SeedTree(13).child(gradient.names[tensor]).generator()
      for _ in 0..<3 {
        let element = stream.below(gradient.values[tensor].count)
        let numeric = centralDifference(at: 0, step: 1e-5) { step in
          var moved = policy.clone()
          moved.updateTrainable { index, values in if index == tensor { values[element] += step } }
          return zip(moved.tokenLogProbabilities(queries), weights).reduce(0) { sum, pair in
            sum + zip(pair.0, pair.1).reduce(0) { $0 + $1.0 * $1.1 }
          }
        }
        #expect(relativeError(gradient.values[tensor][element], numeric) < 1e-5, "\(gradient.names[tensor])")
      }
    }
  }

  @Test func `features before each token are those of the response up to there`() throws {
    let policy = try LlamaPolicy<Double>(loading: RandomModel.small(tied: true))
    var tape = policy.makeTape()
    let all = policy.tokenFeatures(queries)
    for (query, features) in zip(queries, all) {
      #expect(features.count == query.response.count + 1)
      for (length, own) in features.enumerated() {
        let cut = TokenQuery(prompt: query.prompt, response: Array(query.response.prefix(length)))
        for (a, b) in zip(own, policy.features([cut], tape: &tape)) { #expect(abs(a - b) < 1e-11) }
      }
    }
  }
}
