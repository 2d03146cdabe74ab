import Basics
import Foundation
import Language
import ModelFiles

/// A line of input that holds a conversation: `{"messages": [{"role", "content"} …], "response": "…"}`.
struct ConversationLine: Decodable {
  var messages: [ChatMessage]
  var response: String?
}

/// A conversation with where it was read.
struct Located<Value> {
  var value: Value
  /// File and line.
  var place: String
}

/// Reads conversations, one JSON object a line; blank lines are passed over.
///
/// - Throws: ``UserError`` (65) that names file and line.
func conversations(_ path: String?, _ console: Console) throws -> [Located<ConversationLine>] {
  let (next, source) = try inputLines(path, console)
  var result: [Located<ConversationLine>] = []
  var number = 0
  while let line = next() {
    number += 1
    if line.allSatisfy(\.isWhitespace) { continue }
    let place = "\(source), line \(number)"
    do {
      let value = try JSONDecoder().decode(ConversationLine.self, from: Data(line.utf8))
      if value.messages.isEmpty {
        throw UserError(
          "the conversation is empty", at: place, advice: "give at least one message", exitCode: .badData)
      }
      if let role = value.messages.map(\.role).first(where: { !ChatMessage.roles.contains($0) }) {
        throw UserError(
          "unknown role `\(role)`", at: place, advice: suggestion(for: role, among: ChatMessage.roles),
          exitCode: .badData)
      }
      result.append(Located(value: value, place: place))
    } catch let error as DecodingError {
      throw UserError(
        "not a conversation", at: place, because: decodingReason(error),
        advice: #"write {"messages": [{"role": "user", "content": "…"}], "response": "…"} on one line"#,
        exitCode: .badData)
    }
  }
  return result
}

/// Refuses a sequence that the model's context cannot hold.
///
/// - Parameter tokens: rows the model would read: the prompt, and the response but its last token.
func requireContext(_ tokens: Int, _ configuration: LlamaConfiguration, at place: String) throws {
  if tokens <= configuration.contextLength { return }
  throw UserError(
    "the conversation is longer than the model's context", at: place,
    because: "\(tokens) tokens, and the context holds \(configuration.contextLength)", advice: "shorten it",
    exitCode: .badData)
}

extension Option {
  static let template = Option(
    "template", value: "NAME",
    "The chat template: \(ChatTemplate.named.map(\.name).joined(separator: ", ")), or a template file.",
    defaultText: "the model's own")
}
