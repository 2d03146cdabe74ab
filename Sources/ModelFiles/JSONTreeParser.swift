import Basics

/// A recursive-descent JSON parser (RFC 8259) over bytes.
struct JSONTreeParser {
  let source: String
  private var position = 0
  private var depth = 0

  init(source: String) { self.source = source }

  mutating func document(_ bytes: Span<UInt8>) throws -> JSONTree {
    let value = try value(bytes)
    skipSpace(bytes)
    if position < bytes.count { throw error("text after the end of the document") }
    return value
  }

  private func error(_ what: String) -> UserError {
    UserError(
      "not valid JSON", at: "\(source), byte \(position)", because: what,
      advice: "the file is truncated or damaged: get it again", exitCode: .badData)
  }

  private func peek(_ bytes: Span<UInt8>) throws -> UInt8 {
    guard position < bytes.count else { throw error("the text ends too early") }
    return bytes[position]
  }

  private mutating func skipSpace(_ bytes: Span<UInt8>) {
    while position < bytes.count, [0x20, 0x0a, 0x0d, 0x09].contains(bytes[position]) { position += 1 }
  }

  private mutating func expect(_ byte: UInt8, _ bytes: Span<UInt8>) throws {
    guard try peek(bytes) == byte else { throw error("expected `\(Character(Unicode.Scalar(byte)))`") }
    position += 1
  }

  private mutating func value(_ bytes: Span<UInt8>) throws -> JSONTree {
    skipSpace(bytes)
    switch try peek(bytes) {
    case UInt8(ascii: "{"): return .object(try nested { try $0.members(bytes) })
    case UInt8(ascii: "["): return .array(try nested { try $0.elements(bytes) })
    case UInt8(ascii: "\""): return .string(try string(bytes))
    case UInt8(ascii: "t"): return try word("true", .bool(true), bytes)
    case UInt8(ascii: "f"): return try word("false", .bool(false), bytes)
    case UInt8(ascii: "n"): return try word("null", .null, bytes)
    default: return try number(bytes)
    }
  }

  private mutating func nested<Result>(_ body: (inout JSONTreeParser) throws -> Result) throws -> Result {
    depth += 1
    defer { depth -= 1 }
    if depth > 64 { throw error("more than 64 levels") }
    position += 1
    return try body(&self)
  }

  private mutating func members(_ bytes: Span<UInt8>) throws -> [(key: String, value: JSONTree)] {
    var members: [(key: String, value: JSONTree)] = []
    var keys: Set<[UInt8]> = []
    skipSpace(bytes)
    if try peek(bytes) == UInt8(ascii: "}") {
      position += 1
      return []
    }
    while true {
      skipSpace(bytes)
      let key = try string(bytes)
      guard keys.insert(Array(key.utf8)).inserted else { throw error("the key `\(key)` occurs twice") }
      skipSpace(bytes)
      try expect(UInt8(ascii: ":"), bytes)
      members.append((key, try value(bytes)))
      skipSpace(bytes)
      if try peek(bytes) == UInt8(ascii: "}") {
        position += 1
        return members
      }
      try expect(UInt8(ascii: ","), bytes)
    }
  }

  private mutating func elements(_ bytes: Span<UInt8>) throws -> [JSONTree] {
    var elements: [JSONTree] = []
    skipSpace(bytes)
    if try peek(bytes) == UInt8(ascii: "]") {
      position += 1
      return []
    }
    while true {
      elements.append(try value(bytes))
      skipSpace(bytes)
      if try peek(bytes) == UInt8(ascii: "]") {
        position += 1
        return elements
      }
      try expect(UInt8(ascii: ","), bytes)
    }
  }

  private mutating func word(_ text: String, _ value: JSONTree, _ bytes: Span<UInt8>) throws -> JSONTree {
    for byte in text.utf8 { try expect(byte, bytes) }
    return value
  }

  private mutating func number(_ bytes: Span<UInt8>) throws -> JSONTree {
    let start = position
    while position < bytes.count, "+-.0123456789eE".utf8.contains(bytes[position]) { position += 1 }
    var text: [UInt8] = []
    for i in start..<position { text.append(bytes[i]) }
    guard isNumber(text) else {
      position = start
      throw error("expected a value")
    }
    let digits = String(decoding: text, as: UTF8.self)
    if let integer = Int(digits) { return .integer(integer) }
    guard let number = Double(digits), number.isFinite else { throw error("a number is out of range") }
    return .number(number)
  }

  private mutating func string(_ bytes: Span<UInt8>) throws -> String {
    try expect(UInt8(ascii: "\""), bytes)
    var text: [UInt8] = []
    while true {
      let byte = try peek(bytes)
      if byte < 0x20 { throw error("a control character in a string") }
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else { throw error("a string is not valid UTF-8") }
        return string
      case UInt8(ascii: "\\"): text += try escape(bytes)
      default: text.append(byte)
      }
    }
  }

  private mutating func escape(_ bytes: Span<UInt8>) throws -> [UInt8] {
    let byte = try peek(bytes)
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [8]
    case UInt8(ascii: "f"): return [12]
    case UInt8(ascii: "n"): return [10]
    case UInt8(ascii: "r"): return [13]
    case UInt8(ascii: "t"): return [9]
    case UInt8(ascii: "u"):
      var code = try hexadecimal(bytes)
      if (0xd800..<0xdc00).contains(code) {
        guard try peek(bytes) == UInt8(ascii: "\\") else { throw error("half of a surrogate pair") }
        position += 1
        try expect(UInt8(ascii: "u"), bytes)
        let low = try hexadecimal(bytes)
        guard (0xdc00..<0xe000).contains(low) else { throw error("half of a surrogate pair") }
        code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw error("half of a surrogate pair") }
      return Array(String(Character(scalar)).utf8)
    default: throw error("an unknown escape in a string")
    }
  }

  private mutating func hexadecimal(_ bytes: Span<UInt8>) throws -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(try peek(bytes))).hexDigitValue else {
        throw error("four hexadecimal digits")
      }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }
}

/// Whether text is a number by JSON's grammar: `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`.
private func isNumber(_ text: [UInt8]) -> Bool {
  var rest = text[...]
  func digits() -> Int {
    let run = rest.prefix { (48...57).contains($0) }.count
    rest = rest.dropFirst(run)
    return run
  }
  if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
  let leadingZero = rest.first == UInt8(ascii: "0")
  let whole = digits()
  if whole == 0 || (leadingZero && whole > 1) { return false }
  if rest.first == UInt8(ascii: ".") {
    rest = rest.dropFirst()
    if digits() == 0 { return false }
  }
  if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
    rest = rest.dropFirst()
    if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
    if digits() == 0 { return false }
  }
  return rest.isEmpty
}
