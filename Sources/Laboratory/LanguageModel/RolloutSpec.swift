import Basics

/// How a language model's own replies are collected: for methods that learn from them, and for the expected cost that a multiplier
/// follows.
///
///     rollouts: { prompts: ["prompts.jsonl"], maxNewTokens: 48, missingEndPenalty: 1 }
///
/// Replies are drawn at temperature 1 from the whole distribution: a policy gradient needs draws from the policy itself.
public struct RolloutSpec: Specification, Hashable {
  /// Files of prompts; see ``PromptFile``. Empty: the prompts of the training pairs.
  public var prompts: [String] = []
  /// At most so many prompts, drawn by hash; 0 is all.
  public var maxPrompts = 0
  /// Longest reply, tokens.
  public var maxNewTokens = 48
  /// Taken off the reward of a reply that the limit cut off, in units of the normalised reward.
  public var missingEndPenalty = 0.0
  /// Prompts whose replies estimate the expected cost for a method on pairs (`constrained-dpo`, `mocan`, `pecan`).
  public var constraintPrompts = 16
  /// Replies to each of them.
  public var constraintReplies = 2

  enum CodingKeys: String, CodingKey, CaseIterable {
    case prompts, maxPrompts, maxNewTokens, missingEndPenalty, constraintPrompts, constraintReplies
  }

  public init() {}

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }
  public static var defaults: [String: JSONValue] { members(of: Self()) }

  public var complaint: String? {
    if maxPrompts < 0 { return "maxPrompts must not be negative, got \(maxPrompts)" }
    for (name, value) in [
      ("maxNewTokens", maxNewTokens), ("constraintPrompts", constraintPrompts),
      ("constraintReplies", constraintReplies),
    ] where value < 1 {
      return "\(name) must be at least 1, got \(value)"
    }
    if !(missingEndPenalty >= 0 && missingEndPenalty.isFinite) {
      return "missingEndPenalty must not be negative, got \(missingEndPenalty)"
    }
    return nil
  }
}

/// The reward and the cost model that arms are trained with: folders that `train reward` and `train cost` wrote.
public struct ScorersSpec: Specification, Hashable {
  public var reward: String
  public var cost: String

  enum CodingKeys: String, CodingKey, CaseIterable { case reward, cost }

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }
}

/// The reward and the cost model that judge the trained policies' replies, which no arm may be trained with.
///
///     judges: { reward: "reward-judge", cost: "cost-judge", prompts: ["safety_problem.json"], count: 64, maxNewTokens: 64 }
public struct JudgesSpec: Specification, Hashable {
  public var reward: String
  public var cost: String
  /// Files of prompts; empty: the prompts of the evaluation data. Prompts that are trained on are left out.
  public var prompts: [String]
  /// At most so many prompts of each file, drawn by hash; one reply each.
  public var count: Int
  /// Longest reply, tokens.
  public var maxNewTokens: Int

  enum CodingKeys: String, CodingKey, CaseIterable { case reward, cost, prompts, count, maxNewTokens }

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }
  public static var defaults: [String: JSONValue] {
    ["prompts": .array([]), "count": .number(64), "maxNewTokens": .number(48)]
  }

  public var complaint: String? {
    if count < 1 { return "count must be at least 1, got \(count)" }
    return maxNewTokens < 1 ? "maxNewTokens must be at least 1, got \(maxNewTokens)" : nil
  }
}
