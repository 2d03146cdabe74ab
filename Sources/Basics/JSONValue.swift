import Foundation

/// A JSON document as a value, for specifications whose keys have to be checked and for canonical digests.
public enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// Parses JSON, or JSON5 (comments, trailing commas, unquoted keys).
  ///
  /// - Throws: ``UserError`` naming `source` when the text is not JSON.
  public init(parsing data: Data, json5: Bool = false, source: String) throws {
    guard data.contains(where: { !" \t\r\n".utf8.contains($0) }) else {
      throw UserError(
        "there is nothing to read", at: source, because: "the input is empty", advice: "give one JSON value",
        exitCode: .badData)
    }
    let decoder = JSONDecoder()
    decoder.allowsJSON5 = json5
    do {
      self = try decoder.decode(JSONValue.self, from: data)
    } catch {
      throw UserError(
        "not valid \(json5 ? "JSON5" : "JSON")", at: source, because: decodingReason(error),
        advice: "check quotes, commas and brackets near that place", exitCode: .badData)
    }
  }

  /// The canonical text: keys sorted, shortest round-trip numbers, no spaces. Throws on non-finite numbers.
  public func canonical() throws -> String { try canonicalJSON(self) }

  public subscript(key: String) -> JSONValue? {
    if case .object(let members) = self { return members[key] }
    return nil
  }

  public var string: String? { if case .string(let value) = self { value } else { nil } }
  public var number: Double? { if case .number(let value) = self { value } else { nil } }
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  public var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
  public var object: [String: JSONValue]? { if case .object(let value) = self { value } else { nil } }

  /// The value as a `Decodable` type.
  public func decode<T: Decodable>(_ type: T.Type) throws -> T {
    try JSONDecoder().decode(type, from: JSONEncoder().encode(self))
  }

  /// A value's JSON form.
  public init(encoding value: some Encodable) throws {
    self = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value))
  }
}

/// The stable JSON of a value: sorted keys, no escaped slashes. Throws on non-finite numbers.
public func canonicalJSON(_ value: some Encodable, pretty: Bool = false) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting =
    pretty ? [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted] : [.sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}

/// The human part of a decoding error: which key, and what was wrong with it.
public func decodingReason(_ error: any Error) -> String {
  func path(_ keys: [any CodingKey]) -> String {
    keys.isEmpty ? "" : " at `\(keys.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: "."))`"
  }
  switch error {
  case DecodingError.keyNotFound(let key, let context):
    return "the key `\(key.stringValue)` is missing\(path(context.codingPath))"
  case DecodingError.typeMismatch(let type, let context):
    return "expected \(type)\(path(context.codingPath))"
  case DecodingError.valueNotFound(let type, let context):
    return "found null where \(type) is needed\(path(context.codingPath))"
  case DecodingError.dataCorrupted(let context):
    if let underlying = context.underlyingError as NSError?,
      let detail = underlying.userInfo["NSDebugDescription"] as? String
    {
      return detail
    }
    return context.debugDescription + path(context.codingPath)
  case EncodingError.invalidValue(let value, let context):
    return "\(value) is not a finite number\(path(context.codingPath))"
  default:
    return "\(error)"
  }
}

extension JSONValue: Codable {
  public init(from decoder: any Decoder) throws {
    if let container = try? decoder.container(keyedBy: AnyKey.self) {
      self = .object(
        try container.allKeys.reduce(into: [:]) {
          $0[$1.stringValue] = try container.decode(JSONValue.self, forKey: $1)
        })
    } else if var container = try? decoder.unkeyedContainer() {
      var values: [JSONValue] = []
      while !container.isAtEnd { values.append(try container.decode(JSONValue.self)) }
      self = .array(values)
    } else {
      self = try JSONValue(leaf: decoder.singleValueContainer())
    }
  }

  private init(leaf container: any SingleValueDecodingContainer) throws {
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "the number does not fit a Double")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .array(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }
}

/// Any key of an object.
private struct AnyKey: CodingKey {
  let stringValue: String
  let intValue: Int? = nil

  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { return nil }
}
