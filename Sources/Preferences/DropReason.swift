/// Why a pair is left out. Pairs are dropped and counted, never cut short.
public enum DropReason: String, Codable, CaseIterable, Hashable, Sendable, CodingKeyRepresentable {
  /// Both responses are the same text (or the same tokens): the pair has no preference to learn.
  case identicalResponses
  /// A response is empty or white space.
  case emptyResponse
  /// There is no prompt, or its last turn is white space.
  case emptyPrompt
  /// `chosen` and `rejected` do not answer the same prompt.
  case promptMismatch
  /// A transcript that does not begin with a user's turn or does not end with the assistant's.
  case malformedTranscript
  /// The turn before the responses is not the user's, so that nothing asks for a reply.
  case noUserTurn
  /// Both responses have the same score.
  case tie
  /// The chosen response has the lower score.
  case contradictoryScores
  /// Prompt and the longer response together exceed the limit of tokens.
  case overLong
  /// The prompt alone exceeds its limit of tokens.
  case overLongPrompt
  /// An order that the experiment needs is not known.
  case missingOrder
  /// A safety flag that the experiment needs is not known and no rule supplies it.
  case missingFlags
  /// The same prompt with the same two responses came earlier.
  case duplicate
  /// The row's source is not among those asked for.
  case otherSource
  /// The prompt also appears in data that must stay apart.
  case overlap
  /// More rows than asked for.
  case overRowLimit

  /// The reason in words, for tables.
  public var title: String {
    switch self {
    case .identicalResponses: "identical responses"
    case .emptyResponse: "an empty response"
    case .emptyPrompt: "an empty prompt"
    case .promptMismatch: "chosen and rejected answer different prompts"
    case .malformedTranscript: "a malformed transcript"
    case .noUserTurn: "the last turn before the responses is not the user's"
    case .tie: "equal scores"
    case .contradictoryScores: "the chosen response has the lower score"
    case .overLong: "longer than the token limit"
    case .overLongPrompt: "prompt longer than its token limit"
    case .missingOrder: "no order of the kind needed"
    case .missingFlags: "no safety flags"
    case .duplicate: "a repeated pair"
    case .otherSource: "another source"
    case .overlap: "the prompt appears in data kept apart"
    case .overRowLimit: "beyond the row limit"
    }
  }
}

/// How many pairs were dropped for each reason.
public struct DropCounts: Hashable, Sendable {
  public private(set) var counts: [DropReason: Int] = [:]

  public init() {}

  public init(_ reasons: some Sequence<DropReason>) { for reason in reasons { add(reason) } }

  public var total: Int { counts.values.reduce(0, +) }

  public subscript(reason: DropReason) -> Int { counts[reason] ?? 0 }

  public mutating func add(_ reason: DropReason, _ count: Int = 1) {
    if count > 0 { counts[reason, default: 0] += count }
  }

  public mutating func add(_ other: DropCounts) { for (reason, count) in other.counts { add(reason, count) } }
}

extension DropCounts: Codable {
  public init(from decoder: any Decoder) throws {
    counts = try decoder.singleValueContainer().decode([DropReason: Int].self)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(counts)
  }
}
