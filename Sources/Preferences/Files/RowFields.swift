import Basics

/// The fields of one row, read with errors that name file, line and field.
struct RowFields {
  let members: [String: JSONValue]
  let file: String
  let line: Int

  /// File and line, as editors understand them.
  var location: String { "\(file):\(line)" }

  func has(_ key: String) -> Bool { members[key] != nil }

  /// The value of a key, nil when it is absent or null.
  func value(_ key: String) -> JSONValue? {
    guard let value = members[key], value != .null else { return nil }
    return value
  }

  func string(_ key: String) throws -> String {
    guard let value = value(key) else { throw missing(key) }
    guard let string = value.string else { throw wrong(key, expected: "a string") }
    return string
  }

  func optionalString(_ key: String) throws -> String? { try value(key) == nil ? nil : string(key) }

  func optionalBool(_ key: String) throws -> Bool? {
    guard let value = value(key) else { return nil }
    guard let bool = value.bool else { throw wrong(key, expected: "true or false") }
    return bool
  }

  func optionalNumber(_ key: String) throws -> Double? {
    guard let value = value(key) else { return nil }
    guard let number = value.number else { throw wrong(key, expected: "a number") }
    return number
  }

  /// `0` or `1`: the number of one of the row's two responses.
  func optionalResponseID(_ key: String) throws -> Slot? {
    guard let value = value(key) else { return nil }
    guard let number = value.number, number == 0 || number == 1 else { throw wrong(key, expected: "0 or 1") }
    return number == 0 ? .first : .second
  }

  func missing(_ key: String) -> UserError {
    let names = members.keys.filter { $0 != key }
    let state = members[key] == nil ? "is missing" : "is null"
    return UserError(
      "the field `\(key)` \(state)", at: location,
      because: "the row has \(names.sorted().map { "`\($0)`" }.joined(separator: ", "))",
      advice: nearestName(to: key, among: names.sorted()).map { "is `\($0)` a misspelling of it?" }
        ?? "complete the row, or remove it",
      exitCode: .badData)
  }

  func wrong(_ key: String, expected: String) -> UserError {
    UserError(
      "the field `\(key)` has a wrong value", at: location,
      because: "expected \(expected), found \(members[key].map(Self.described) ?? "nothing")",
      advice: "correct the row",
      exitCode: .badData)
  }

  /// A value as a message shows it.
  static func described(_ value: JSONValue) -> String {
    switch value {
    case .null: return "null"
    case .bool(let value): return "\(value)"
    case .number(let value): return value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    case .string(let value):
      return value.count <= 24 ? "the string \"\(value)\"" : "the string \"\(value.prefix(24))…\""
    case .array: return "a list"
    case .object: return "an object"
    }
  }
}
