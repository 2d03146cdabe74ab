/// What a run computed, in counts that do not depend on the machine.
///
/// A pass is one response through the policy that is trained. The reference, critics, reward and cost models are not counted: on a
/// table they are look-ups, and of a language model the reference is cached. Nor are replies that are sampled only to estimate an
/// expected cost, as constrained DPO does.
public struct TrainingWork: Codable, Hashable, Sendable {
  /// Responses whose log-probability was computed for a loss.
  public var forwardPasses = 0
  /// Responses whose gradient was.
  public var backwardPasses = 0
  /// Tokens of responses that the policy wrote to learn from; a table's response is one token, and one that is enumerated is none.
  public var sampledTokens = 0

  public init(forwardPasses: Int = 0, backwardPasses: Int = 0, sampledTokens: Int = 0) {
    self.forwardPasses = forwardPasses
    self.backwardPasses = backwardPasses
    self.sampledTokens = sampledTokens
  }

  public static func + (a: TrainingWork, b: TrainingWork) -> TrainingWork {
    TrainingWork(
      forwardPasses: a.forwardPasses + b.forwardPasses, backwardPasses: a.backwardPasses + b.backwardPasses,
      sampledTokens: a.sampledTokens + b.sampledTokens)
  }

  public static func += (a: inout TrainingWork, b: TrainingWork) { a = a + b }
}
