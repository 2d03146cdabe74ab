import Objectives
import Policies

/// Two functions that expect the reward and the cost which are still to come at each token of a response.
///
/// What is coded is all that a checkpoint needs.
public protocol Critics: Codable {
  associatedtype Query

  /// [queries], each [tokens].
  func values(_ queries: [Query]) throws -> [TokenStreams]

  /// One descent step.
  ///
  /// - Parameters:
  ///   - derivatives: ∂L/∂V of each token, [queries], each [tokens].
  ///   - weights: share of each response in the step's loss, [queries].
  mutating func update(_ queries: [Query], derivatives: [TokenStreams], weights: [Double]) throws

  /// Goes on from what a checkpoint kept.
  mutating func restore(_ saved: Self)
}

extension Critics {
  public mutating func restore(_ saved: Self) { self = saved }
}

/// One value a prompt and stream, from 0.
///
///     V_x ← V_x − rate · (mean over the prompt's responses of ∂L/∂V)
///
/// The best such baseline is V_x = E_π[signal | x], which this follows with a memory of about 1/rate steps.
public struct TabularCritics: Critics, Sendable {
  /// [prompts].
  public private(set) var reward: [Double]
  public private(set) var cost: [Double]
  private let rate: Double

  public init(promptCount: Int, rate: Double) {
    reward = [Double](repeating: 0, count: promptCount)
    cost = reward
    self.rate = rate
  }

  public func values(_ queries: [TabularQuery]) -> [TokenStreams] {
    queries.map { TokenStreams(reward: [reward[$0.prompt]], cost: [cost[$0.prompt]]) }
  }

  public mutating func update(_ queries: [TabularQuery], derivatives: [TokenStreams], weights: [Double]) {
    var totals = [(reward: Double, cost: Double, weight: Double)](repeating: (0, 0, 0), count: reward.count)
    for (index, query) in queries.enumerated() {
      let weight = weights[index]
      totals[query.prompt].reward += weight * derivatives[index].reward[0]
      totals[query.prompt].cost += weight * derivatives[index].cost[0]
      totals[query.prompt].weight += weight
    }
    for (prompt, total) in totals.enumerated() where total.weight > 0 {
      reward[prompt] -= rate * total.reward / total.weight
      cost[prompt] -= rate * total.cost / total.weight
    }
  }
}
