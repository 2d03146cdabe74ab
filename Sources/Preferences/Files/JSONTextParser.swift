import Basics

/// What is wrong with a JSON text, and the byte where it is.
struct JSONSyntaxError: Error, Equatable {
  var offset: Int
  var reason: String
  var isEncoding = false
}

/// A strict JSON parser (RFC 8259) that knows where it is and is bounded in depth.
///
/// Data files are read with it and not with Foundation's decoder because a reader of a hundred thousand lines wants to be told the
/// column, because a repeated key or a half surrogate must not pass silently, and for speed.
struct JSONTextParser {
  static let maximalDepth = 64

  private let bytes: [UInt8]
  private(set) var position: Int
  private let end: Int

  init(_ bytes: [UInt8], in range: Range<Int>) {
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
  }

  /// The next byte that is not white space, or nil at the end.
  mutating func peek() -> UInt8? {
    while position < end {
      switch bytes[position] {
      case 0x20, 0x09, 0x0a, 0x0d: position += 1
      case let byte: return byte
      }
    }
    return nil
  }

  /// Consumes `byte` if it comes next.
  mutating func skip(_ byte: Character) -> Bool {
    guard let ascii = byte.asciiValue, peek() == ascii else { return false }
    position += 1
    return true
  }

  func failure(_ reason: String) -> JSONSyntaxError { JSONSyntaxError(offset: position, reason: reason) }

  mutating func value(depth: Int = 0) throws(JSONSyntaxError) -> JSONValue {
    guard depth < Self.maximalDepth else { throw failure("nested more than \(Self.maximalDepth) deep") }
    switch peek() {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    case UInt8(ascii: "-"), .some(0x30...0x39): return .number(try number())
    case nil: throw failure("the text ends where a value is expected")
    default: throw failure("a value is expected")
    }
  }

  private mutating func object(depth: Int) throws(JSONSyntaxError) -> JSONValue {
    position += 1
    var members: [String: JSONValue] = [:]
    if skip("}") { return .object(members) }
    repeat {
      guard peek() == UInt8(ascii: "\"") else { throw failure("a key in double quotes is expected") }
      let start = position
      let key = try string()
      guard skip(":") else { throw failure("a colon is expected after the key `\(key)`") }
      if members.updateValue(try value(depth: depth + 1), forKey: key) != nil {
        throw JSONSyntaxError(offset: start, reason: "the key `\(key)` appears twice")
      }
    } while skip(",")
    guard skip("}") else { throw failure(unclosed("object", "}")) }
    return .object(members)
  }

  private mutating func array(depth: Int) throws(JSONSyntaxError) -> JSONValue {
    position += 1
    var elements: [JSONValue] = []
    if skip("]") { return .array(elements) }
    repeat { elements.append(try value(depth: depth + 1)) } while skip(",")
    guard skip("]") else { throw failure(unclosed("list", "]")) }
    return .array(elements)
  }

  private mutating func unclosed(_ what: String, _ bracket: String) -> String {
    peek() == nil
      ? "the text ends inside \(what == "object" ? "an" : "a") \(what)" : "a comma or `\(bracket)` is expected"
  }

  private mutating func literal(_ word: StaticString, _ value: JSONValue) throws(JSONSyntaxError) -> JSONValue {
    let letters = Array(word.description.utf8)
    guard end - position >= letters.count, bytes[position..<position + letters.count].elementsEqual(letters) else {
      throw failure("a value is expected")
    }
    position += letters.count
    return value
  }

  private mutating func number() throws(JSONSyntaxError) -> Double {
    let start = position
    func isDigit(_ at: Int) -> Bool { at < end && bytes[at] >= 0x30 && bytes[at] <= 0x39 }
    var cursor = position
    if bytes[cursor] == UInt8(ascii: "-") { cursor += 1 }
    guard isDigit(cursor) else { throw failure("a digit is expected") }
    if bytes[cursor] == UInt8(ascii: "0"), isDigit(cursor + 1) { throw failure("a number may not begin with 0") }
    while isDigit(cursor) { cursor += 1 }
    if cursor < end, bytes[cursor] == UInt8(ascii: ".") {
      cursor += 1
      guard isDigit(cursor) else { throw failure("a digit is expected after the decimal point") }
      while isDigit(cursor) { cursor += 1 }
    }
    if cursor < end, bytes[cursor] | 0x20 == UInt8(ascii: "e") {
      cursor += 1
      if cursor < end, bytes[cursor] == UInt8(ascii: "+") || bytes[cursor] == UInt8(ascii: "-") { cursor += 1 }
      guard isDigit(cursor) else { throw failure("a digit is expected in the exponent") }
      while isDigit(cursor) { cursor += 1 }
    }
    guard let value = Double(String(decoding: bytes[start..<cursor], as: UTF8.self)), value.isFinite else {
      throw failure("a number too large to hold")
    }
    position = cursor
    return value
  }

  private mutating func string() throws(JSONSyntaxError) -> String {
    position += 1
    var start = position
    var unescaped: [UInt8] = []
    while position < end {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        let tail = bytes[start..<position]
        let whole = unescaped.isEmpty ? String(validating: tail, as: UTF8.self) : validated(unescaped + tail)
        guard let whole else {
          throw JSONSyntaxError(offset: position, reason: "the string that ends here is not UTF-8", isEncoding: true)
        }
        position += 1
        return whole
      case UInt8(ascii: "\\"):
        unescaped += bytes[start..<position]
        unescaped += Array(String(try escape()).utf8)
        start = position
      case 0..<0x20: throw failure("a control character inside a string must be escaped")
      default: position += 1
      }
    }
    throw failure("the text ends inside a string")
  }

  private func validated(_ bytes: [UInt8]) -> String? { String(validating: bytes, as: UTF8.self) }

  /// Consumes a backslash and what follows it.
  private mutating func escape() throws(JSONSyntaxError) -> Unicode.Scalar {
    guard position + 1 < end else { throw failure("the text ends inside a string") }
    let letter = bytes[position + 1]
    if letter == UInt8(ascii: "u") { return try unicodeEscape() }
    guard let scalar = Self.escapes[letter] else { throw failure("unknown escape in a string") }
    position += 2
    return scalar
  }

  private mutating func unicodeEscape() throws(JSONSyntaxError) -> Unicode.Scalar {
    let high = try hexadecimal()
    if let scalar = Unicode.Scalar(high) { return scalar }
    guard high < 0xdc00, position + 1 < end, bytes[position] == UInt8(ascii: "\\"),
      bytes[position + 1] == UInt8(ascii: "u")
    else { throw failure("half of a surrogate pair") }
    let low = try hexadecimal()
    guard (0xdc00...0xdfff).contains(low), let scalar = Unicode.Scalar(0x10000 + (high - 0xd800) << 10 + (low - 0xdc00))
    else { throw failure("half of a surrogate pair") }
    return scalar
  }

  /// Consumes `\uXXXX`.
  private mutating func hexadecimal() throws(JSONSyntaxError) -> UInt32 {
    guard end - position >= 6 else { throw failure("four hexadecimal digits are expected after \\u") }
    var value: UInt32 = 0
    for byte in bytes[position + 2..<position + 6] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
        throw failure("four hexadecimal digits are expected after \\u")
      }
      value = value << 4 | UInt32(digit)
    }
    position += 6
    return value
  }

  private static let escapes: [UInt8: Unicode.Scalar] = [
    0x22: "\"", 0x5c: "\\", 0x2f: "/", 0x62: "\u{8}", 0x66: "\u{c}", 0x6e: "\n", 0x72: "\r", 0x74: "\t",
  ]
}
