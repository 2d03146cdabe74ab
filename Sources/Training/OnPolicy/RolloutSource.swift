import Basics
import Objectives
import Policies

/// Where a run on the policy's own responses gets them, and what is known of them. A struct of functions, as ``Multiplier`` is.
public struct RolloutSource<P: Policy & ~Copyable> {
  /// The responses of one step: a pure function of the policy and the seed.
  public var draw: (borrowing P, RolloutCollection, SeedTree) throws -> [RolloutGroup<P.Query>]
  /// log π_ref of each response token, nats, [queries][tokens].
  public var reference: ([P.Query]) throws -> [[Double]]
  /// [queries].
  public var scores: ([P.Query]) throws -> [ResponseScores]
  /// The texts of a step's language-modelling (ptx) term; nil where there are none, as on a table.
  public var pretraining: ((Int) -> [P.Query])?
  /// The costs of every prompt's responses with the policy's probabilities, where they are known exactly; only watched, λ never
  /// sees them.
  public var exactCosts: ((borrowing P) -> [CostDistribution])?
  /// How many prompts there are, where they come back and have numbers.
  public var promptCount: Int?

  public init(
    draw: @escaping (borrowing P, RolloutCollection, SeedTree) throws -> [RolloutGroup<P.Query>],
    reference: @escaping ([P.Query]) throws -> [[Double]],
    scores: @escaping ([P.Query]) throws -> [ResponseScores], pretraining: ((Int) -> [P.Query])? = nil,
    exactCosts: ((borrowing P) -> [CostDistribution])? = nil, promptCount: Int? = nil
  ) {
    self.draw = draw
    self.reference = reference
    self.scores = scores
    self.pretraining = pretraining
    self.exactCosts = exactCosts
    self.promptCount = promptCount
  }
}

/// Responses to one prompt.
public struct RolloutGroup<Query: Sendable>: Sendable {
  public var queries: [Query]
  /// Share of each response in the step's loss, [queries]; all groups together sum to one.
  public var weights: [Double]
  /// Whether these are all responses of a table, weighted by their probabilities.
  public var isExact: Bool
  /// The number of the prompt, where prompts come back.
  public var prompt: Int?

  public init(queries: [Query], weights: [Double], isExact: Bool = false, prompt: Int? = nil) {
    precondition(queries.count == weights.count, "\(weights.count) weights for \(queries.count) responses")
    self.queries = queries
    self.weights = weights
    self.isExact = isExact
    self.prompt = prompt
  }
}

/// Responses that a table writes: prompts uniform with replacement, responses from the policy; or all of them, weighted by
/// p(x) π(y|x), when `collection.samples` is 0.
public func tabularRollouts(
  _ policy: borrowing TabularPolicy, _ collection: RolloutCollection, _ seed: SeedTree
) -> [RolloutGroup<TabularQuery>] {
  let (prompts, responses) = (policy.promptCount, policy.responseCount)
  if collection.samples == 0 {
    return (0..<prompts).map { prompt in
      let probabilities = policy.logProbabilities(prompt: prompt).map(exponential)
      return RolloutGroup(
        queries: (0..<responses).map { TabularQuery(prompt: prompt, response: $0) },
        weights: probabilities.map { $0 / Double(prompts) }, isExact: true, prompt: prompt)
    }
  }
  var random = seed.generator()
  var known = [[Double]](repeating: [], count: prompts)
  let size = collection.groupSize
  let weights = [Double](repeating: 1 / Double(collection.samples), count: size)
  return (0..<(collection.samples / size)).map { _ in
    let prompt = random.below(prompts)
    if known[prompt].isEmpty { known[prompt] = policy.logProbabilities(prompt: prompt).map(exponential) }
    let queries = (0..<size).map { _ in
      TabularQuery(prompt: prompt, response: random.index(withProbabilities: known[prompt]))
    }
    return RolloutGroup(queries: queries, weights: weights, prompt: prompt)
  }
}

extension RolloutSource where P == TabularPolicy {
  /// Responses of a table with known rewards and costs.
  ///
  /// - Parameters:
  ///   - reference: log π_ref, [prompts][responses].
  ///   - scores: what training sees, [prompts][responses].
  ///   - costs: the true costs that the violation is watched by, [prompts][responses]; those of `scores` when nil.
  public static func table(
    reference: [[Double]], scores: [[ResponseScores]], costs: [[Double]]? = nil
  ) -> RolloutSource {
    let costs = costs ?? scores.map { $0.map(\.cost) }
    return
      RolloutSource(
        draw: { policy, collection, seed in tabularRollouts(policy, collection, seed) },
        reference: { queries in queries.map { [reference[$0.prompt][$0.response]] } },
        scores: { queries in queries.map { scores[$0.prompt][$0.response] } },
        exactCosts: { policy in
          costs.indices.map { prompt in
            CostDistribution(
              costs: costs[prompt], probabilities: policy.logProbabilities(prompt: prompt).map(exponential))
          }
        }, promptCount: scores.count)
  }
}
