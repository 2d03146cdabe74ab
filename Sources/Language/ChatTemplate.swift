import Basics

/// How a conversation becomes one text: a form for every turn, what invites the reply, and what ends it.
///
/// Forms are literal text with the places `{role}` and `{content}`. Special tokens are recognised in the literal text only, never
/// in what fills the places.
public struct ChatTemplate: Hashable, Sendable {
  /// `chatml`, `chatml-default-system`, `plain`, or the path of a template file.
  public let name: String
  /// The form of a turn, with the place `{content}` and, if wanted, `{role}`.
  public let turn: String
  /// Follows the last turn; the reply continues it.
  public let generationPrompt: String
  /// The special token that ends a reply and is scored; nil means the tokenizer's end-of-text token.
  public let endOfTurn: String?
  /// The content of a `system` turn that is put first when a conversation does not begin with one.
  public let defaultSystem: String?

  public init(
    name: String, turn: String, generationPrompt: String, endOfTurn: String?, defaultSystem: String? = nil
  ) {
    self.name = name
    self.turn = turn
    self.generationPrompt = generationPrompt
    self.endOfTurn = endOfTurn
    self.defaultSystem = defaultSystem
  }

  /// ChatML without a default system turn.
  public static let chatML = ChatTemplate(
    name: "chatml", turn: "<|im_start|>{role}\n{content}<|im_end|>\n", generationPrompt: "<|im_start|>assistant\n",
    endOfTurn: "<|im_end|>")

  /// SmolLM2's ChatML, with a default system turn that introduces the model.
  public static let chatMLDefaultSystem = ChatTemplate(
    name: "chatml-default-system", turn: chatML.turn, generationPrompt: chatML.generationPrompt,
    endOfTurn: chatML.endOfTurn,
    defaultSystem: "You are a helpful AI assistant named SmolLM, trained by Hugging Face")

  /// No marks at all, for base models: contents one below the other, the reply ended by the end-of-text token.
  public static let plain = ChatTemplate(name: "plain", turn: "{content}\n", generationPrompt: "", endOfTurn: nil)

  /// The templates a person can name.
  public static let named = [chatML, chatMLDefaultSystem, plain]

  /// SHA-256 of everything that decides the token ids; the name is no part of it.
  public var digest: String {
    SHA256.hex(
      of: [turn, generationPrompt, endOfTurn ?? "", defaultSystem ?? "", defaultSystem == nil ? "0" : "1"]
        .joined(separator: "\u{0}"))
  }

  /// A stretch of a turn's form.
  enum Part: Equatable {
    case literal(String)
    case role, content
  }

  /// The form of a turn, taken apart.
  var parts: [Part] {
    var parts: [Part] = []
    var rest = turn[...]
    while let place = rest.firstRange(of: #/\{(role|content)\}/#) {
      if place.lowerBound > rest.startIndex { parts.append(.literal(String(rest[..<place.lowerBound]))) }
      parts.append(rest[place] == "{role}" ? .role : .content)
      rest = rest[place.upperBound...]
    }
    if !rest.isEmpty { parts.append(.literal(String(rest))) }
    return parts
  }

  /// The conversation with the default system turn where it applies.
  func completed(_ messages: [ChatMessage]) -> [ChatMessage] {
    guard let defaultSystem, let first = messages.first, first.role != "system" else { return messages }
    return [ChatMessage(role: "system", content: defaultSystem)] + messages
  }

  /// The text of a conversation up to where the reply begins, as a person would read it.
  public func text(of messages: [ChatMessage]) -> String {
    completed(messages).map { message in
      parts.map { part in
        switch part {
        case .literal(let text): text
        case .role: message.role
        case .content: message.content
        }
      }.joined()
    }.joined() + generationPrompt
  }
}
