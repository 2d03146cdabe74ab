import Basics

/// A reading position in a GGUF file; every read is checked against the end of the file.
struct GGUFCursor {
  let file: MappedFile
  private(set) var position: Int
  /// What is being read, for messages: "header", "key `general.name`".
  var part: String

  init(_ file: MappedFile, at position: Int = 0, part: String) {
    self.file = file
    self.position = position
    self.part = part
  }

  var remaining: Int { file.count - position }

  /// Moves over `count` bytes.
  mutating func skip(_ count: Int) throws {
    guard count >= 0, count <= remaining else {
      throw file.error(
        "the file ends too early", in: part,
        because: "\(count) bytes are needed at offset \(position) and the file has \(file.count)",
        advice: "the file is truncated or damaged: fetch it again")
    }
    position += count
  }

  /// A little-endian integer.
  mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type) throws -> Value {
    let start = position
    let size = MemoryLayout<Value>.size
    try skip(size)
    let bytes = file.data.span
    var value: Value = 0
    for i in 0..<size { value |= Value(truncatingIfNeeded: bytes[start + i]) << Value(8 * i) }
    return value
  }

  /// A 64-bit count that cannot exceed what is left of the file.
  ///
  /// - Parameter smallest: the fewest bytes one counted thing takes.
  mutating func count(of what: String, smallest: Int) throws -> Int {
    let value = try integer(UInt64.self)
    guard value <= UInt64(remaining / smallest) else {
      throw file.error(
        "impossible number of \(what)", in: part,
        because: "\(value) \(what) need at least \(smallest) bytes each and \(remaining) bytes are left",
        advice: "the file is truncated, damaged or not what it claims to be: fetch it again")
    }
    return Int(value)
  }

  /// A length-prefixed UTF-8 string of at most `limit` bytes.
  mutating func string(limit: Int = .max) throws -> String {
    let length = try count(of: "string bytes", smallest: 1)
    guard length <= limit else {
      throw file.error("a name is too long", in: part, because: "\(length) bytes, at most \(limit) are allowed")
    }
    let start = position
    try skip(length)
    guard let text = String(validating: file.data[start..<start + length], as: UTF8.self) else {
      throw file.error("a string is not valid UTF-8", in: part, because: "bytes \(start)..<\(start + length)")
    }
    return text
  }

  /// A metadata value of the given type.
  mutating func value(_ type: GGUFValueType) throws -> GGUFValue {
    switch type {
    case .uint8: .unsigned(UInt64(try integer(UInt8.self)))
    case .int8: .signed(Int64(try integer(Int8.self)))
    case .uint16: .unsigned(UInt64(try integer(UInt16.self)))
    case .int16: .signed(Int64(try integer(Int16.self)))
    case .uint32: .unsigned(UInt64(try integer(UInt32.self)))
    case .int32: .signed(Int64(try integer(Int32.self)))
    case .uint64: .unsigned(try integer(UInt64.self))
    case .int64: .signed(try integer(Int64.self))
    case .float32: .float(Double(Float(bitPattern: try integer(UInt32.self))))
    case .float64: .float(Double(bitPattern: try integer(UInt64.self)))
    case .bool: .bool(try boolean())
    case .string: .string(try string())
    case .array: .array(try array())
    }
  }

  /// A type number.
  mutating func valueType() throws -> GGUFValueType {
    let number = try integer(UInt32.self)
    guard let type = GGUFValueType(rawValue: number) else {
      throw file.error("unknown metadata type \(number)", in: part, because: "types are numbered 0 to 12")
    }
    return type
  }

  private mutating func boolean() throws -> Bool {
    let byte = try integer(UInt8.self)
    guard byte <= 1 else { throw file.error("a truth value is neither 0 nor 1", in: part, because: "it is \(byte)") }
    return byte == 1
  }

  /// Reads an array's header and moves over its elements, checking that they lie inside the file.
  private mutating func array() throws -> GGUFArray {
    let type = try valueType()
    if type == .array { throw file.error("arrays of arrays are not supported", in: part) }
    let count = try count(of: "array elements", smallest: type.smallestSize)
    let array = GGUFArray(elementType: type, count: count, offset: position)
    if let size = type.fixedSize {
      try skip(count * size)
    } else {
      for _ in 0..<count { try skip(try self.count(of: "string bytes", smallest: 1)) }
    }
    return array
  }
}
