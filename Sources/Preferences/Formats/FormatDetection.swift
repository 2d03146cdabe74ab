import Basics

/// Works out a file's format from the keys of its first rows; what could mean two things is an error, never a guess.
struct FormatDetection {
  let file: String

  /// The format of the rows.
  ///
  /// - Throws: ``UserError`` (65) when no format, or more than one, has these fields.
  func format(of rows: [RowFields]) throws -> DataFormat {
    guard let first = rows.first else {
      throw UserError("the file has no rows", at: file, exitCode: .badData)
    }
    if first.has("response_0"), first.has("response_1") { return try responsePairFormat(rows, first) }
    if first.has("chosen"), first.has("rejected") { return try chosenFormat(rows, first) }
    throw UserError(
      "the format of the file is not known", at: first.location,
      because: "the first row has \(Self.listed(first.members.keys.sorted()))",
      advice: """
        known: \(DataFormat.allCases.map(\.rawValue).joined(separator: ", ")); every format has `response_0` and `response_1`, \
        or `chosen` and `rejected`
        """,
      exitCode: .badData)
  }

  private func responsePairFormat(_ rows: [RowFields], _ first: RowFields) throws -> DataFormat {
    if first.has("hh_subset") { return .hhDual }
    if rows.contains(where: { beginsAsTranscript($0.members["prompt"]) }) {
      throw ambiguous(
        first, "a prompt begins with `Human:`, which may be a transcript of turns or plain text",
        [.hhDual, .pkuSafeRLHF])
    }
    return .pkuSafeRLHF
  }

  private func chosenFormat(_ rows: [RowFields], _ first: RowFields) throws -> DataFormat {
    let labels = ["chosen_safe", "rejected_safe", "better", "safer"].filter(first.has)
    let scores = ["score_chosen", "score_rejected"].filter { first.has($0) || first.members["metadata"]?[$0] != nil }
    if !labels.isEmpty, !scores.isEmpty {
      throw ambiguous(first, "it has \(Self.listed(labels)) and \(Self.listed(scores))", [.canonical, .ultrafeedback])
    }
    if !labels.isEmpty { return .canonical }
    if !scores.isEmpty { return .ultrafeedback }
    let chosenIsTranscript =
      beginsAsTranscript(first.members["chosen"]) && beginsAsTranscript(first.members["rejected"])
    guard let prompt = first.members["prompt"] else {
      if chosenIsTranscript { return .hhRLHF }
      if first.members["chosen"]?.array != nil { return .trl }
      throw ambiguous(first, "there is no `prompt`, and `chosen` does not begin with `Human:`", [.hhRLHF, .trl])
    }
    if chosenIsTranscript || beginsAsTranscript(prompt) {
      throw ambiguous(
        first, "a text begins with `Human:`, which may be a transcript of turns or plain text", [.hhRLHF, .trl])
    }
    return .trl
  }

  private func beginsAsTranscript(_ value: JSONValue?) -> Bool {
    guard case .string(let text)? = value else { return false }
    return text.drop(while: \.isWhitespace).hasPrefix("Human:")
  }

  private func ambiguous(_ row: RowFields, _ why: String, _ formats: [DataFormat]) -> UserError {
    UserError(
      "the format of the file could be \(formats.map(\.rawValue).joined(separator: " or "))", at: row.location,
      because: why,
      advice: "name it: `format: …` in a specification, `--format …` on the command line", exitCode: .badData)
  }

  static func listed(_ names: [String]) -> String { names.map { "`\($0)`" }.joined(separator: ", ") }
}
