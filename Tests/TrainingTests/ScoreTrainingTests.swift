import Basics
import ModelFiles
import Objectives
import Policies
import Preferences
import TestSupport
import Testing
import Training

/// Reward and cost models on a random two-layer model: a response with token 8 is helpful, one with token 9 unsafe.
@Suite struct ScoreTrainingTests {
  @Test func `a reward model learns a separable order, and new pairs too`() throws {
    let result = try train(.reward, pairs: rewardPairs(24, seed: 1))
    #expect(try #require(result.curve.first).loss > 0.6 && result.curve.last!.loss < 0.2, "\(result.curve)")
    let fresh = rewardPairs(40, seed: 2)
    let right = zip(result.model.score(fresh.map(\.higher)), result.model.score(fresh.map(\.lower))).count { $0 > $1 }
    #expect(right >= 38, "\(right) of 40")
  }

  @Test func `a cost model learns which side of zero a response is on`() throws {
    let result = try train(
      .cost, pairs: costPairs(120, seed: 1), configuration: with(learning) { $0.steps = 300 }, trainable: "all")
    var right = 0
    for pair in costPairs(40, seed: 2) {
      let costs = result.model.score([pair.higher, pair.lower])
      if CostSign(ofCost: costs[0]) == pair.signs!.higher { right += 1 }
      if CostSign(ofCost: costs[1]) == pair.signs!.lower { right += 1 }
    }
    #expect(right >= 74, "\(right) of 80; \(result.curve)")
  }

  @Test func `one step of the whole loop is AdamW on the mean loss`() throws {
    let pairs = costPairs(4, seed: 3)
    var configuration = configuration(steps: 2)
    (configuration.batchSize, configuration.sampling, configuration.weightDecay) = (4, .inOrder, 0.1)
    configuration.maxGradientNorm = 0.01
    let run = try train(.cost, pairs: pairs, configuration: configuration)
    // The bias after two steps by hand, from the gradient of the loss in the bias alone: at zero every sign term pulls by ½.
    let first = pairs.reduce(0.0) { $0 - ($1.signs!.higher.rawValue + $1.signs!.lower.rawValue) / 2 / 4 }
    #expect(first != 0)
    let one = try train(.cost, pairs: pairs, configuration: with(configuration) { $0.steps = 1 })
    // Adam's first step is the learning rate times the gradient's sign, whatever its size, less what ε takes.
    let expected = -0.05 * (first > 0 ? 1 : -1)
    #expect(abs(one.model.head.bias - expected) < 1e-4, "\(one.model.head.bias), \(expected)")
    #expect(run.model.head.bias != one.model.head.bias)
    // A head of zeros gives nothing back, so the base has only decayed.
    let start = try base()
    zip(tensors(one.model.base.clone()), tensors(start.clone())).forEach { after, before in
      for (a, b) in zip(after, before) { #expect(abs(a - b * (1 - 1e-3 * 0.1)) < 1e-15) }
    }
  }

  @Test func `a run is a function of its seed, and micro-batches change rounding only`() throws {
    let pairs = rewardPairs(12, seed: 5)
    let one = try train(.reward, pairs: pairs, configuration: configuration(steps: 10))
    let two = try train(.reward, pairs: pairs, configuration: configuration(steps: 10))
    #expect(one.model.head == two.model.head && one.curve == two.curve)
    let three = try train(
      .reward, pairs: pairs, configuration: with(configuration(steps: 10)) { $0.microBatchSize = 1 })
    for (a, b) in zip(one.model.head.weight, three.model.head.weight) { #expect(abs(a - b) < 1e-9) }
  }

  @Test func `pairs of weight zero are as if they were not there`() throws {
    let pairs = rewardPairs(4, seed: 6)
    let weighted = pairs.enumerated().map { index, pair in
      var pair = pair
      if index >= 2 { (pair.weight, pair.higher, pair.lower) = (0, pair.lower, pair.higher) } else { pair.weight = 2 }
      return pair
    }
    var one = configuration(steps: 6)
    (one.sampling, one.batchSize) = (.inOrder, 4)
    var half = one
    half.batchSize = 2
    let all = try train(.reward, pairs: weighted, configuration: one)
    let few = try train(.reward, pairs: Array(pairs.prefix(2)), configuration: half)
    for (a, b) in zip(all.model.head.weight, few.model.head.weight) { #expect(abs(a - b) < 1e-9) }
  }

  @Test func `a number that is not finite stops the run and names step and pair`() throws {
    var options = ScoreTrainingOptions()
    options.headLearningRate = 1e308
    let error = #expect(throws: UserError.self) {
      _ = try train(.reward, pairs: rewardPairs(4, seed: 1), options: options)
    }
    #expect(
      error?.exitCode == .numericalFailure && error?.location?.contains("step 1") == true,
      "\(String(describing: error))")
  }

  // MARK: Pairs from labels

  private func row(
    better: Slot? = nil, safer: Slot? = nil, _ firstSafe: Bool? = nil, _ secondSafe: Bool? = nil
  ) -> Comparison<String> {
    Comparison(
      first: "a", second: "b", better: better, safer: safer, firstSafe: firstSafe, secondSafe: secondSafe, weight: 3,
      promptID: "p", id: "pairs.jsonl:7")
  }

  @Test func `a reward needs the helpfulness order`() throws {
    let (pairs, missing) = try ScoreKind.reward.pairs(of: [
      row(better: .second), row(safer: .first, true, false), row(better: .first),
    ])
    #expect(pairs.map(\.higher) == ["b", "a"] && pairs.map(\.lower) == ["a", "b"] && missing == 1)
    #expect(pairs.map(\.higherIsFirst) == [false, true] && pairs.map(\.weight) == [3, 3])
  }

  @Test func `a cost needs both flags, and puts the less safe response higher`() throws {
    let (pairs, missing) = try ScoreKind.cost.pairs(of: [
      row(safer: .first, true, false), row(safer: .second, false, true), row(safer: .second, false, false),
      row(true, false), row(false, true), row(true, true), row(safer: .first, true, nil), row(safer: .first),
    ])
    #expect(pairs.map(\.higher) == ["b", "a", "a", "b", "a", "a"] && missing == 2)
    #expect(pairs.map(\.isOrdered) == [true, true, true, true, true, false])
    #expect(pairs.map { $0.signs!.higher } == [.unsafe, .unsafe, .unsafe, .unsafe, .unsafe, .safe])
    #expect(pairs.map { $0.signs!.lower } == [.safe, .safe, .unsafe, .safe, .safe, .safe])
  }

  @Test(arguments: [(Slot.first, false, true), (.second, true, false)])
  func `a safer response that is unsafe beside a safe one is refused by place`(
    safer: Slot, firstSafe: Bool, secondSafe: Bool
  ) {
    let error = #expect(throws: UserError.self) {
      try ScoreKind.cost.pairs(of: [row(safer: safer, firstSafe, secondSafe)])
    }
    #expect(error?.exitCode == .badData && error?.location == "pairs.jsonl:7")
  }

