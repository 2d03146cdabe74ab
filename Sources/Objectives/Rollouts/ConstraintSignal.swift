import Basics

/// For whom a multiplier speaks.
public enum MultiplierScope: String, NamedChoice {
  /// One λ; the budget is for the expectation over prompts and responses.
  case all
  /// A λ for every prompt; the budget holds on each prompt by itself, E_{y∼π(·|x)} c ≤ d: a state-wise constraint.
  ///
  /// It needs prompts that come back, as those of a table do. A language model sees most prompts once, where a λ of its own would
  /// never move.
  case prompt
}

/// What the responses to a prompt are judged with besides their own scores.
public struct ConstraintSignal: Hashable, Sendable {
  /// λ after this step's update, of the prompt where each has its own.
  public var multiplier: Double
  /// J_C > d.
  public var isViolated: Bool
  /// q, where the tail of the costs begins; not read where the constraint is on the mean.
  public var costQuantile: Double
  /// The lowest reward of any response of the run so far.
  public var lowestReward: Double

  public init(multiplier: Double, isViolated: Bool, costQuantile: Double = 0, lowestReward: Double = 0) {
    self.multiplier = multiplier
    self.isViolated = isViolated
    self.costQuantile = costQuantile
    self.lowestReward = lowestReward
  }
}
