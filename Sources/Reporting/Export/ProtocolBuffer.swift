/// A message in protocol-buffer encoding, built field by field.
///
/// Source: protobuf.dev/programming-guides/encoding: a field is (number << 3 | wire type), then a varint, 8 or 4 little-endian bytes,
/// or a length and that many bytes.
struct ProtocolBuffer {
  private(set) var bytes: [UInt8] = []

  mutating func add(_ field: Int, varint value: Int) {
    append(varint: field << 3)
    append(varint: value)
  }

  mutating func add(_ field: Int, double value: Double) {
    append(varint: field << 3 | 1)
    appendLittleEndian(value.bitPattern)
  }

  mutating func add(_ field: Int, float value: Float) {
    append(varint: field << 3 | 5)
    appendLittleEndian(value.bitPattern)
  }

  mutating func add(_ field: Int, bytes value: some Collection<UInt8>) {
    append(varint: field << 3 | 2)
    append(varint: value.count)
    bytes += value
  }

  mutating func add(_ field: Int, text: String) { add(field, bytes: text.utf8) }

  mutating func add(_ field: Int, message build: (inout ProtocolBuffer) -> Void) {
    var inner = ProtocolBuffer()
    build(&inner)
    add(field, bytes: inner.bytes)
  }

  mutating func appendLittleEndian(_ value: some FixedWidthInteger) {
    for byte in 0..<(value.bitWidth / 8) { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
  }

  private mutating func append(varint value: Int) {
    var rest = UInt64(bitPattern: Int64(value))
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
