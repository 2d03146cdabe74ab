/// How to choose the next token.
public struct SamplingOptions: Codable, Hashable, Sendable {
  /// Divides the logits; 0 takes the most likely token always.
  public var temperature: Double
  /// Draws among the fewest most likely tokens whose probabilities reach this sum; 1 is all.
  public var topP: Double
  public var maxNewTokens: Int
  /// Tokens that end a response; the one that did is part of the result.
  public var stopTokens: Set<Int32>

  public init(temperature: Double = 0, topP: Double = 1, maxNewTokens: Int, stopTokens: Set<Int32> = []) {
    precondition(temperature >= 0 && topP > 0 && topP <= 1, "temperature \(temperature), top-p \(topP)")
    self.temperature = temperature
    self.topP = topP
    self.maxNewTokens = maxNewTokens
    self.stopTokens = stopTokens
  }
}

/// A response drawn from a policy.
public struct Generation: Codable, Hashable, Sendable {
  public enum End: String, Codable, Sendable {
    /// A stop token was drawn.
    case stopToken
    /// The limit of new tokens was reached.
    case length
    /// The model's context was full.
    case context
  }

  /// The stop token included.
  public var tokens: [Int32]
  /// log π of each token, nats, under the policy itself: neither temperature nor top-p changes it.
  public var logProbabilities: [Double]
  public var end: End
}