  // MARK: Support

  private typealias Model = ScoreModel<LlamaPolicy<Double>>

  private struct Run: ~Copyable {
    var model: Model
    var curve: [ScorePoint]
  }

  private func base(_ trainable: String = "down_proj") throws -> LlamaPolicy<Double> {
    try LlamaPolicy<Double>(loading: ScoredModel(), trainable: [trainable], workers: 1)
  }

  private func configuration(steps: Int) -> TrainingConfiguration {
    var configuration = TrainingConfiguration()
    (configuration.steps, configuration.batchSize, configuration.sampling) = (steps, 8, .epochs)
    configuration.learningRate = 1e-3
    return configuration
  }

  private var learning: TrainingConfiguration { with(configuration(steps: 150)) { $0.learningRate = 0.01 } }

  private func with(
    _ configuration: TrainingConfiguration, _ change: (inout TrainingConfiguration) -> Void
  ) -> TrainingConfiguration {
    var copy = configuration
    change(&copy)
    return copy
  }

  private func train(
    _ kind: ScoreKind, pairs: [ScorePair<TokenQuery>], configuration: TrainingConfiguration? = nil,
    options: ScoreTrainingOptions? = nil, trainable: String = "down_proj"
  ) throws -> Run {
    var model = Model(base: try base(trainable))
    var chosen = ScoreTrainingOptions()
    chosen.headLearningRate = 0.05
    let curve = try trainScores(
      &model, pairs: pairs, objective: ScoreObjective(kind, regularisation: 0.001), options: options ?? chosen,
      configuration: configuration ?? learning, seed: SeedTree(8))
    return Run(model: model, curve: curve)
  }

  private func tensors(_ policy: consuming LlamaPolicy<Double>) -> [[Double]] {
    var tensors: [[Double]] = []
    policy.updateTrainable { _, tensor in tensors.append(tensor) }
    return tensors
  }

  /// Prompts and words of tokens 2 to 7, the last word a telling one; 1 ends a response.
  private func query(_ telling: Int32?, prompt: [Int32], _ random: inout RandomStream) -> TokenQuery {
    let words = (0..<3).map { _ in Int32(2 + random.below(6)) }
    return TokenQuery(prompt: prompt, response: words + [telling ?? Int32(2 + random.below(6)), 1])
  }

  private func rewardPairs(_ count: Int, seed: Int) -> [ScorePair<TokenQuery>] {
    var random = SeedTree(seed).generator()
    return (0..<count).map { index in
      let prompt = (0..<3).map { _ in Int32(2 + random.below(6)) }
      return ScorePair(
        higher: query(8, prompt: prompt, &random), lower: query(nil, prompt: prompt, &random), id: "\(index)")
    }
  }

  /// In turn: unsafe and safe, twice both unsafe without an order, both safe.
  private func costPairs(_ count: Int, seed: Int) -> [ScorePair<TokenQuery>] {
    var random = SeedTree(seed).generator()
    return (0..<count).map { index in
      let prompt = (0..<3).map { _ in Int32(2 + random.below(6)) }
      let signs: [(higher: CostSign, lower: CostSign)] = [
        (.unsafe, .safe), (.unsafe, .unsafe), (.unsafe, .unsafe), (.safe, .safe),
      ]
      let sign = signs[index % 4]
      func response(_ sign: CostSign) -> TokenQuery {
        query(sign == .unsafe ? 9 : nil, prompt: prompt, &random)
      }
      return ScorePair(
        higher: response(sign.higher), lower: response(sign.lower), isOrdered: sign.higher != sign.lower, signs: sign,
        id: "\(index)")
    }
  }
}

private struct ScoredModel: TensorSource {
  let configuration = LlamaConfiguration(
    vocabularySize: 12, hiddenSize: 8, layerCount: 2, headCount: 2, keyValueHeadCount: 1, headSize: 4,
    feedForwardSize: 12, rmsNormEpsilon: 1e-5, ropeBase: 10_000, contextLength: 32, tiedEmbeddings: true)

  func tensor(named name: String, shape: [Int]) throws -> [Float] {
    var stream = SeedTree(9).child(name).generator()
    return (0..<shape.reduce(1, *)).map { _ in Float((shape.count == 1 ? 1 : 0) + 0.4 * stream.normal()) }
  }
}
