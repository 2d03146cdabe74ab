import Objectives
import Policies
import Preferences

/// An oriented pair ready for training: queries, and what does not change while the policy moves.
public struct PreparedPair<Query: Sendable>: Sendable {
  public var chosen: Query
  public var rejected: Query
  /// log π_ref(y_w|x) and log π_ref(y_l|x), nats, summed over response tokens.
  public var referenceChosen: Double
  public var referenceRejected: Double
  public var chosenTokens: Int
  public var rejectedTokens: Int
  public var label: PairLabel
  public var weight: Double

  public init(
    chosen: Query, rejected: Query, referenceChosen: Double, referenceRejected: Double, chosenTokens: Int,
    rejectedTokens: Int, label: PairLabel, weight: Double = 1
  ) {
    self.chosen = chosen
    self.rejected = rejected
    self.referenceChosen = referenceChosen
    self.referenceRejected = referenceRejected
    self.chosenTokens = chosenTokens
    self.rejectedTokens = rejectedTokens
    self.label = label
    self.weight = weight
  }

  /// The pair as an objective sees it, given the policy's two log-probabilities.
  @inlinable public func sample(policyChosen: Double, policyRejected: Double) -> PairSample {
    PairSample(
      policyChosen: policyChosen, policyRejected: policyRejected, referenceChosen: referenceChosen,
      referenceRejected: referenceRejected, chosenTokens: chosenTokens, rejectedTokens: rejectedTokens, label: label)
  }
}

/// Pairs that are drawn together; a step's loss is the sum over streams of the mean over the stream's batch.
///
/// One stream is ordinary training; a safety set and a helpfulness buffer are the two of BFPO's Algorithm 1.
public struct PairStream<Query: Sendable>: Sendable {
  public var name: String
  public var pairs: [PreparedPair<Query>]

  public init(name: String, pairs: [PreparedPair<Query>]) {
    self.name = name
    self.pairs = pairs
  }
}

/// Oriented comparisons as pairs, scored by a reference.
///
/// - Parameters:
///   - oriented: `first` is the chosen response.
///   - reference: log π_ref of the queries [first₀, second₀, first₁, second₁, …], summed over tokens.
///   - tokenCount: response tokens of a query.
public func preparePairs<Query: Sendable>(
  _ oriented: [Comparison<Query>], reference: [Double], tokenCount: (Query) -> Int
) -> [PreparedPair<Query>] {
  precondition(
    reference.count == 2 * oriented.count,
    "\(reference.count) reference log-probabilities for \(oriented.count) pairs")
  return oriented.enumerated().map { index, pair in
    PreparedPair(
      chosen: pair.first, rejected: pair.second, referenceChosen: reference[2 * index],
      referenceRejected: reference[2 * index + 1], chosenTokens: tokenCount(pair.first),
      rejectedTokens: tokenCount(pair.second),
      label: PairLabel(chosenSafe: pair.firstSafe, rejectedSafe: pair.secondSafe), weight: pair.weight)
  }
}
