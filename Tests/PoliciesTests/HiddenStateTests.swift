import Basics
import Kernels
import ModelFiles
import Policies
import TestSupport
import Testing

/// Layers under the trained ones run once for a text: no result may tell whether they did.
@Suite("Hidden states")
struct HiddenStateTests {
  let queries =
    mixedQueries() + [TokenQuery(prompt: [4, 9], response: []), TokenQuery(prompt: [4, 9], response: [7])]
  static let trainables = [
    ["layers.2."], ["layers.3.mlp.down_proj"], ["layers.1.self_attn.q_proj", "layers.3.mlp.up_proj"], ["model.norm"],
    ["lm_head"],
  ]

  /// Everything that a policy computes of some queries, twice over.
  private struct Everything<Scalar: KernelScalar>: Equatable {
    var scores: [[Double]] = []
    var gradients: [TensorSet<Scalar>] = []
    var tokenFeatures: [[[Scalar]]] = []

    init(_ policy: borrowing LlamaPolicy<Scalar>, _ queries: [TokenQuery]) {
      var (tape, stream) = (policy.makeTape(), SeedTree(8).generator())
      scores += policy.tokenLogProbabilities(queries)
      scores += policy.scoreTokens(queries, tape: &tape)
      var gradient = policy.zeroGradient()
      policy.pullback(queries.map { _ in stream.normal() }, tape: &tape, into: &gradient)
      gradients.append(gradient)
      scores.append(policy.features(queries, tape: &tape))
      policy.pullbackFeatures(scores.last!.map { _ in stream.normal() }, tape: &tape, into: &gradient)
      gradients.append(gradient)
      tokenFeatures += policy.tokenFeatures(queries)
    }
  }

  private func policy<Scalar: KernelScalar>(
    _ trainable: [String], _ cache: HiddenStateCache<Scalar>?, seed: Int = 7, workers: Int = 2
  ) throws -> LlamaPolicy<Scalar> {
    var model = RandomModel.small(tied: false, layers: 4)
    model.seed = SeedTree(seed)
    return try LlamaPolicy(loading: model, trainable: trainable, workers: workers, hiddenStates: cache)
  }

