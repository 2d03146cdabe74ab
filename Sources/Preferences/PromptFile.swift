import Basics
import Foundation
import Language

/// Prompts without responses, for a policy to answer.
///
/// Rows of JSON Lines or of a JSON list have one of `messages`, `prompt`, `query` and `instruction`: a list of messages, a transcript
/// (`Human: … Assistant:`), or one user turn. In a file whose name ends in `.txt` every line is a user turn.
public struct PromptFile: Sendable {
  /// The turns before each reply, each prompt once, in the order of the files.
  public private(set) var prompts: [[ChatMessage]] = []
  /// The files' names with the digests of their bytes.
  public private(set) var digests: [String: String] = [:]
  public private(set) var rowsRead = 0

  static let fields = ["messages", "prompt", "query", "instruction"]

  /// - Throws: ``UserError``: 66 when a file is missing, 65 when a row has no prompt, naming file and line.
  public init(_ names: [String], searchPath: DataSearchPath = .standard()) throws {
    var seen: Set<[ChatMessage]> = []
    for name in names {
      let url = try searchPath.find(name)
      let file = try DataFile(reading: url, name: name)
      digests[name] = file.sha256
      let rows = url.pathExtension == "txt" ? Self.lines(file) : try Self.rows(file)
      rowsRead += rows.count
      prompts += rows.filter { seen.insert($0).inserted }
    }
  }

  private static func lines(_ file: DataFile) -> [[ChatMessage]] {
    String(decoding: file.bytes[file.start...], as: UTF8.self).split(whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }.map(turn)
  }

  private static func rows(_ file: DataFile) throws -> [[ChatMessage]] {
    var iterator = RowIterator(file)
    var prompts: [[ChatMessage]] = []
    while let row = try iterator.next() {
      guard let field = fields.first(where: { row.value($0) != nil }) else {
        throw UserError(
          "the row has no prompt", at: row.location,
          because: "it has \(row.members.keys.sorted().map { "`\($0)`" }.joined(separator: ", "))",
          advice: "give one of \(fields.map { "`\($0)`" }.joined(separator: ", "))", exitCode: .badData)
      }
      prompts.append(try messages(row, field))
    }
    return prompts
  }

  private static func messages(_ row: RowFields, _ field: String) throws -> [ChatMessage] {
    if case .array? = row.value(field) {
      guard let messages = try? row.value(field)?.decode([ChatMessage].self), messages.last?.role == "user",
        messages.allSatisfy({ ChatMessage.roles.contains($0.role) })
      else { throw row.wrong(field, expected: "messages with `role` and `content`, the last of them the user's") }
      return messages
    }
    let text = try row.string(field)
    guard text.contains(where: { !$0.isWhitespace }) else {
      throw row.wrong(field, expected: "a prompt that is not empty")
    }
    if var turns = Transcript.turns(text) {
      if turns.last?.role == "assistant", turns.last?.content.isEmpty == true { turns.removeLast() }
      if turns.last?.role == "user" { return turns }
    }
    return turn(text)
  }

  private static func turn(_ text: String) -> [ChatMessage] { [ChatMessage(role: "user", content: text)] }
}
