import Basics
import Language

/// What one row of a file gives.
enum RowReading {
  case comparison(Comparison<TextQuery>)
  case unusable(DropReason)

  /// A comparison, unless it has no prompt at all.
  static func checked(_ comparison: Comparison<TextQuery>) -> RowReading {
    comparison.first.messages.isEmpty ? .unusable(.emptyPrompt) : .comparison(comparison)
  }
}

/// Reads the rows of one format.
protocol RowReader {
  func read(_ row: RowFields) throws -> RowReading
}

/// `prompt`, `response_0`, `response_1` with orders by number and a safety flag for each: PKU-SafeRLHF and its relatives.
///
/// Source: Ji et al. 2024 (arXiv 2406.15513) and the data set's card: `better_response_id` is the helpfulness order,
/// `safer_response_id` the harmlessness order.
struct ResponsePairReader: RowReader {
  static let labels = ["better_response_id", "safer_response_id", "is_response_0_safe", "is_response_1_safe"]

  let promptIsTranscript: Bool
  /// The label fields of the file's first row, which every row must then have.
  let expected: [String]

  init(promptIsTranscript: Bool, first row: RowFields) throws {
    self.promptIsTranscript = promptIsTranscript
    expected = Self.labels.filter(row.has)
    if expected.isEmpty {
      throw UserError(
        "the rows have no labels", at: row.location,
        because: "none of \(FormatDetection.listed(Self.labels)) is there", advice: "use a file with labels",
        exitCode: .badData)
    }
  }

  func read(_ row: RowFields) throws -> RowReading {
    for label in expected where !row.has(label) { throw row.missing(label) }
    let text = try row.string("prompt")
    let responses = (try row.string("response_0"), try row.string("response_1"))
    let source = try row.optionalString("hh_subset") ?? row.optionalString("source") ?? ""
    let better = try row.optionalResponseID("better_response_id")
    let safer = try row.optionalResponseID("safer_response_id")
    let flags = (try row.optionalBool("is_response_0_safe"), try row.optionalBool("is_response_1_safe"))
    var messages = [ChatMessage(role: "user", content: text)]
    if promptIsTranscript {
      guard let turns = Transcript.turns(text) else { return .unusable(.malformedTranscript) }
      messages = turns
    }
    return .checked(
      Comparison(
        first: TextQuery(messages: messages, response: responses.0),
        second: TextQuery(messages: messages, response: responses.1), better: better, safer: safer, firstSafe: flags.0,
        secondSafe: flags.1, promptID: PromptIdentity.prompt(messages), source: source, id: row.location))
  }
}

/// `chosen` and `rejected` as whole transcripts, split at the last assistant turn; both must share what comes before it.
///
/// Source: Bai et al. 2022 (arXiv 2204.05862), the official files.
struct TranscriptPairReader: RowReader {
  let order: CarriedOrder?

  func read(_ row: RowFields) throws -> RowReading {
    let texts = (try row.string("chosen"), try row.string("rejected"))
    guard let chosen = Transcript.turns(texts.0), let rejected = Transcript.turns(texts.1),
      let reply = chosen.last, let otherReply = rejected.last, reply.role == "assistant", otherReply.role == "assistant"
    else { return .unusable(.malformedTranscript) }
    let messages = Array(chosen.dropLast())
    if messages != Array(rejected.dropLast()) { return .unusable(.promptMismatch) }
    return .checked(
      Comparison(
        first: TextQuery(messages: messages, response: reply.content),
        second: TextQuery(messages: messages, response: otherReply.content), better: order?.better, safer: order?.safer,
        promptID: PromptIdentity.prompt(messages), source: try row.optionalString("source") ?? "", id: row.location))
  }
}

extension CarriedOrder {
  /// The more helpful of (chosen, rejected) when `chosen` wins by this order.
  var better: Slot? { self == .safety ? nil : .first }
  var safer: Slot? { self == .helpfulness ? nil : .first }
}
