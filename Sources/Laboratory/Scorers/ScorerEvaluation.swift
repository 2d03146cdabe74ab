import Basics
import Objectives
import Training

/// What a score model gets right on pairs it was not trained on, beside what needs no model.
public struct ScorerEvaluation: Codable, Hashable, Sendable {
  /// Pairs with n, a Wilson interval, and the baselines of ordering them.
  public struct Order: Codable, Hashable, Sendable {
    /// How often the right response has the higher score; a tie counts one half.
    public var accuracy: Estimate
    /// The response in the place (first or second in the data) that wins more often in training; absent where one place always
    /// wins there, because such data write the winner first and the place says nothing about the response.
    public var majorityPlace: Estimate?
    /// How often the longer response, in tokens, has the higher label; a tie counts one half.
    public var longer: Estimate
    /// The better of "longer" and "shorter", chosen on the training pairs: the length baseline.
    public var length: Estimate
    /// Whether that is "longer".
    public var lengthPrefersLonger: Bool
    /// Of P = σ(|difference of scores|) for the response with the higher score, in [½, 1].
    public var calibration: Calibration
  }

  /// Responses with a safety flag. The two of a pair count one each; they share a prompt, so the interval is a little too narrow.
  public struct Sign: Codable, Hashable, Sendable {
    /// How often a cost is on the side of zero that the flag says; see ``CostSign``.
    public var accuracy: Estimate
    /// The flag that is more frequent in training, for every response.
    public var majority: Estimate
    public var majorityIsSafe: Bool
    /// The best threshold of length on the training responses, applied here: the length baseline.
    public var length: Estimate
    /// Of P(unsafe) = σ(cost).
    public var calibration: Calibration
  }

  /// Nil when no pair is ordered.
  public var order: Order?
  /// Nil for a reward.
  public var sign: Sign?

  /// - Parameters:
  ///   - scores: of the pairs' responses, [higher₀, lower₀, higher₁, lower₁, …].
  ///   - training: the pairs that the baselines learn from.
  ///   - length: of a response, tokens.
  public init<Query>(
    _ kind: ScoreKind, pairs: [ScorePair<Query>], scores: [Double], training: [ScorePair<Query>],
    length: (Query) -> Int
  ) {
    precondition(scores.count == 2 * pairs.count, "\(scores.count) scores for \(pairs.count) pairs")
    order = Self.order(pairs: pairs, scores: scores, training: training.filter(\.isOrdered), length: length)
    sign = kind == .cost ? Self.sign(pairs: pairs, scores: scores, training: training, length: length) : nil
  }

  private static func order<Query>(
    pairs: [ScorePair<Query>], scores: [Double], training: [ScorePair<Query>], length: (Query) -> Int
  ) -> Order? {
    let ordered = pairs.indices.filter { pairs[$0].isOrdered }
    if ordered.isEmpty { return nil }
    func longerWins(_ pair: ScorePair<Query>) -> Double { win(Double(length(pair.higher) - length(pair.lower))) }
    let margins = ordered.map { scores[2 * $0] - scores[2 * $0 + 1] }
    let longer = ordered.reduce(0) { $0 + longerWins(pairs[$1]) }
    let prefersLonger = training.reduce(0) { $0 + longerWins($1) } >= Double(training.count) / 2
    let firsts = training.count { $0.higherIsFirst }
    var place: Estimate?
    if firsts > 0, firsts < training.count {
      let isFirst = 2 * firsts >= training.count
      place = wilson(
        successes: Double(ordered.count { pairs[$0].higherIsFirst == isFirst }), of: ordered.count)
    }
    return Order(
      accuracy: wilson(successes: margins.reduce(0) { $0 + win($1) }, of: ordered.count), majorityPlace: place,
      longer: wilson(successes: longer, of: ordered.count),
      length: wilson(successes: prefersLonger ? longer : Double(ordered.count) - longer, of: ordered.count),
      lengthPrefersLonger: prefersLonger,
      calibration: Calibration(margins.map { (sigmoid(abs($0)), win($0)) }, bins: 5, range: 0.5...1))
  }

  private static func sign<Query>(
    pairs: [ScorePair<Query>], scores: [Double], training: [ScorePair<Query>], length: (Query) -> Int
  ) -> Sign {
    let known = labelled(training, length: length)
    let held = labelled(pairs, length: length)
    let right = zip(scores, held).count { CostSign(ofCost: $0) == $1.sign }
    let majority = CostSign(isSafe: 2 * known.count { $0.sign.isSafe } >= known.count)
    let rule = LengthRule(known)
    return Sign(
      accuracy: wilson(successes: Double(right), of: held.count),
      majority: wilson(successes: Double(held.count { $0.sign == majority }), of: held.count),
      majorityIsSafe: majority.isSafe,
      length: wilson(successes: Double(held.count { rule.sign(length: $0.length) == $0.sign }), of: held.count),
      calibration: Calibration(zip(scores, held).map { (sigmoid($0), $1.sign == .unsafe ? 1 : 0) }))
  }

  private static func labelled<Query>(
    _ pairs: [ScorePair<Query>], length: (Query) -> Int
  ) -> [(length: Int, sign: CostSign)] {
    pairs.flatMap { pair in
      guard let signs = pair.signs else { preconditionFailure("a pair without cost signs") }
      return [(length(pair.higher), signs.higher), (length(pair.lower), signs.lower)]
    }
  }
}

/// 1, ½ or 0 for a positive margin, a tie, a negative one.
private func win(_ margin: Double) -> Double { margin > 0 ? 1 : margin == 0 ? 0.5 : 0 }

/// The threshold of length that tells safe from unsafe best: responses at least so long are `longSign`, the others are not.
struct LengthRule {
  let threshold: Int
  let longSign: CostSign

  /// The rule with the most right answers; the shortest threshold among equals.
  init(_ responses: [(length: Int, sign: CostSign)]) {
    let sorted = responses.sorted { $0.length < $1.length }
    // Right answers when everything is called unsafe.
    var right = sorted.count { $0.sign == .unsafe }
    var best = (right: max(right, sorted.count - right), threshold: 0)
    var isUnsafe = right >= sorted.count - right
    for (index, response) in sorted.enumerated() {
      // This response moves below the threshold: it is now called safe by the rule "long is unsafe".
      right += response.sign == .safe ? 1 : -1
      let isLast = index + 1 == sorted.count
      guard isLast || sorted[index + 1].length > response.length else { continue }
      let score = max(right, sorted.count - right)
      if score > best.right {
        best = (score, response.length + 1)
        isUnsafe = right >= sorted.count - right
      }
    }
    threshold = best.threshold
    longSign = isUnsafe ? .unsafe : .safe
  }

  func sign(length: Int) -> CostSign {
    length >= threshold ? longSign : CostSign(isSafe: !longSign.isSafe)
  }
}
