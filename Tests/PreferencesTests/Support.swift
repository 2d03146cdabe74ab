import Basics
import Foundation
import Language
import Preferences

/// A file's pairs from its text.
func preferences(
  _ text: String, name: String = "rows.jsonl", format: DataFormat? = nil, order: CarriedOrder? = nil,
  ties: TieRule = .drop, source: String? = nil, limits: ReadLimits = ReadLimits()
) throws -> PreferenceFile {
  try PreferenceFile(
    Array(text.utf8), name: name,
    options: ReadOptions(format: format, order: order, ties: ties, source: source, limits: limits))
}

func user(_ text: String) -> ChatMessage { ChatMessage(role: "user", content: text) }
func assistant(_ text: String) -> ChatMessage { ChatMessage(role: "assistant", content: text) }

/// An invented comparison.
func pair(
  _ prompt: String = "How do I boil an egg?", _ first: String = "Ten minutes.", _ second: String = "No idea.",
  better: Slot? = nil, safer: Slot? = nil, firstSafe: Bool? = nil, secondSafe: Bool? = nil, source: String = "",
  id: String = ""
) -> Comparison<TextQuery> {
  let messages = [user(prompt)]
  return Comparison(
    first: TextQuery(messages: messages, response: first), second: TextQuery(messages: messages, response: second),
    better: better, safer: safer, firstSafe: firstSafe, secondSafe: secondSafe,
    promptID: PromptIdentity.prompt(messages), source: source, id: id)
}

/// The error that `body` throws, if it is one for a person.
func userError(_ body: () throws -> Void) -> UserError? {
  do {
    try body()
    return nil
  } catch {
    return error as? UserError
  }
}