  @Test(arguments: trainables)
  func `known, unknown, forgotten or never kept: the same bits`(trainable: [String]) throws {
    let cache = HiddenStateCache<Float>()
    let policy = try policy(trainable, cache)
    let cold = Everything(policy, queries)
    let computed = cache.counts.computedRows
    #expect(computed > 0)
    #expect(Everything(policy, queries) == cold)
    #expect(cache.counts.computedRows == computed, "all of it was known")
    for limit in [0, 3_000, 9_000] {
      let other = HiddenStateCache<Float>(byteLimit: limit)
      let tight = try self.policy(trainable, other, workers: 1)
      for _ in 0..<2 { #expect(Everything(tight, queries) == cold, "\(limit) bytes") }
      #expect(other.byteCount <= limit)
      #expect((other.byteCount > 0) == (limit > 0))
    }
  }

  @Test(arguments: trainables)
  func `results are those of running every layer`(trainable: [String]) throws {
    let policy = try policy(trainable, HiddenStateCache<Double>())
    let (own, whole) = (
      Everything(policy, queries), Everything(try self.policy(trainable, nil as HiddenStateCache<Double>?), queries)
    )
    for (a, b) in zip(own.scores.joined(), whole.scores.joined()) { #expect(abs(a - b) < 1e-11) }
    for (a, b) in zip(own.tokenFeatures.joined().joined(), whole.tokenFeatures.joined().joined()) {
      #expect(abs(a - b) < 1e-11)
    }
    for (a, b) in zip(own.gradients, whole.gradients) {
      for (a, b) in zip(a.values.joined(), b.values.joined()) { #expect(abs(a - b) < 1e-9) }
    }
  }

  @Test func `what else was read, in which company, changes no bit`() throws {
    let trainable = ["layers.2."]
    let alone = try policy(trainable, HiddenStateCache<Float>())
    let expected = Everything(alone, queries)
    let policy = try policy(trainable, HiddenStateCache<Float>())
    // Known in another order, alone, within other groups, and read to another length.
    for query in queries.reversed() { _ = policy.score([query]) }
    let others = [queries[1], TokenQuery(prompt: queries[1].prompt, response: tokens(90, seed: SeedTree(5)))]
    _ = policy.score(others)
    _ = policy.tokenFeatures(Array(queries[3...]))
    #expect(Everything(policy, queries) == expected)
  }

  @Test func `a trained clone reads what the reference ran`() throws {
    let cache = HiddenStateCache<Float>()
    let reference = try policy(["layers.2.", "layers.3."], cache)
    _ = reference.score(queries)
    let computed = cache.counts.computedRows
    var clone = reference.clone()
    var alone = try policy(["layers.2.", "layers.3."], HiddenStateCache<Float>(byteLimit: 0))
    func move(_ index: Int, _ values: inout [Float]) { for i in values.indices { values[i] *= 1.1 } }
    clone.updateTrainable(move)
    alone.updateTrainable(move)
    #expect(Everything(clone, queries) == Everything(alone, queries))
    #expect(clone.score(queries) != reference.score(queries))
    // Only texts of one token, which scoring has no row for and features have.
    #expect(cache.counts.computedRows - computed <= queries.filter { $0.response.count == 1 }.count * 10)
  }

  @Test func `models that share a cache and no layer do not read each other's states`() throws {
    let cache = HiddenStateCache<Float>()
    let one = try policy(["layers.2."], cache)
    let two = try policy(["layers.2."], cache, seed: 8)
    let expected = try policy(["layers.2."], HiddenStateCache<Float>(byteLimit: 0), seed: 8).score(queries)
    _ = one.score(queries)
    #expect(two.score(queries) == expected)
  }

  @Test func `another model adopts a trunk only if it has its layers to the last bit`() throws {
    let cache = HiddenStateCache<Float>()
    let reference = try policy(["layers.2."], cache)
    let known = reference.trunk
    let trunk = try #require(known)
    #expect(trunk.depth == 2)
    _ = reference.score(queries)

    var reader = try LlamaPolicy<Float>(
      loading: ChangedModel(changed: ["layers.2.", "layers.3.", "model.norm"]), trainable: ["model.norm"],
      hiddenStates: nil)
    let whole = reader.tokenLogProbabilities(queries)
    let equal = reader.equalLayers(reference)
    #expect(equal == 2)
    let computed = cache.counts.computedRows
    let isAdopted = reader.adopt(trunk)
    #expect(isAdopted)
    for (a, b) in zip(reader.tokenLogProbabilities(queries).joined(), whole.joined()) { #expect(abs(a - b) < 1e-3) }
    #expect(cache.counts.computedRows == computed)

    for changed in ["model.embed_tokens", "layers.1.mlp.gate_proj", "layers.0.input_layernorm"] {
      var stranger = try LlamaPolicy<Float>(
        loading: ChangedModel(changed: [changed]), trainable: ["model.norm"], hiddenStates: nil)
      let before = stranger.score(queries)
      let isAdopted = stranger.adopt(trunk)
      #expect(!isAdopted, "\(changed)")
      #expect(stranger.score(queries) == before)
    }
    // A policy that trains one of the layers must not take them for frozen.
    var trainer = try policy(["layers.1.mlp.down_proj"], nil as HiddenStateCache<Float>?)
    let isTaken = trainer.adopt(trunk)
    #expect(!isTaken)
  }

  @Test(arguments: [["down_proj"], ["embed_tokens"], ["layers.0.self_attn.o_proj"], ["all"]])
  func `nothing is kept where the lowest layer is trained`(trainable: [String]) throws {
    let cache = HiddenStateCache<Float>()
    let policy = try policy(trainable, cache)
    let hasTrunk = policy.trunk != nil
    #expect(!hasTrunk)
    _ = Everything(policy, queries)
    #expect(cache.byteCount == 0 && cache.counts == HiddenStateCounts())
  }

  @Test func `what was read least recently goes first, and the bound holds`() throws {
    let prompts = (0..<4).map { tokens(10, seed: SeedTree(40 + $0)) }
    let probe = HiddenStateCache<Float>()
    _ = try policy(["layers.2."], probe).score([TokenQuery(prompt: prompts[0], response: [])])
    let cache = HiddenStateCache<Float>(byteLimit: 2 * probe.byteCount + 8)
    let policy = try policy(["layers.2."], cache)
    func isKnown(_ prompt: Int) -> Bool {
      let before = cache.counts.computedRows
      _ = policy.score([TokenQuery(prompt: prompts[prompt], response: [])])
      #expect(cache.byteCount <= cache.byteLimit)
      return cache.counts.computedRows == before
    }
    #expect([0, 1, 0, 2].map(isKnown) == [false, false, true, false])
    #expect([0, 2, 1].map(isKnown) == [true, true, false])
    #expect(!isKnown(0))
    // Many more readings than entries, in an order that forgets half of the time.
    for turn in 0..<500 { _ = isKnown(turn % 3 == 0 ? 3 : turn % 2) }
    #expect(cache.byteCount == 2 * probe.byteCount)
  }

  @Test func `a response may end one token after the context`() throws {
    let prompt = tokens(100, seed: SeedTree(50))
    let query = TokenQuery(prompt: prompt, response: tokens(61, seed: SeedTree(51)))
    let cached = try policy(["layers.2."], HiddenStateCache<Double>()).score([query])
    let whole = try policy(["layers.2."], nil as HiddenStateCache<Double>?).score([query])
    #expect(abs(cached[0] - whole[0]) < 1e-10)
  }

  @Test func `threads may read one cache at once`() throws {
    let cache = HiddenStateCache<Float>(byteLimit: 30_000)
    let policy = try policy(["layers.2."], cache, workers: 1)
    let expected = queries.map { policy.score([$0]) }
    let shared = SharedPolicy(policy.clone())
    let found = parallelMap(64, workers: 4) { index in
      shared.policy.score([queries[index % queries.count]]) == expected[index % queries.count]
    }
    #expect(found.allSatisfy { $0 })
    #expect(cache.byteCount <= cache.byteLimit)
  }

  private final class SharedPolicy: Sendable {
    let policy: LlamaPolicy<Float>
    init(_ policy: consuming LlamaPolicy<Float>) { self.policy = policy }
  }
}

/// The tests' model with some tensors drawn anew.
private struct ChangedModel: TensorSource {
  var changed: [String]
  private let original = RandomModel.small(tied: false, layers: 4)
  var configuration: LlamaConfiguration { original.configuration }

  init(changed: [String]) { self.changed = changed }

  func tensor(named name: String, shape: [Int]) throws -> [Float] {
    var values = try original.tensor(named: name, shape: shape)
    // The smallest change there is.
    if changed.contains(where: name.contains) { values[values.count - 1] = values[values.count - 1].nextUp }
    return values
  }
}
