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
  /// - Throws: ``UserError`` (65) naming the key, where it stands, and the nearest known one.
  package func refuseUnknownKeys<Key: CodingKey & CaseIterable>(_ type: Key.Type) throws {
    let known = Key.allCases.map(\.stringValue)
    for key in try container(keyedBy: AnyKey.self).allKeys.map(\.stringValue).sorted() where !known.contains(key) {
      throw UserError(
        "unknown key `\(key)`", at: place(codingPath), advice: suggestion(for: key, among: known),
        exitCode: .badData)
    }
  }
}

extension KeyedDecodingContainer {
  /// One of an enumeration's names, nil when the key is absent or null.
  ///
  /// - Throws: ``UserError`` (65) for an unknown name, with the nearest one.
  package func decodeName<Name: CaseIterable & RawRepresentable<String>>(
    _ type: Name.Type, forKey key: Key
  ) throws -> Name? {
    try decodeIfPresent(String.self, forKey: key).map { try named($0, at: codingPath + [key]) }
  }

  /// A list of an enumeration's names, nil when the key is absent or null.
  package func decodeNames<Name: CaseIterable & RawRepresentable<String>>(
    _ type: Name.Type, forKey key: Key
  ) throws -> [Name]? {
    try decodeIfPresent([String].self, forKey: key).map { try $0.map { try named($0, at: codingPath + [key]) } }
  }
}

private func named<Name: CaseIterable & RawRepresentable<String>>(
  _ text: String, at path: [any CodingKey]
) throws -> Name {
  if let name = Name(rawValue: text) { return name }
  throw UserError(
    "unknown name `\(text)`", at: place(path), advice: suggestion(for: text, among: Name.allCases.map(\.rawValue)),
    exitCode: .badData)
}

/// A coding path as a message shows it, such as `data.split.by`; nil at the top.
private func place(_ path: [any CodingKey]) -> String? {
  path.isEmpty ? nil : "`\(path.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: "."))`"
}
