/// The labels of one oriented pair.
public struct PairLabel: Hashable, Sendable {
  public var chosenSafe: Bool?
  public var rejectedSafe: Bool?
  public var chosenScores: ResponseScores?
  public var rejectedScores: ResponseScores?
  /// λ ≥ 0 of the objective's cost constraint at this step; 0 for an objective without one.
  public var multiplier = 0.0

  public init(
    chosenSafe: Bool? = nil, rejectedSafe: Bool? = nil, chosenScores: ResponseScores? = nil,
    rejectedScores: ResponseScores? = nil, multiplier: Double = 0
  ) {
    self.chosenSafe = chosenSafe
    self.rejectedSafe = rejectedSafe
    self.chosenScores = chosenScores
    self.rejectedScores = rejectedScores
    self.multiplier = multiplier
  }
}

/// What a reward and a cost function say of one response.
public struct ResponseScores: Codable, Hashable, Sendable {
  /// r(x, y): more is more helpful.
  public var reward: Double
  /// c(x, y): more is more harmful, and above 0 means unsafe.
  public var cost: Double

  public init(reward: Double, cost: Double) {
    self.reward = reward
    self.cost = cost
  }

  /// r − λc.
  @inlinable public func lagrangian(_ multiplier: Double) -> Double { reward - multiplier * cost }
}

/// Means over the batch a pair stands in, constants for the derivative.
public struct BatchMeans: Hashable, Sendable {
  /// Mean log-ratio of the chosen responses, by the objective's ``Objective/reduction``.
  public var chosenLogRatio: Double
  public var rejectedLogRatio: Double

  @inlinable public init(chosenLogRatio: Double, rejectedLogRatio: Double) {
    self.chosenLogRatio = chosenLogRatio
    self.rejectedLogRatio = rejectedLogRatio
  }

  /// The means of a batch of at least one pair.
  public init(_ pairs: [PairSample], reduction: Reduction) {
    precondition(!pairs.isEmpty, "a batch needs at least one pair")
    let share = 1 / Double(pairs.count)
    chosenLogRatio = pairs.reduce(0) { $0 + $1.chosenLogRatio(reduction) * share }
    rejectedLogRatio = pairs.reduce(0) { $0 + $1.rejectedLogRatio(reduction) * share }
  }
}

/// A scored pair: log-probabilities are in nats, summed over response tokens.
public struct PairSample: Hashable, Sendable {
  public var policyChosen: Double
  public var policyRejected: Double
  public var referenceChosen: Double
  public var referenceRejected: Double
  public var chosenTokens: Int
  public var rejectedTokens: Int
  public var label: PairLabel
  /// Nil stands for a batch of this pair alone; only objectives that use batch means look at it.
  public var batch: BatchMeans?

  public init(
    policyChosen: Double, policyRejected: Double, referenceChosen: Double, referenceRejected: Double,
    chosenTokens: Int = 1, rejectedTokens: Int = 1, label: PairLabel = PairLabel(), batch: BatchMeans? = nil
  ) {
    self.policyChosen = policyChosen
    self.policyRejected = policyRejected
    self.referenceChosen = referenceChosen
    self.referenceRejected = referenceRejected
    self.chosenTokens = chosenTokens
    self.rejectedTokens = rejectedTokens
    self.label = label
    self.batch = batch
  }

  /// log π(y_w|x) − log π_ref(y_w|x), divided by the token count when averaged.
  @inlinable public func chosenLogRatio(_ reduction: Reduction) -> Double {
    (policyChosen - referenceChosen).reduced(reduction, tokens: chosenTokens)
  }

  /// log π(y_l|x) − log π_ref(y_l|x), divided by the token count when averaged.
  @inlinable public func rejectedLogRatio(_ reduction: Reduction) -> Double {
    (policyRejected - referenceRejected).reduced(reduction, tokens: rejectedTokens)
  }

  /// log π of the chosen response, divided by the token count when averaged: what reference-free objectives see.
  @inlinable public func chosenLogProbability(_ reduction: Reduction) -> Double {
    policyChosen.reduced(reduction, tokens: chosenTokens)
  }

  /// log π of the rejected response, divided by the token count when averaged.
  @inlinable public func rejectedLogProbability(_ reduction: Reduction) -> Double {
    policyRejected.reduced(reduction, tokens: rejectedTokens)
  }

  /// log π(y_w|x) − log π(y_l|x), each divided by its token count when averaged: the margin without a reference.
  @inlinable public func logProbabilityDifference(_ reduction: Reduction) -> Double {
    chosenLogProbability(reduction) - rejectedLogProbability(reduction)
  }

  /// A loss whose derivatives are by the *reduced* log-probabilities (or log-ratios), by the chain rule: the derivative of a mean
  /// over tokens by the sum is 1/tokens.
  @inlinable public func evaluation(
    loss: Double, dChosen: Double, dRejected: Double, _ reduction: Reduction
  ) -> PairEvaluation {
    if reduction == .sum { return PairEvaluation(loss: loss, dChosen: dChosen, dRejected: dRejected) }
    return PairEvaluation(
      loss: loss, dChosen: dChosen / Double(chosenTokens), dRejected: dRejected / Double(rejectedTokens))
  }

  /// h = chosen log-ratio − rejected log-ratio.
  @inlinable public func margin(_ reduction: Reduction) -> Double {
    margin(chosen: policyChosen, rejected: policyRejected, reduction)
  }

  /// The margin that these scores of the policy would have.
  @inlinable func margin(chosen: Double, rejected: Double, _ reduction: Reduction) -> Double {
    (chosen - referenceChosen).reduced(reduction, tokens: chosenTokens)
      - (rejected - referenceRejected).reduced(reduction, tokens: rejectedTokens)
  }
}

/// A loss with its derivatives by the summed policy log-probabilities log π(y_w|x) and log π(y_l|x).
public struct PairEvaluation: Hashable, Sendable {
  public var loss: Double
  public var dChosen: Double
  public var dRejected: Double

  @inlinable public init(loss: Double, dChosen: Double, dRejected: Double) {
    self.loss = loss
    self.dChosen = dChosen
    self.dRejected = dRejected
  }

  /// No loss, no pull: a pair that the objective leaves out.
  public static let none = PairEvaluation(loss: 0, dChosen: 0, dRejected: 0)
}

extension Double {
  /// A sum over tokens, or their mean.
  @inlinable func reduced(_ reduction: Reduction, tokens: Int) -> Double {
    reduction == .mean ? self / Double(tokens) : self
  }
}
