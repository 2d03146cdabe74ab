import Basics
import Language

/// `prompt`, `chosen` and `rejected`, each a string or a list of messages: TRL, UltraFeedback-binarized and our canonical form.
///
/// A list of messages ends with the assistant's reply; what comes before it is either nothing or the prompt repeated.
struct ChosenRejectedReader: RowReader {
  private let format: DataFormat
  private let options: ReadOptions

  init(_ format: DataFormat, _ options: ReadOptions) {
    self.format = format
    self.options = options
  }

  func read(_ row: RowFields) throws -> RowReading {
    let labels =
      format == .canonical ? try CanonicalRow.labels(row, options: options) : RowLabels(order: options.order)
    if let reason = try contradiction(row) { return .unusable(reason) }
    let chosen = try reply(row, "chosen")
    let rejected = try reply(row, "rejected")
    guard let messages = try prompt(row, chosen.before, rejected.before) else { return .unusable(.promptMismatch) }
    return .checked(
      Comparison(
        first: TextQuery(messages: messages, response: chosen.text),
        second: TextQuery(messages: messages, response: rejected.text), better: labels.better, safer: labels.safer,
        firstSafe: labels.chosenSafe, secondSafe: labels.rejectedSafe, weight: labels.weight,
        promptID: PromptIdentity.prompt(messages), source: try row.optionalString("source") ?? "",
        id: labels.id ?? row.location))
  }

  /// What the two scores say against the row, if there are scores.
  private func contradiction(_ row: RowFields) throws -> DropReason? {
    guard format == .ultrafeedback else { return nil }
    let scores: RowFields
    if case .object(let members)? = row.members["metadata"], members["score_chosen"] != nil {
      scores = RowFields(members: members, file: row.file, line: row.line)
    } else {
      scores = row
    }
    guard let chosen = try scores.optionalNumber("score_chosen"),
      let rejected = try scores.optionalNumber("score_rejected")
    else { return nil }
    if chosen < rejected { return .contradictoryScores }
    return chosen == rejected && options.ties == .drop ? .tie : nil
  }

  /// The reply a field holds, and the turns before it when the field repeats them.
  private func reply(_ row: RowFields, _ key: String) throws -> (before: [ChatMessage], text: String) {
    if case .array? = row.value(key) {
      let messages = try self.messages(row, key)
      guard let last = messages.last, last.role == "assistant" else {
        throw row.wrong(key, expected: "a list of messages that ends with the assistant's reply")
      }
      return (Array(messages.dropLast()), last.content)
    }
    return ([], try row.string(key))
  }

  /// The turns before the reply; nil when `prompt`, `chosen` and `rejected` do not agree on them.
  private func prompt(_ row: RowFields, _ first: [ChatMessage], _ second: [ChatMessage]) throws -> [ChatMessage]? {
    if first.isEmpty != second.isEmpty || PromptIdentity.prompt(first) != PromptIdentity.prompt(second) { return nil }
    guard let value = row.value("prompt") else {
      if first.isEmpty { throw row.missing("prompt") }
      return first
    }
    if case .array = value {
      let messages = try self.messages(row, "prompt")
      if first.isEmpty { return messages }
      return PromptIdentity.prompt(first) == PromptIdentity.prompt(messages) ? first : nil
    }
    let text = try row.string("prompt")
    if first.isEmpty { return [ChatMessage(role: "user", content: text)] }
    // A string prompt beside whole conversations is one of their user turns: the first or the last.
    let asked = first.filter { $0.role == "user" }.map { trimmed($0.content) }
    return asked.first == trimmed(text) || asked.last == trimmed(text) ? first : nil
  }

  private func messages(_ row: RowFields, _ key: String) throws -> [ChatMessage] {
    guard let elements = row.value(key)?.array else { throw row.wrong(key, expected: "a string or a list of messages") }
    return try elements.map { element in
      guard let role = element["role"]?.string, let content = element["content"]?.string else {
        throw row.wrong(key, expected: "messages of the form {\"role\": \"user\", \"content\": \"…\"}")
      }
      guard ChatMessage.roles.contains(role) else {
        throw row.wrong(key, expected: "the roles system, user and assistant (not `\(role)`)")
      }
      return ChatMessage(role: role, content: content)
    }
  }
}

/// What a row says about its two responses, `chosen` being the first.
struct RowLabels {
  var better: Slot?
  var safer: Slot?
  var chosenSafe: Bool?
  var rejectedSafe: Bool?
  var weight = 1.0
  var id: String?

  init(order: CarriedOrder?) {
    better = order?.better
    safer = order?.safer
  }
}
