import Basics

/// A coding key for whatever a person wrote.
private struct AnyKey: CodingKey {
  let stringValue: String
  let intValue: Int? = nil
  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

extension Decoder {
  /// Refuses a key that the type does not have: `Decodable` would ignore a misspelt setting and silently run its default.
  ///
  /// - Throws: ``UserError`` (64) naming the key, where it stands, and the nearest known one.
  package func refuseUnknownKeys<Key: CodingKey & CaseIterable>(_ type: Key.Type) throws {
    let known = Key.allCases.map(\.stringValue)
    for key in try container(keyedBy: AnyKey.self).allKeys.map(\.stringValue).sorted() where !known.contains(key) {
      let path = codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
      throw UserError(
        "unknown key `\(key)`", at: path.isEmpty ? nil : "`\(path)`", advice: suggestion(for: key, among: known),
        exitCode: .usage)
    }
  }
}
