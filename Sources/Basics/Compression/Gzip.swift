/// Reads gzip files: one or more members, each with its checksum verified.
///
/// Source: RFC 1952.
public enum Gzip {
  /// Whether the bytes begin as a gzip file does.
  public static func isGzip(_ bytes: [UInt8]) -> Bool { bytes.count >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b }

  /// The decompressed content of all members, one after the other.
  ///
  /// - Parameter limit: the most bytes to produce; a larger content is an error, so that a small hostile file cannot fill the memory.
  public static func decompress(_ bytes: [UInt8], limit: Int) throws(GzipError) -> [UInt8] {
    guard isGzip(bytes) else { throw .notGzip }
    var output: [UInt8] = []
    output.reserveCapacity(min(limit, 4 * bytes.count))
    var position = 0
    repeat {
      let start = output.count
      var inflater = Inflater(bytes, from: try endOfHeader(bytes, at: position), limit: limit)
      let end = try inflater.decode(into: &output)
      guard bytes.count - end >= 8 else { throw .truncated }
      guard little32(bytes, at: end) == crc32(output[start...]),
        little32(bytes, at: end + 4) == UInt32(truncatingIfNeeded: output.count - start)
      else { throw .checksumMismatch }
      position = end + 8
      if bytes[position...].allSatisfy({ $0 == 0 }) { return output }
    } while isGzip(Array(bytes[position...].prefix(2)))
    throw .corrupt("bytes after the end of the compressed data")
  }

  /// The position after a member's header.
  private static func endOfHeader(_ bytes: [UInt8], at start: Int) throws(GzipError) -> Int {
    guard bytes.count - start >= 10 else { throw .truncated }
    guard bytes[start + 2] == 8 else {
      throw .corrupt("compression method \(bytes[start + 2]), only 8 (DEFLATE) exists")
    }
    let flags = bytes[start + 3]
    guard flags & 0xe0 == 0 else { throw .corrupt("reserved header flags are set") }
    var position = start + 10
    if flags & 4 != 0 {
      guard bytes.count - position >= 2 else { throw .truncated }
      position += 2 + Int(bytes[position]) + Int(bytes[position + 1]) << 8
    }
    for flag in [UInt8(8), 16] where flags & flag != 0 {
      guard position < bytes.count, let zero = bytes[position...].firstIndex(of: 0) else { throw .truncated }
      position = zero + 1
    }
    if flags & 2 != 0 { position += 2 }
    guard position < bytes.count else { throw .truncated }
    return position
  }

  private static func little32(_ bytes: [UInt8], at position: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(bytes[position + $1]) << UInt32(8 * $1) }
  }
}

/// CRC-32 of ISO 3309, polynomial 0xEDB88320 reflected, as gzip stores it.
public func crc32(_ bytes: some Collection<UInt8>) -> UInt32 {
  var crc: UInt32 = 0xffff_ffff
  for byte in bytes { crc = crcTable[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ crc >> 8 }
  return ~crc
}

private let crcTable: [UInt32] = (0..<256).map { index in
  (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xedb8_8320 ^ value >> 1 : value >> 1 }
}
