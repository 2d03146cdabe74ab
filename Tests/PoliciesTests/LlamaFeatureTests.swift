import Basics
import Kernels
import Policies
import TestSupport
import Testing

@Suite("Llama features")
struct LlamaFeatureTests {
  /// Two responses of the first prompt without tokens: they share a row.
  let queries = mixedQueries() + [TokenQuery(prompt: [4, 9], response: []), TokenQuery(prompt: [4, 9], response: [])]

  private func cotangent(_ policy: borrowing LlamaPolicy<Double>) -> [Double] {
    var stream = SeedTree(21).generator()
    return (0..<queries.count * policy.featureCount).map { _ in stream.normal() }
  }

  private func loss(_ policy: borrowing LlamaPolicy<Double>, moving tensor: Int, _ element: Int, by step: Double)
    -> Double
  {
    var moved = policy.clone()
    moved.updateTrainable { index, values in if index == tensor { values[element] += step } }
    var tape = moved.makeTape()
    return zip(moved.features(queries, tape: &tape), cotangent(policy)).reduce(0) { $0 + $1.0 * $1.1 }
  }

  private func gradient(_ policy: borrowing LlamaPolicy<Double>) -> TensorSet<Double> {
    var tape = policy.makeTape()
    // Scores before must leave nothing behind.
    _ = policy.score(mixedQueries(), tape: &tape)
    _ = policy.features(queries, tape: &tape)
    var gradient = policy.zeroGradient()
    policy.pullbackFeatures(cotangent(policy), tape: &tape, into: &gradient)
    return gradient
  }

  @Test func `features are the normalised residual stream at each query's last token`() throws {
    let policy = try LlamaPolicy<Double>(loading: RandomModel.small(tied: true))
    var tape = policy.makeTape()
    let features = policy.features(queries, tape: &tape)
    for (index, query) in queries.enumerated() {
      let expected = policy.residualStream(of: query.prompt + query.response).last!.suffix(policy.featureCount)
      let own = features[index * policy.featureCount..<(index + 1) * policy.featureCount]
      for (a, b) in zip(own, expected) { #expect(abs(a - b) < 1e-12) }
    }
  }

  @Test(arguments: [true, false])
  func `every tensor's gradient agrees with finite differences`(tied: Bool) throws {
    let policy = try LlamaPolicy<Double>(loading: RandomModel.small(tied: tied), trainable: ["all"])
    let gradient = gradient(policy)
    for tensor in gradient.names.indices {
      var stream = SeedTree(12).child(gradient.names[tensor]).generator()
      let usedTokens = (queries.flatMap { $0.prompt + $0.response }).map(Int.init)
      for _ in 0..<4 {
        let shape = gradient.shapes[tensor]
        let element =
          shape[0] == policy.configuration.vocabularySize
          ? usedTokens[stream.below(usedTokens.count)] * shape[1] + stream.below(shape[1])
          : stream.below(gradient.values[tensor].count)
        let numeric = centralDifference(at: 0, step: 1e-5) { loss(policy, moving: tensor, element, by: $0) }
        let analytic = gradient.values[tensor][element]
        #expect(
          relativeError(analytic, numeric) < 1e-6, "\(gradient.names[tensor])[\(element)]: \(analytic), \(numeric)")
      }
    }
  }

  @Test(arguments: [["down_proj"], ["q_proj"], ["model.norm"], ["layers.1.mlp.down_proj"], ["embed_tokens"]])
  func `a subset of tensors gets the gradients it has among all, and scores after features are right`(
    fragments: [String]
  ) throws {
    let everything = gradient(try LlamaPolicy<Double>(loading: RandomModel.small(tied: false), trainable: ["all"]))
    let policy = try LlamaPolicy<Double>(loading: RandomModel.small(tied: false), trainable: fragments)
    let some = gradient(policy)
    for (name, values) in zip(some.names, some.values) {
      let expected = everything.values[everything.names.firstIndex(of: name)!]
      #expect(values.contains { $0 != 0 })
      for (a, b) in zip(values, expected) { #expect(abs(a - b) < 1e-12, "\(name)") }
    }
    var tape = policy.makeTape()
    _ = policy.features(queries, tape: &tape)
    #expect(policy.score(queries, tape: &tape) == policy.score(queries))
  }
}
