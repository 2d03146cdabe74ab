import Basics
import Language

/// The most tokens a pair may have; longer pairs are dropped and counted, never cut.
public struct TokenLimits: Hashable, Sendable {
  /// Prompt and response together, for the longer of the two responses; no limit when nil.
  public var maxTokens: Int?
  /// The prompt alone.
  public var maxPromptTokens: Int?

  public init(maxTokens: Int? = nil, maxPromptTokens: Int? = nil) {
    self.maxTokens = maxTokens
    self.maxPromptTokens = maxPromptTokens
  }

  /// Why a pair is refused, or nil.
  func reason(_ first: TokenQuery, _ second: TokenQuery) -> DropReason? {
    if let maxPromptTokens, max(first.prompt.count, second.prompt.count) > maxPromptTokens { return .overLongPrompt }
    let longest = max(first.prompt.count + first.response.count, second.prompt.count + second.response.count)
    if let maxTokens, longest > maxTokens { return .overLong }
    return first.response == second.response ? .identicalResponses : nil
  }
}

/// Comparisons as token ids, without those that exceed the limits or whose responses become the same tokens.
///
/// - Parameter encode: the one path from text to tokens that training, scoring and generation share.
/// - Returns: the comparisons kept, in order, and how many were dropped for what reason.
public func tokenised(
  _ comparisons: [Comparison<TextQuery>], limits: TokenLimits = TokenLimits(),
  encode: (TextQuery) throws -> TokenQuery
) rethrows -> (kept: [Comparison<TokenQuery>], dropped: DropCounts) {
  var kept: [Comparison<TokenQuery>] = []
  kept.reserveCapacity(comparisons.count)
  var dropped = DropCounts()
  for comparison in comparisons {
    let encoded = try comparison.map(encode)
    if let reason = limits.reason(encoded.first, encoded.second) { dropped.add(reason) } else { kept.append(encoded) }
  }
  return (kept, dropped)
}
