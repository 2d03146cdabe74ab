import Basics

/// A preference-optimisation objective: a pure function from log-probabilities to a loss and its derivatives.
///
/// Stored properties are the hyper-parameters. It learns from labelled pairs. An objective never sees parameters, tokens or prompts.
public protocol Objective: TrainingMethod {
  /// Whether log-ratios are summed over response tokens or averaged.
  var reduction: Reduction { get }

  /// Whether the batch's mean log-ratios enter the loss of a pair (``PairSample/batch``).
  var usesBatchMeans: Bool { get }

  /// Whether the loss of a pair depends on its two log-probabilities through their difference alone, each divided by its token
  /// count when averaged: then a constant may be added to both, and their derivatives add up to 0.
  var seesMarginAlone: Bool { get }

  /// Where the multiplier λ of a cost constraint comes from (``PairLabel/multiplier``).
  var multiplierRule: MultiplierRule { get }

  /// Whether its rewards and costs are those that earlier stages of the same arm imply, and no others.
  var needsImpliedScores: Bool { get }

  /// Whether the objective learns from a pair with this label; the others are left out, and counted.
  func admits(_ label: PairLabel) -> Bool

  /// The loss of one pair and its derivatives with respect to the two policy log-probabilities.
  func evaluate(_ pair: PairSample) -> PairEvaluation

  /// ``evaluate(_:)`` of some rows of a list of pairs, written over the first values: one call a batch, for a loop that does not know
  /// the type of its objective. Nobody has to write it: every objective gets this one, compiled for its own type.
  func evaluate(_ pairs: Span<PairSample>, rows: Span<Int>, into values: inout MutableSpan<PairEvaluation>)

  /// ``evaluate(_:)`` of some pairs in up to eight runs that go in step, each with hyper-parameters of its own. Nobody has to write
  /// it either.
  ///
  /// - Parameters:
  ///   - runs: the objective of each run.
  ///   - pairs: [pairs][lanes], lanes being one for a run alone and eight otherwise: what a pair's label and reference are in each run.
  ///   - scores: [2][pairs][lanes]: the policy's log-probabilities of the chosen and of the rejected response; both may have one
  ///     constant added where ``seesMarginAlone``.
  ///   - values: [3][pairs][lanes]: losses and their derivatives by both; those of lanes without a run are left as they are.
  static func evaluate(
    _ runs: Span<Self>, _ pairs: Span<PairSample>, scores: Span<Double>, into values: inout MutableSpan<Double>)
}

extension Objective {
  public var usesBatchMeans: Bool { false }
  public var seesMarginAlone: Bool { false }
  public var multiplierRule: MultiplierRule { .none }
  public var needsImpliedScores: Bool { false }
  public func admits(_ label: PairLabel) -> Bool { true }

  public func evaluate(_ pairs: Span<PairSample>, rows: Span<Int>, into values: inout MutableSpan<PairEvaluation>) {
    for i in 0..<rows.count { values[i] = evaluate(pairs[rows[i]]) }
  }

  public static func evaluate(
    _ runs: Span<Self>, _ pairs: Span<PairSample>, scores: Span<Double>, into values: inout MutableSpan<Double>
  ) {
    let count = pairs.count
    for first in stride(from: 0, to: count, by: runs.count == 1 ? 1 : 8) {
      for run in 0..<runs.count {
        let i = first + run
        var pair = pairs[i]
        pair.policyChosen = scores[i]
        pair.policyRejected = scores[count + i]
        let value = runs[run].evaluate(pair)
        values[i] = value.loss
        values[count + i] = value.dChosen
        values[2 * count + i] = value.dRejected
      }
    }
  }
}

/// How a response's log-probability is formed from its tokens'.
public enum Reduction: String, NamedChoice {
  /// Σ_t log π(y_t|…): the definition of log π(y|x).
  case sum
  /// The sum divided by the number of response tokens.
  case mean
}
