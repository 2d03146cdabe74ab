import Basics

/// A JSON document of a file that this program did not write: members in order, keys compared byte for byte, integers exact.
package enum JSONTree: Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONTree])
  case object([(key: String, value: JSONTree)])

  /// Parses a whole document, strictly: duplicate keys, trailing text and more than 64 levels are errors.
  ///
  /// - Throws: ``UserError`` naming `source` and the byte.
  package init(_ bytes: Span<UInt8>, source: String) throws {
    var parser = JSONTreeParser(source: source)
    self = try parser.document(bytes)
  }

  /// The member of that name, spelt with the same bytes.
  package subscript(key: String) -> JSONTree? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key.utf8.elementsEqual(key.utf8) }?.value
  }

  package var isNull: Bool { if case .null = self { true } else { false } }
  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  package var integer: Int? { if case .integer(let value) = self { value } else { nil } }
  package var string: String? { if case .string(let value) = self { value } else { nil } }
  package var array: [JSONTree]? { if case .array(let value) = self { value } else { nil } }
  package var object: [(key: String, value: JSONTree)]? { if case .object(let value) = self { value } else { nil } }

  /// The value of a number of either kind.
  package var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
}
