import Basics
import Language

/// Names prompts by their content, so that the same prompt is recognised in any file and any format.
public enum PromptIdentity {
  /// Identifies all turns before the response: white space around a turn does not count.
  public static func prompt(_ messages: [ChatMessage]) -> String {
    digest(messages.map { "\($0.role)\u{1f}\(trimmed($0.content))" }.joined(separator: "\u{1e}"))
  }

  /// Identifies the conversation: its first user turn.
  ///
  /// In transcripts one row is often a later moment of another row's conversation; they share this and not ``prompt(_:)``.
  public static func conversation(_ messages: [ChatMessage]) -> String {
    digest(trimmed(messages.first { $0.role == "user" }?.content ?? ""))
  }

  /// 64 bits of SHA-256 as 16 hexadecimal digits.
  private static func digest(_ text: String) -> String { String(SHA256.hex(of: text).prefix(16)) }
}

/// The text without white space (Unicode's) at its ends.
func trimmed(_ text: some StringProtocol) -> String {
  let scalars = text.unicodeScalars
  guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
    let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
  else { return "" }
  return String(String.UnicodeScalarView(scalars[first...last]))
}

/// Whether there is nothing but white space.
func isBlank(_ text: String) -> Bool { text.unicodeScalars.allSatisfy(\.properties.isWhitespace) }
