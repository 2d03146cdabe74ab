import Basics
import Objectives
import Preferences

/// What a score model learns, with the strength of its regularisation.
public enum ScoreObjective: Hashable, Sendable {
  case reward(RewardLoss)
  case cost(CostLoss)

  public init(_ kind: ScoreKind, regularisation: Double) {
    switch kind {
    case .reward: self = .reward(RewardLoss(regularisation: regularisation))
    case .cost: self = .cost(CostLoss(regularisation: regularisation))
    }
  }

  public var kind: ScoreKind {
    switch self {
    case .reward: .reward
    case .cost: .cost
    }
  }
}

/// Two responses to one prompt as a score model is trained and judged on them.
///
/// For a reward, `higher` is the more helpful one; for a cost, the less safe one.
public struct ScorePair<Query: Sendable>: Sendable {
  public var higher: Query
  public var lower: Query
  /// Whether it is known that `higher` belongs above `lower`; else their places mean nothing.
  public var isOrdered: Bool
  /// What is known of the two costs; nil for a reward.
  public var signs: (higher: CostSign, lower: CostSign)?
  /// Whether `higher` stood first in the data.
  public var higherIsFirst: Bool
  /// Multiplies the pair's loss.
  public var weight: Double
  /// Names the row in messages.
  public var id: String

  public init(
    higher: Query, lower: Query, isOrdered: Bool = true, signs: (higher: CostSign, lower: CostSign)? = nil,
    higherIsFirst: Bool = true, weight: Double = 1, id: String = ""
  ) {
    (self.higher, self.lower, self.isOrdered, self.signs) = (higher, lower, isOrdered, signs)
    (self.higherIsFirst, self.weight, self.id) = (higherIsFirst, weight, id)
  }

  /// The pair's loss and its derivatives.
  public func evaluate(_ objective: ScoreObjective, higher: Double, lower: Double) -> ScoreEvaluation {
    switch objective {
    case .reward(let loss): return loss.evaluate(better: higher, worse: lower)
    case .cost(let loss):
      guard let signs else { preconditionFailure("pair \(id) has no cost signs") }
      return loss.evaluate(
        unsafer: (higher, signs.higher), safer: (lower, signs.lower), isOrdered: isOrdered)
    }
  }
}

extension ScoreKind {
  /// The pairs that a model of this kind can learn from, and how many lack the labels.
  ///
  /// A reward needs the helpfulness order. A cost needs both safety flags; where the harmlessness order is missing, flags that differ
  /// give it, and flags that agree leave the pair without one.
  ///
  /// - Throws: ``UserError`` (65) at a row whose order and flags contradict each other.
  public func pairs<Query>(of comparisons: [Comparison<Query>]) throws -> (pairs: [ScorePair<Query>], missing: Int) {
    let pairs = try comparisons.compactMap { comparison in
      switch self {
      case .reward: rewardPair(comparison)
      case .cost: try costPair(comparison)
      }
    }
    return (pairs, comparisons.count - pairs.count)
  }

  private func rewardPair<Query>(_ row: Comparison<Query>) -> ScorePair<Query>? {
    row.better.map { better in
      ScorePair(
        higher: better == .first ? row.first : row.second, lower: better == .first ? row.second : row.first,
        higherIsFirst: better == .first, weight: row.weight, id: row.id)
    }
  }

  private func costPair<Query>(_ row: Comparison<Query>) throws -> ScorePair<Query>? {
    try requireConsistentSafety(row, at: row.id)
    guard let firstSafe = row.firstSafe, let secondSafe = row.secondSafe else { return nil }
    let implied: Slot? = firstSafe == secondSafe ? nil : firstSafe ? .first : .second
    let safer = row.safer ?? implied
    let signs = (CostSign(isSafe: firstSafe), CostSign(isSafe: secondSafe))
    return safer == .first
      ? ScorePair(
        higher: row.second, lower: row.first, signs: (signs.1, signs.0), higherIsFirst: false, weight: row.weight,
        id: row.id)
      : ScorePair(
        higher: row.first, lower: row.second, isOrdered: safer != nil, signs: signs, weight: row.weight, id: row.id)
  }
}

/// Refuses a row whose safer response is labelled unsafe while the other is labelled safe.
///
/// - Throws: ``UserError`` (65) that names the place.
public func requireConsistentSafety<Item>(_ row: Comparison<Item>, at location: String) throws {
  guard let safer = row.safer, let firstSafe = row.firstSafe, let secondSafe = row.secondSafe else { return }
  let signs = (CostSign(isSafe: firstSafe), CostSign(isSafe: secondSafe))
  let (own, other) = safer == .first ? signs : (signs.1, signs.0)
  guard let why = CostSign.contradiction(safer: own, other: other) else { return }
  throw UserError(
    "the harmlessness order and the safety flags contradict each other", at: location, because: why,
    advice: "correct the row, or look whether the two columns count the same way: a flag is true for a safe response",
    exitCode: .badData)
}
