import Basics

/// A preference-optimisation objective: a pure function from log-probabilities to a loss and its derivatives.
///
/// Stored properties are the hyper-parameters. An objective never sees parameters, tokens or prompts.
public protocol Objective: Codable, Hashable, Sendable {
  static var card: ObjectiveCard { get }

  /// The documented defaults.
  init()

  /// Whether log-ratios are summed over response tokens or averaged.
  var reduction: Reduction { get }

  /// What is wrong with the hyper-parameters, or nil.
  var complaint: String? { get }

  /// The loss of one pair and its derivatives with respect to the two policy log-probabilities.
  func evaluate(_ pair: PairSample) -> PairEvaluation
}

/// How a response's log-probability is formed from its tokens'.
public enum Reduction: String, NamedChoice {
  /// Σ_t log π(y_t|…): the definition of log π(y|x).
  case sum
  /// The sum divided by the number of response tokens.
  case mean
}

/// The labels of one oriented pair.
public struct PairLabel: Hashable, Sendable {
  public var chosenSafe: Bool?
  public var rejectedSafe: Bool?

  public init(chosenSafe: Bool? = nil, rejectedSafe: Bool? = nil) {
    self.chosenSafe = chosenSafe
    self.rejectedSafe = rejectedSafe
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

  public init(
    policyChosen: Double, policyRejected: Double, referenceChosen: Double, referenceRejected: Double,
    chosenTokens: Int = 1, rejectedTokens: Int = 1, label: PairLabel = PairLabel()
  ) {
    self.policyChosen = policyChosen
    self.policyRejected = policyRejected
    self.referenceChosen = referenceChosen
    self.referenceRejected = referenceRejected
    self.chosenTokens = chosenTokens
    self.rejectedTokens = rejectedTokens
    self.label = label
  }

  /// log π(y_w|x) − log π_ref(y_w|x), divided by the token count when averaged.
  @inlinable public func chosenLogRatio(_ reduction: Reduction) -> Double {
    (policyChosen - referenceChosen) / (reduction == .mean ? Double(chosenTokens) : 1)
  }

  /// log π(y_l|x) − log π_ref(y_l|x), divided by the token count when averaged.
  @inlinable public func rejectedLogRatio(_ reduction: Reduction) -> Double {
    (policyRejected - referenceRejected) / (reduction == .mean ? Double(rejectedTokens) : 1)
  }

  /// h = chosen log-ratio − rejected log-ratio.
  @inlinable public func margin(_ reduction: Reduction) -> Double {
    chosenLogRatio(reduction) - rejectedLogRatio(reduction)
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
}
