import Basics
import Language

/// One line of our canonical JSON Lines form: TRL's explicit-prompt form plus labels.
///
///     {"prompt": [{"role": "user", "content": "…"}], "chosen": "…", "rejected": "…",
///      "better": "chosen", "safer": "rejected", "chosen_safe": true, "rejected_safe": null,
///      "source": "harmless", "id": "…", "weight": 1}
///
/// `better` and `safer` name the winner of each order; a file without either needs its order named by the reader.
/// All but `prompt`, `chosen` and `rejected` are optional; `severity` and `category` are allowed and not used.
public enum CanonicalRow {
  static let keys = [
    "prompt", "chosen", "rejected", "chosen_safe", "rejected_safe", "better", "safer", "id", "weight", "source",
    "severity",
    "category",
  ]

  /// The canonical line of a comparison, without a line end; nil when the order that decides on `chosen` is not known.
  ///
  /// - Parameter order: which order's winner is written as `chosen`; `both` is not an order and writes by helpfulness, then safety.
  public static func line(_ comparison: Comparison<TextQuery>, chosenBy order: PreferenceOrder) throws -> String? {
    let (one, other) = order.winners(of: comparison)
    guard let winner = one ?? other else { return nil }
    let pair = winner == .first ? comparison : comparison.swapped
    func name(_ slot: Slot?) -> JSONValue { slot.map { .string($0 == .first ? "chosen" : "rejected") } ?? .null }
    func flag(_ flag: Bool?) -> JSONValue { flag.map { .bool($0) } ?? .null }
    var members: [String: JSONValue] = [
      "prompt": try JSONValue(encoding: pair.first.messages), "chosen": .string(pair.first.response),
      "rejected": .string(pair.second.response), "better": name(pair.better), "safer": name(pair.safer),
      "chosen_safe": flag(pair.firstSafe), "rejected_safe": flag(pair.secondSafe), "weight": .number(pair.weight),
    ]
    if !pair.source.isEmpty { members["source"] = .string(pair.source) }
    if !pair.id.isEmpty { members["id"] = .string(pair.id) }
    return try JSONValue.object(members).canonical()
  }

  /// The labels of a row.
  ///
  /// - Throws: ``UserError`` for wrong types, for a key that looks like a misspelling of one of ours, and when nothing says which
  ///   order `chosen` follows.
  static func labels(_ row: RowFields, options: ReadOptions) throws -> RowLabels {
    try refuseMisspelling(row)
    var labels = RowLabels(order: options.order)
    if row.has("better") || row.has("safer") {
      if let order = options.order { throw orderGivenTwice(row, order) }
      labels.better = try winner(row, "better")
      labels.safer = try winner(row, "safer")
    } else if options.order == nil, !options.allowsUnnamedOrder {
      throw PreferenceFile.missingOrder(at: row.location, format: .canonical)
    }
    labels.chosenSafe = try row.optionalBool("chosen_safe")
    labels.rejectedSafe = try row.optionalBool("rejected_safe")
    labels.weight = try row.optionalNumber("weight") ?? 1
    if labels.weight < 0 { throw row.wrong("weight", expected: "a number that is not negative") }
    if case .number(let number)? = row.value("id") {
      labels.id = RowFields.described(.number(number))
    } else {
      labels.id = try row.optionalString("id")
    }
    return labels
  }

  private static func winner(_ row: RowFields, _ key: String) throws -> Slot? {
    switch try row.optionalString(key) {
    case nil: nil
    case "chosen": .first
    case "rejected": .second
    default: throw row.wrong(key, expected: "\"chosen\", \"rejected\" or null")
    }
  }

  private static func orderGivenTwice(_ row: RowFields, _ order: CarriedOrder) -> UserError {
    UserError(
      "the order is given twice", at: row.location,
      because: "the row names its winners in `better` and `safer`, and the order `\(order.rawValue)` was asked for",
      advice: "leave the order out", exitCode: .badData)
  }

  /// A misspelt optional field would otherwise be a label silently lost.
  private static func refuseMisspelling(_ row: RowFields) throws {
    for key in row.members.keys.sorted() where !keys.contains(key) {
      if let meant = keys.first(where: { $0.count >= 5 && editDistance($0, key) <= 2 && !row.has($0) }) {
        throw UserError(
          "unknown field `\(key)`", at: row.location, advice: "did you mean `\(meant)`?", exitCode: .badData)
      }
    }
  }
}
