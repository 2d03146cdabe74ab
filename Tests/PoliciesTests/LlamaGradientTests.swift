import Basics
import Kernels
import Policies
import TestSupport
import Testing

@Suite("Llama gradients")
struct LlamaGradientTests {
  let queries = mixedQueries()
  let cotangent = [0.7, -1.1, 0.4, 0.9, -0.6, 0.05]

  /// Σ cᵢ log π(yᵢ|xᵢ) with one element of a trainable tensor moved.
  func loss(_ policy: borrowing LlamaPolicy<Double>, moving tensor: Int, _ element: Int, by step: Double) -> Double {
    var moved = policy.clone()
    moved.updateTrainable { index, values in if index == tensor { values[element] += step } }
    return zip(moved.score(queries), cotangent).reduce(0) { $0 + $1.0 * $1.1 }
  }

  func gradient(_ policy: borrowing LlamaPolicy<Double>) -> TensorSet<Double> {
    var tape = policy.makeTape()
    _ = policy.score(queries, tape: &tape)
    var gradient = policy.zeroGradient()
    policy.pullback(cotangent, tape: &tape, into: &gradient)
    return gradient
  }

  @Test(arguments: [true, false])
  func `every tensor's gradient agrees with finite differences`(tied: Bool) throws {
    let policy = try LlamaPolicy<Double>(loading: RandomModel.small(tied: tied), trainable: ["all"])
    let gradient = gradient(policy)
    #expect(gradient.names.count == (tied ? 20 : 21))
    for tensor in gradient.names.indices {
      var stream = SeedTree(11).child(gradient.names[tensor]).generator()
      let usedTokens = (queries.flatMap { $0.prompt + $0.response }).map(Int.init)
      for _ in 0..<6 {
        let shape = gradient.shapes[tensor]
        let isVocabulary = shape[0] == policy.configuration.vocabularySize
        let element =
          isVocabulary
          ? usedTokens[stream.below(usedTokens.count)] * shape[1] + stream.below(shape[1])
          : stream.below(gradient.values[tensor].count)
        let numeric = centralDifference(at: 0, step: 1e-5) { loss(policy, moving: tensor, element, by: $0) }
        let analytic = gradient.values[tensor][element]
        #expect(
          relativeError(analytic, numeric) < 1e-6, "\(gradient.names[tensor])[\(element)]: \(analytic), \(numeric)")
      }
    }
  }

  @Test(
    arguments: [
      ["down_proj"], ["layers.1.mlp.down_proj"], ["q_proj"], ["layers.1.self_attn.v_proj"], ["o_proj", "model.norm"],
      ["layers.0.mlp.gate_proj"], ["post_attention_layernorm", "layers.1.self_attn.k_proj"], ["embed_tokens"],
      ["lm_head"],
      ["layers.0.input_layernorm", "layers.1.mlp.up_proj"],
    ])
  func `a subset of tensors gets the gradients it has among all`(fragments: [String]) throws {
    let model = RandomModel.small(tied: false, layers: 3)
    let everything = gradient(try LlamaPolicy<Double>(loading: model, trainable: ["all"]))
    let some = gradient(try LlamaPolicy<Double>(loading: model, trainable: fragments))
    #expect(!some.names.isEmpty)
    for (name, values) in zip(some.names, some.values) {
      #expect(fragments.contains { name.contains($0) })
      let expected = everything.values[everything.names.firstIndex(of: name)!]
      #expect(zip(values, expected).allSatisfy { abs($0 - $1) < 1e-12 }, "\(name)")
    }
  }

  @Test func `gradients accumulate, and a tape serves one batch after another`() throws {
    let policy = try LlamaPolicy<Double>(loading: RandomModel.small(tied: true))
    let whole = gradient(policy)
    var tape = policy.makeTape()
    var parts = policy.zeroGradient()
    for range in [0..<3, 3..<4, 4..<6] {
      _ = policy.score(Array(queries[range]), tape: &tape)
      policy.pullback(Array(cotangent[range]), tape: &tape, into: &parts)
    }
    for (a, b) in zip(whole.values, parts.values) { #expect(zip(a, b).allSatisfy { abs($0 - $1) < 1e-11 }) }
  }

  @Test func `updating moves the trained tensors and no other, and not those of a clone`() throws {
    var policy = try LlamaPolicy<Double>(loading: RandomModel.small(tied: true))
    let original = policy.clone()
    policy.updateTrainable { _, values in for i in values.indices { values[i] += 1 } }
    var before: [String: [Double]] = [:]
    original.forEachTensor { name, _, values in before[name] = values }
    policy.forEachTensor { name, shape, values in
      #expect(values.count == shape.reduce(1, *))
      #expect((values != before[name]) == name.contains("down_proj"))
    }
  }

  @Test func `a misspelt tensor name is an error with a suggestion`() {
    do {
      _ = try LlamaPolicy<Float>(loading: RandomModel.small(tied: true), trainable: ["down_porj"])
      Issue.record("accepted")
    } catch {
      #expect("\(error)".contains("did you mean `down_proj`?"))
      #expect((error as? UserError)?.exitCode == .usage)
    }
  }
}
