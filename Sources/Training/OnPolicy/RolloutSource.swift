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
  /// E_{x, y∼π} c where it can be computed exactly; only watched, λ never sees it.
  public var exactCost: ((borrowing P) -> Double)?

  public init(
    draw: @escaping (borrowing P, RolloutCollection, SeedTree) throws -> [RolloutGroup<P.Query>],
    reference: @escaping ([P.Query]) throws -> [[Double]],
    scores: @escaping ([P.Query]) throws -> [ResponseScores], exactCost: ((borrowing P) -> Double)? = nil
  ) {
    self.draw = draw
    self.reference = reference
    self.scores = scores
    self.exactCost = exactCost
  }
}

/// Responses to one prompt.
public struct RolloutGroup<Query: Sendable>: Sendable {
  public var queries: [Query]
  /// Share of each response in the step's loss, [queries]; all groups together sum to one.
  public var weights: [Double]
  /// Whether these are all responses of a table, weighted by their probabilities.
  public var isExact: Bool

  public init(queries: [Query], weights: [Double], isExact: Bool = false) {
    precondition(queries.count == weights.count, "\(weights.count) weights for \(queries.count) responses")
    self.queries = queries
    self.weights = weights
    self.isExact = isExact
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
        weights: probabilities.map { $0 / Double(prompts) }, isExact: true)
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
    return RolloutGroup(queries: queries, weights: weights)
  }
}

extension RolloutSource where P == TabularPolicy {
  /// Responses of a table with known rewards and costs.
  ///
  /// - Parameters:
  ///   - reference: log π_ref, [prompts][responses].
  ///   - scores: [prompts][responses].
  public static func table(reference: [[Double]], scores: [[ResponseScores]]) -> RolloutSource {
    RolloutSource(
      draw: { policy, collection, seed in tabularRollouts(policy, collection, seed) },
      reference: { queries in queries.map { [reference[$0.prompt][$0.response]] } },
      scores: { queries in queries.map { scores[$0.prompt][$0.response] } },
      exactCost: { policy in
        scores.indices.reduce(0) { total, prompt in
          total
            + zip(policy.logProbabilities(prompt: prompt), scores[prompt]).reduce(0) {
              $0 + exponential($1.0) * $1.1.cost
            }
        } / Double(scores.count)
      })
  }
}
