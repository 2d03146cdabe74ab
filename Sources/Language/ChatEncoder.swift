import Basics

/// Conversations to token ids: one path for training, scoring and generation.
///
/// A prompt is the template's text filled with the conversation's, tokenised between special tokens; a response is tokenised by
/// itself and ended by one end-of-turn token, which is scored. The two are joined as ids.
public struct ChatEncoder: Sendable {
  public let tokenizer: Tokenizer
  public let template: ChatTemplate
  /// Ends every response; generation stops at it.
  public let endOfTurn: Int32

  private let parts: [ChatTemplate.Part]

  /// - Throws: ``UserError`` when the tokenizer lacks a special token the template needs.
  public init(tokenizer: Tokenizer, template: ChatTemplate) throws {
    self.tokenizer = tokenizer
    self.template = template
    parts = template.parts
    if let name = template.endOfTurn {
      guard let id = tokenizer.specialTokens[name] else {
        throw UserError(
          "the tokenizer has no special token `\(name)`", at: "template `\(template.name)`",
          because: "the template ends every turn with it", advice: ChatTemplate.advice, exitCode: .badData)
      }
      endOfTurn = id
    } else if let id = tokenizer.endOfText {
      endOfTurn = id
    } else {
      throw UserError(
        "nothing ends a response", at: "template `\(template.name)`",
        because: "the template names no end-of-turn token and the tokenizer no end-of-text token",
        advice: "give a template file with `endOfTurn`", exitCode: .badData)
    }
  }

  /// The ids of a conversation, ending with the template's invitation to reply.
  public func prompt(_ messages: [ChatMessage]) -> [Int32] {
    var pieces: [TextPart] = []
    for message in template.completed(messages) {
      for part in parts {
        switch part {
        case .literal(let text): pieces += splitting(text, at: tokenizer.specialTokens)
        case .role: pieces.append(.text(message.role))
        case .content: pieces.append(.text(message.content))
        }
      }
    }
    pieces += splitting(template.generationPrompt, at: tokenizer.specialTokens)
    return ids(pieces)
  }

  /// The ids of a reply, end-of-turn token included.
  public func response(_ text: String) -> [Int32] { tokenizer.encode(text) + [endOfTurn] }

  /// A conversation and a reply to it.
  public func encode(_ query: TextQuery) -> TokenQuery {
    TokenQuery(prompt: prompt(query.messages), response: response(query.response))
  }

  /// Whether both turn every conversation into the same ids.
  public func readsLike(_ other: ChatEncoder) -> Bool {
    tokenizer.digest == other.tokenizer.digest && endOfTurn == other.endOfTurn
      && template.turn == other.template.turn && template.generationPrompt == other.template.generationPrompt
      && template.defaultSystem == other.template.defaultSystem
  }

  /// The text of a generated reply: up to its end-of-turn token, without special tokens.
  public func decode(_ response: [Int32]) -> String {
    tokenizer.decode(response.prefix { $0 != endOfTurn })
  }

  /// Text between two special tokens is tokenised as one: the words of a template and of a message may share a piece, as in
  /// Transformers' `apply_chat_template`.
  private func ids(_ parts: [TextPart]) -> [Int32] {
    var result: [Int32] = []
    var text = ""
    for part in parts {
      switch part {
      case .text(let more): text += more
      case .token(let id):
        result += tokenizer.encode(text)
        result.append(id)
        text = ""
      }
    }
    return result + tokenizer.encode(text)
  }
}
