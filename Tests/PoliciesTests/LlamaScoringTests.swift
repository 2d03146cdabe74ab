import Basics
import ModelFiles
import Policies
import Testing

@Suite("Llama scoring")
struct LlamaScoringTests {
  @Test(arguments: [true, false])
  func `log-probabilities agree with the plain implementation`(tied: Bool) throws {
    let model = RandomModel.small(tied: tied)
    let policy = try LlamaPolicy<Double>(loading: model)
    let plain = try PlainLlama(model)
    let queries = mixedQueries()
    for (query, values) in zip(queries, policy.tokenLogProbabilities(queries)) {
      for (ours, theirs) in zip(values, plain.logProbabilities(query)) { #expect(abs(ours - theirs) < 1e-11) }
      #expect(values.count == query.response.count)
    }
  }

  @Test func `single precision agrees with double to rounding, over a vocabulary of several blocks`() throws {
    let model = RandomModel.small(tied: true, vocabulary: 4500)
    let single = try LlamaPolicy<Float>(loading: model)
    let double = try LlamaPolicy<Double>(loading: model)
    let plain = try PlainLlama(model)
    let queries = mixedQueries(vocabulary: 4500)
    for (query, (a, b)) in zip(
      queries, zip(single.tokenLogProbabilities(queries), double.tokenLogProbabilities(queries)))
    {
      for (x, y) in zip(a, b) { #expect(abs(x - y) < 1e-4) }
      for (x, y) in zip(b, plain.logProbabilities(query)) { #expect(abs(x - y) < 1e-10) }
    }
  }

  @Test func `a file may state any context length: only what is used costs`() throws {
    var model = RandomModel.small(tied: true)
    let short = try LlamaPolicy<Float>(loading: model).score(mixedQueries())
    model.configuration.contextLength = Int(Int32.max)
    #expect(try LlamaPolicy<Float>(loading: model).score(mixedQueries()) == short)
  }

  @Test func `a weight that is not finite is found when the model is loaded, and its tensor named (R-06)`() {
    let error = #expect(throws: UserError.self) {
      _ = try LlamaPolicy<Float>(loading: DamagedModel(tensor: "model.layers.1.mlp.up_proj.weight", value: .nan))
    }
    #expect(error?.location == "tensor `model.layers.1.mlp.up_proj.weight`, element 3")
    #expect(error?.exitCode == .badData)
  }

  @Test func `scoring with a tape gives the same numbers as without`() throws {
    let policy = try LlamaPolicy<Float>(loading: RandomModel.small(tied: true))
    var tape = policy.makeTape()
    #expect(policy.score(mixedQueries(), tape: &tape) == policy.score(mixedQueries()))
  }

  @Test func `responses that share a prompt score as they would alone, in any batch`() throws {
    let policy = try LlamaPolicy<Double>(loading: RandomModel.small(tied: false))
    let queries = mixedQueries()
    let together = policy.score(queries)
    for (query, value) in zip(queries, together) { #expect(abs(policy.score([query])[0] - value) < 1e-11) }
    for (value, reversed) in zip(together, policy.score(queries.reversed()).reversed()) {
      #expect(abs(value - reversed) < 1e-11)
    }
  }

  @Test func `thousands of queries are scored in bounded chunks, in order`() throws {
    let policy = try LlamaPolicy<Float>(loading: RandomModel.small(tied: true))
    let queries = (0..<300).flatMap { index in
      [4, 9].map { length in
        TokenQuery(
          prompt: tokens(10, seed: SeedTree(index)), response: tokens(length, seed: SeedTree(index).child(length)))
      }
    }
    let all = policy.score(queries)
    #expect(all.count == queries.count)
    for index in stride(from: 0, to: queries.count, by: 97) {
      #expect(abs(policy.score([queries[index]])[0] - all[index]) < 1e-4)
    }
  }

  @Test func `one worker and several give the same bits, forward and backward`() throws {
    var single = try LlamaPolicy<Float>(loading: RandomModel.small(tied: true, vocabulary: 3000), trainable: ["all"])
    var several = single.clone()
    single.workers = 1
    several.workers = 3
    let queries = mixedQueries(vocabulary: 3000)
    let cotangent = queries.indices.map { 0.3 - 0.2 * Double($0) }
    var (first, second) = (single.makeTape(), several.makeTape())
    #expect(single.score(queries, tape: &first) == several.score(queries, tape: &second))
    var (a, b) = (single.zeroGradient(), several.zeroGradient())
    single.pullback(cotangent, tape: &first, into: &a)
    several.pullback(cotangent, tape: &second, into: &b)
    #expect(a == b)
    #expect(a.values.allSatisfy { $0.contains { $0 != 0 } })
  }

  @Test func `an empty response has probability one`() throws {
    let policy = try LlamaPolicy<Float>(loading: RandomModel.small(tied: true))
    #expect(policy.score([TokenQuery(prompt: [1, 2], response: [])]) == [0])
  }
}

/// A sound model but for the fourth element of one tensor.
private struct DamagedModel: TensorSource {
  var tensor: String
  var value: Float
  let sound = RandomModel.small(tied: true)
  var configuration: LlamaConfiguration { sound.configuration }

  func tensor(named name: String, shape: [Int]) throws -> [Float] {
    var values = try sound.tensor(named: name, shape: shape)
    if name == tensor { values[3] = value }
    return values
  }
}
