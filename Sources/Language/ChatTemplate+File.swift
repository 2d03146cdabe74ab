import Basics
import Foundation

extension ChatTemplate {
  /// The template a person chose: a name of ``named``, or the path of a JSON file.
  ///
  ///     {"turn": "[{role}] {content}\n", "generationPrompt": "[assistant] ", "endOfTurn": "<|im_end|>"}
  ///
  /// - Throws: ``UserError`` (64) for a name that is neither, (65) for a file that is not such an object.
  public init(chosen choice: String) throws {
    if let named = ChatTemplate.named.first(where: { $0.name == choice }) {
      self = named
      return
    }
    guard FileManager.default.fileExists(atPath: choice) else {
      throw UserError(
        "unknown template `\(choice)`", because: "it is neither a known name nor a file",
        advice: suggestion(for: choice, among: ChatTemplate.named.map(\.name)), exitCode: .usage)
    }
    let data = try AtomicFile.read(URL(filePath: choice))
    try self.init(file: JSONValue(parsing: data, json5: true, source: choice), source: choice)
  }

  private init(file: JSONValue, source: String) throws {
    func fail(_ what: String, _ key: String, _ advice: String) -> UserError {
      UserError(what, at: "\(source), key `\(key)`", advice: advice, exitCode: .badData)
    }
    guard let members = file.object else {
      throw UserError("not a template file", at: source, advice: ChatTemplate.advice, exitCode: .badData)
    }
    let known = ["turn", "generationPrompt", "endOfTurn", "defaultSystem"]
    for key in members.keys.sorted() {
      guard known.contains(key) else { throw fail("unknown key", key, suggestion(for: key, among: known)) }
      guard members[key]?.string != nil else { throw fail("not a string", key, "put it in quotes") }
    }
    guard let turn = members["turn"]?.string, turn.contains("{content}") else {
      throw fail("a turn needs the place {content}", "turn", "for example \"{role}: {content}\\n\"")
    }
    guard let prompt = members["generationPrompt"]?.string else {
      throw fail(
        "missing", "generationPrompt", "what follows the last turn and invites the reply, such as \"assistant: \"")
    }
    self.init(
      name: source, turn: turn, generationPrompt: prompt, endOfTurn: members["endOfTurn"]?.string,
      defaultSystem: members["defaultSystem"]?.string)
  }
}
