import Basics

/// A preference-optimisation objective: a pure function from log-probabilities to a loss and its derivatives.
///
/// Stored properties are the hyper-parameters. It learns from labelled pairs. An objective never sees parameters, tokens or prompts.
public protocol Objective: TrainingMethod {
  /// Whether log-ratios are summed over response tokens or averaged.
  var reduction: Reduction { get }

  /// Whether the batch's mean log-ratios enter the loss of a pair (``PairSample/batch``).
  var usesBatchMeans: Bool { get }

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
}

extension Objective {
  public var usesBatchMeans: Bool { false }
  public var multiplierRule: MultiplierRule { .none }
  public var needsImpliedScores: Bool { false }
  public func admits(_ label: PairLabel) -> Bool { true }

  public func evaluate(_ pairs: Span<PairSample>, rows: Span<Int>, into values: inout MutableSpan<PairEvaluation>) {
    for i in 0..<rows.count { values[i] = evaluate(pairs[rows[i]]) }
  }
}

/// How a response's log-probability is formed from its tokens'.
public enum Reduction: String, NamedChoice {
  /// Σ_t log π(y_t|…): the definition of log π(y|x).
  case sum
  /// The sum divided by the number of response tokens.
  case mean
}
