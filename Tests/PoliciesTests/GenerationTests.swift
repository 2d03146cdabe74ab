import Basics
import Foundation
import Policies
import Testing

@Suite("Generation")
struct GenerationTests {
  static func model() throws -> LlamaPolicy<Double> { try LlamaPolicy(loading: RandomModel.small(tied: true)) }

  @Test(arguments: [0.0, 0.8])
  func `log-probabilities of drawn tokens are those of scoring, whatever the temperature`(temperature: Double) throws {
    let policy = try Self.model()
    let prompts = [[5, 17, 3], tokens(20, seed: SeedTree(4)), [9]]
    let options = SamplingOptions(temperature: temperature, topP: 0.9, maxNewTokens: 12)
    let drawn = policy.generate(prompts: prompts, options: options, seed: SeedTree(1))
    let queries = zip(prompts, drawn).map { TokenQuery(prompt: $0, response: $1.tokens) }
    for (generation, scored) in zip(drawn, policy.tokenLogProbabilities(queries)) {
      #expect(generation.tokens.count == 12 && generation.end == .length)
      #expect(zip(generation.logProbabilities, scored).allSatisfy { abs($0 - $1) < 1e-10 })
    }
  }

  @Test func `greedy tokens are the most likely continuation at every place`() throws {
    let policy = try Self.model()
    let prompt: [Int32] = [11, 2, 40]
    let greedy = policy.generate(prompt: prompt, options: SamplingOptions(maxNewTokens: 8), seed: SeedTree(0))
    for place in greedy.tokens.indices {
      let context = prompt + greedy.tokens[..<place]
      let scores = policy.score((0..<61).map { TokenQuery(prompt: context, response: [$0]) })
      #expect(scores.firstIndex(of: scores.max()!) == Int(greedy.tokens[place]))
    }
  }

  @Test func `sequences drawn with others, more of them than run at once, are those drawn alone`() throws {
    let policy = try Self.model()
    let prompts = (0..<40).map { tokens(1 + $0 % 7, seed: SeedTree($0)) }
    let options = SamplingOptions(maxNewTokens: 10, stopTokens: [3, 17, 30, 44, 58])
    let together = policy.generate(prompts: prompts, options: options, seed: SeedTree(0))
    for (prompt, drawn) in zip(prompts, together) {
      #expect(policy.generate(prompt: prompt, options: options, seed: SeedTree(0)).tokens == drawn.tokens)
    }
    #expect(Set(together.map(\.tokens.count)).count > 3 && Set(together.map(\.end)) == [.stopToken, .length])
  }

  @Test func `the number of workers changes no draw`() throws {
    var single = try LlamaPolicy<Float>(loading: RandomModel.small(tied: false, vocabulary: 3000))
    var several = single.clone()
    single.workers = 1
    several.workers = 3
    let prompts = [tokens(9, seed: SeedTree(2)), tokens(4, seed: SeedTree(3))]
    let options = SamplingOptions(temperature: 1, topP: 0.95, maxNewTokens: 15)
    let first = single.generate(prompts: prompts, options: options, seed: SeedTree(5))
    #expect(first == several.generate(prompts: prompts, options: options, seed: SeedTree(5)))
    #expect(first != several.generate(prompts: prompts, options: options, seed: SeedTree(6)))
  }

  @Test func `a stop token ends a response and is part of it`() throws {
    let policy = try Self.model()
    let prompt: [Int32] = [11, 2, 40]
    let free = policy.generate(prompt: prompt, options: SamplingOptions(maxNewTokens: 8), seed: SeedTree(0))
    let stop = free.tokens[3]
    let options = SamplingOptions(maxNewTokens: 8, stopTokens: [stop])
    let stopped = policy.generate(prompt: prompt, options: options, seed: SeedTree(0))
    #expect(stopped.tokens == Array(free.tokens[...free.tokens.firstIndex(of: stop)!]))
    #expect(stopped.end == .stopToken)
  }

  @Test func `a full context ends a response`() throws {
    let policy = try Self.model()
    let prompt = tokens(155, seed: SeedTree(8))
    let drawn = policy.generate(prompt: prompt, options: SamplingOptions(maxNewTokens: 50), seed: SeedTree(0))
    #expect(drawn.end == .context)
    #expect(drawn.tokens.count == 6)
    #expect(policy.tokenLogProbabilities([TokenQuery(prompt: prompt, response: drawn.tokens)])[0].count == 6)
  }

  /// Frequencies of 4,000 first tokens drawn after one prompt.
  func frequencies(_ options: SamplingOptions, prompt: [Int32]) throws -> [Double] {
    let policy = try Self.model()
    let draws = policy.generate(
      prompts: [[Int32]](repeating: prompt, count: 4000), options: options, seed: SeedTree(21))
    var counts = [Double](repeating: 0, count: 61)
    for draw in draws { counts[Int(draw.tokens[0])] += 1 / Double(draws.count) }
    return counts
  }

  @Test(arguments: [(1.0, 1.0), (0.5, 1.0), (2.0, 1.0), (1.0, 0.6), (1.5, 0.3)])
  func `draws follow temperature and top-p`(temperature: Double, topP: Double) throws {
    let policy = try Self.model()
    let prompt: [Int32] = [7, 19]
    let logProbabilities = policy.score((0..<61).map { TokenQuery(prompt: prompt, response: [$0]) })
    var expected = softmax(logProbabilities.map { $0 / temperature })
    let order = expected.indices.sorted { expected[$0] > expected[$1] }
    var mass = 0.0
    for token in order {
      if mass >= topP { expected[token] = 0 }
      mass += expected[token]
    }
    let total = expected.reduce(0, +)
    expected = expected.map { $0 / total }
    let options = SamplingOptions(temperature: temperature, topP: topP, maxNewTokens: 1)
    let drawn = try frequencies(options, prompt: prompt)
    for (token, probability) in expected.enumerated() where probability == 0 { #expect(drawn[token] == 0) }
    // Pearson's statistic over the tokens expected at least five times; mean and variance are those of its distribution.
    let common = expected.indices.filter { expected[$0] * 4000 >= 5 }
    let statistic = common.reduce(0) {
      $0 + 4000 * (drawn[$1] - expected[$1]) * (drawn[$1] - expected[$1]) / expected[$1]
    }
    let degrees = Double(common.count)
    #expect(statistic < degrees + 4.5 * (2 * degrees).squareRoot())
    let rest = 1 - common.reduce(0) { $0 + expected[$1] }
    #expect(abs(common.reduce(1) { $0 - drawn[$1] } - rest) < 4.5 * (max(rest, 1e-3) / 4000).squareRoot())
  }
}
