import Basics

/// What a learned score means.
public enum ScoreKind: String, NamedChoice {
  /// Higher is more helpful; fixed by pairs only up to a constant.
  case reward
  /// Higher is less safe, and above 0 is unsafe; see ``CostSign``.
  case cost
}

/// Brings scores to a common scale without losing what their zero means.
///
///     reward: (x − mean) / (deviation + 1e-8)          cost: x / (deviation + 1e-8)
///
/// A reward has no zero of its own, so it is centred. A cost's zero divides safe from unsafe and is the threshold of the constraint,
/// so it is only scaled.
/// Source: Dai et al. 2024, arXiv 2310.12773, the authors' `Normalizer`; there statistics are collected during training, here
/// afterwards, from scores of the trained model on its training split.
public struct ScoreNormaliser: Codable, Hashable, Sendable {
  public let kind: ScoreKind
  public let mean: Double
  /// Standard deviation with divisor n; of a cost, around its mean, not around 0.
  public let deviation: Double
  /// How many scores the two come from.
  public let count: Int

  /// - Throws: ``UserError`` (3) for scores that are not finite, or fewer than two different ones.
  public init(_ kind: ScoreKind, scores: [Double]) throws {
    let centre = Basics.mean(scores)
    let spread = scores.map { ($0 - centre) * ($0 - centre) }
    let deviation = Basics.mean(spread).squareRoot()
    guard deviation > 0, deviation.isFinite else {
      throw UserError(
        "the \(kind.rawValue)s cannot be normalised",
        because: scores.isEmpty ? "there are none" : "their standard deviation is \(deviation)",
        advice: "train for more steps, or at another learning rate", exitCode: .numericalFailure)
    }
    (self.kind, mean, self.deviation, count) = (kind, centre, deviation, scores.count)
  }

  public func callAsFunction(_ score: Double) -> Double {
    (kind == .reward ? score - mean : score) / (deviation + 1e-8)
  }
}
