import Basics

/// An objective that learns from responses which the policy itself writes, scored by a reward and a cost.
///
/// Like ``Objective`` it is a pure function from log-probabilities to losses and their derivatives; it never sees parameters, tokens
/// or prompts. Everything is token by token; a response of a table has one token.
public protocol RolloutObjective: TrainingMethod {
  /// How many responses a step draws, and how often it uses them.
  var collection: RolloutCollection { get }

  /// How λ follows the expected cost, if it does.
  var multiplierLaw: MultiplierLaw { get }

  /// Costs of how many responses J_C looks at.
  var window: Int { get }

  /// What J_C is of those costs.
  var costRisk: RiskMeasure { get }

  /// Whether there is one λ, or one a prompt with a window of its own.
  var lambdaScope: MultiplierScope { get }

  /// Weight of the language-modelling (ptx) term: −ptxCoefficient · mean log π over the tokens of given texts.
  var ptxCoefficient: Double { get }

  /// The advantages and returns of the responses to one prompt.
  ///
  /// - Parameter signal: λ and what else is known of the constraint after this step's update.
  func targets(_ group: [ScoredRollout], under signal: ConstraintSignal) -> [RolloutTarget]

  /// The loss of one token of a response, with its derivative by log π.
  func actorLoss(logProbability: Double, old: Double, advantage: Double) -> ClippedLoss

  /// The loss of one value of a critic, with its derivative by the value.
  func criticLoss(value: Double, old: Double, target: Double) -> ClippedLoss
}

/// How responses are collected.
public struct RolloutCollection: Hashable, Sendable {
  /// Responses drawn per step; 0 stands for every response of a table with its probability, which makes every number exact.
  public var samples: Int
  /// Responses to the same prompt.
  public var groupSize: Int
  /// Optimiser steps on the same responses.
  public var innerEpochs: Int
  /// Whether critics are learned.
  public var usesCritics: Bool
  /// The share of its error that a critic's step takes away.
  public var criticRate: Double
}

/// A response of the policy with everything an objective needs to judge it.
public struct ScoredRollout: Hashable, Sendable {
  /// log π_old(y_t|…), nats, [tokens].
  public var logProbabilities: [Double]
  /// log π_ref(y_t|…), nats, [tokens].
  public var reference: [Double]
  public var scores: ResponseScores
  /// What the two critics expect at each token; nil without critics.
  public var values: TokenStreams?
  /// Share of the step's loss: 1/samples, or p(x) π_old(y|x) when the expectation is exact.
  public var weight: Double
  /// Whether the group is every response of the table.
  public var isExact: Bool

  public init(
    logProbabilities: [Double], reference: [Double], scores: ResponseScores, values: TokenStreams? = nil,
    weight: Double, isExact: Bool = false
  ) {
    precondition(
      logProbabilities.count == reference.count && values.map { $0.reward.count == reference.count } != false,
      "\(logProbabilities.count) log-probabilities and \(reference.count) of the reference")
    self.logProbabilities = logProbabilities
    self.reference = reference
    self.scores = scores
    self.values = values
    self.weight = weight
    self.isExact = isExact
  }

  /// ℓ_t, nats, [tokens].
  public var logRatios: [Double] { zip(logProbabilities, reference).map { $0 - $1 } }
}

/// What a response teaches.
public struct RolloutTarget: Hashable, Sendable {
  /// The combined advantage of each token.
  public var advantages: [Double]
  /// What the critics should have expected at each token; nil without critics.
  public var returns: TokenStreams?

  public init(advantages: [Double], returns: TokenStreams?) {
    self.advantages = advantages
    self.returns = returns
  }
}
