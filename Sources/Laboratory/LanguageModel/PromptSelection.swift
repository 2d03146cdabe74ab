import Basics
import Language
import Preferences

/// Prompts of files as token ids, chosen by hash so that the choice does not depend on the files' order of rows.
struct PromptSelection {
  let policy: PolicySpec
  let encoder: ChatEncoder
  /// One line a set: rows read, dropped by reason, kept.
  private(set) var remarks: [String] = []

  init(policy: PolicySpec, encoder: ChatEncoder) {
    self.policy = policy
    self.encoder = encoder
  }

  /// Prompts of all files together; `count` 0 is all of them.
  ///
  /// - Throws: ``UserError`` when a file is missing or wrong, or nothing is left.
  mutating func all(_ files: [String], count: Int, name: String) throws -> [[Int32]] {
    try choose(PromptFile(files), count: count, apartFrom: [], and: [], name: name)
  }

  /// Prompts of each file, `count` of each, without conversations that are trained on and prompts that replies are learned from.
  mutating func perFile(
    _ files: [String], count: Int, apartFrom trained: Set<String>, and rolled: Set<[Int32]>, name: String
  ) throws -> [[Int32]] {
    try files.flatMap {
      try choose(PromptFile([$0]), count: count, apartFrom: trained, and: rolled, name: "\(name), \($0)")
    }
  }

  private mutating func choose(
    _ file: PromptFile, count: Int, apartFrom trained: Set<String>, and rolled: Set<[Int32]>, name: String
  ) throws -> [[Int32]] {
    var kept: [(order: Double, prompt: [Int32])] = []
    var (overlapping, long) = (0, 0)
    for messages in file.prompts {
      let prompt = encoder.prompt(messages)
      if trained.contains(PromptIdentity.conversation(messages)) || rolled.contains(prompt) {
        overlapping += 1
        continue
      }
      guard prompt.count <= policy.maxPromptTokens else {
        long += 1
        continue
      }
      var random = SeedTree(0).child("prompts").child(PromptIdentity.prompt(messages)).generator()
      kept.append((random.uniform(), prompt))
    }
    if count > 0 { kept = Array(kept.sorted { $0.order < $1.order }.prefix(count)) }
    var remark = "\(name): \(kept.count) of \(file.rowsRead) rows"
    if long > 0 { remark += ", \(long) longer than \(policy.maxPromptTokens) tokens" }
    if overlapping > 0 { remark += ", \(overlapping) trained on" }
    remarks.append(remark)
    guard !kept.isEmpty else {
      throw UserError(
        "no prompt is left", at: name, because: remark, advice: "raise maxPromptTokens, or name other files",
        exitCode: .badData)
    }
    return kept.map(\.prompt)
  }
}
