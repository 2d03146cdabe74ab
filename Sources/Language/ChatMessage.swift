/// One turn of a conversation.
public struct ChatMessage: Codable, Hashable, Sendable {
  /// `system`, `user` or `assistant`.
  public var role: String
  public var content: String

  /// The roles a conversation may have.
  public static let roles = ["system", "user", "assistant"]

  public init(role: String, content: String) {
    self.role = role
    self.content = content
  }
}

/// A conversation and one reply to it, as text.
public struct TextQuery: Codable, Hashable, Sendable {
  /// The turns before the reply; the last is the user's.
  public var messages: [ChatMessage]
  public var response: String

  public init(messages: [ChatMessage], response: String) {
    self.messages = messages
    self.response = response
  }
}
