import Basics
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
  @inlinable public func sample(policyChosen: Double, policyRejected: Double, multiplier: Double = 0) -> PairSample {
    var label = label
    label.multiplier = multiplier
    return PairSample(
      policyChosen: policyChosen, policyRejected: policyRejected, referenceChosen: referenceChosen,
      referenceRejected: referenceRejected, chosenTokens: chosenTokens, rejectedTokens: rejectedTokens, label: label)
  }
}

/// A response from which a part of its key content was deleted, with how much: a class of the auxiliary head.
public struct GradedQuery<Query: Sendable>: Sendable {
  public var level: Int
  public var query: Query

  public init(level: Int, query: Query) {
    self.level = level
    self.query = query
  }
}

/// The graded responses of one pair; neither list is empty.
public struct GradedPair<Query: Sendable>: Sendable {
  public var chosen: [GradedQuery<Query>]
  public var rejected: [GradedQuery<Query>]

  public init(chosen: [GradedQuery<Query>], rejected: [GradedQuery<Query>]) {
    self.chosen = chosen
    self.rejected = rejected
  }
}

extension PairStream {
  /// The passes of an auxiliary loss on the graded responses of some pairs.
  func gradedWork(_ indices: [Int]) -> TrainingWork {
    let count = indices.reduce(0) { total, index in
      total + (graded[index].map { $0.chosen.count + $0.rejected.count } ?? 0)
    }
    return TrainingWork(forwardPasses: count, backwardPasses: count)
  }
}

/// Pairs that are drawn together; a step's loss is the sum over streams of the mean over the stream's batch.
///
/// One stream is ordinary training; a safety set and a helpfulness buffer are the two of BFPO's Algorithm 1.
public struct PairStream<Query: Sendable>: Sendable {
  public var name: String
  public var pairs: [PreparedPair<Query>]
  /// Graded responses of the pairs that a run draws, by their index; empty without an auxiliary loss.
  public var graded: [Int: GradedPair<Query>]

  public init(name: String, pairs: [PreparedPair<Query>], graded: [Int: GradedPair<Query>] = [:]) {
    self.name = name
    self.pairs = pairs
    self.graded = graded
  }

  /// The queries of some pairs: chosen₀, rejected₀, chosen₁, ….
  @specialized(where Query == TabularQuery)
  @specialized(where Query == TokenQuery)
  func queries(_ indices: ArraySlice<Int>) -> [Query] {
    var queries: [Query] = []
    queries.reserveCapacity(2 * indices.count)
    for index in indices {
      queries.append(pairs[index].chosen)
      queries.append(pairs[index].rejected)
    }
    return queries
  }

  /// Some pairs as an objective sees them.
  ///
  /// - Parameter scores: log π of ``queries(_:)`` of the same pairs.
  @specialized(where Query == TabularQuery)
  @specialized(where Query == TokenQuery)
  func samples(_ indices: ArraySlice<Int>, scores: [Double], multiplier: Double = 0) -> [PairSample] {
    indices.enumerated().map { offset, index in
      pairs[index].sample(
        policyChosen: scores[2 * offset], policyRejected: scores[2 * offset + 1], multiplier: multiplier)
    }
  }
}

/// Oriented comparisons as pairs, scored by a reference.
///
/// - Parameters:
///   - oriented: `first` is the chosen response.
///   - reference: log π_ref of the queries [first₀, second₀, first₁, second₁, …], summed over tokens.
///   - scores: rewards and costs of the same queries; empty when there are none.
///   - tokenCount: response tokens of a query.
public func preparePairs<Query: Sendable>(
  _ oriented: [Comparison<Query>], reference: [Double], scores: [ResponseScores] = [], tokenCount: (Query) -> Int
) -> [PreparedPair<Query>] {
  precondition(
    scores.isEmpty || scores.count == 2 * oriented.count, "\(scores.count) scores for \(oriented.count) pairs")
  precondition(
    reference.count == 2 * oriented.count,
    "\(reference.count) reference log-probabilities for \(oriented.count) pairs")
  return oriented.enumerated().map { index, pair in
    PreparedPair(
      chosen: pair.first, rejected: pair.second, referenceChosen: reference[2 * index],
      referenceRejected: reference[2 * index + 1], chosenTokens: tokenCount(pair.first),
      rejectedTokens: tokenCount(pair.second),
      label: PairLabel(
        chosenSafe: pair.firstSafe, rejectedSafe: pair.secondSafe,
        chosenScores: scores.isEmpty ? nil : scores[2 * index],
        rejectedScores: scores.isEmpty ? nil : scores[2 * index + 1]), weight: pair.weight)
  }
}
