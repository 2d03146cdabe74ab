/// Why compressed bytes cannot be read.
public enum GzipError: Error, Hashable, Sendable {
  case notGzip
  case truncated
  case corrupt(String)
  case checksumMismatch
  case tooLarge(limit: Int)
}

/// A bounded DEFLATE decoder: every length, distance and code is checked before it is used.
///
/// Source: RFC 1951.
package struct Inflater {
  private let input: [UInt8]
  /// The next byte to load.
  private var position: Int
  /// Loaded bits that have not been used, the next one lowest.
  private var bits: UInt64 = 0
  private var bitCount = 0
  private let limit: Int

  /// - Parameters:
  ///   - start: where the DEFLATE stream begins in `input`.
  ///   - limit: the most bytes `output` may ever hold.
  package init(_ input: [UInt8], from start: Int, limit: Int) {
    self.input = input
    position = start
    self.limit = limit
  }

  /// Appends the decoded stream to `output` and returns the position of the first byte after it.
  package mutating func decode(into output: inout [UInt8]) throws(GzipError) -> Int {
    let start = output.count
    var isLast = false
    while !isLast {
      isLast = try take(1) == 1
      switch try take(2) {
      case 0: try copyStored(into: &output)
      case 1: try decodeBlock(Self.fixedLiterals, Self.fixedDistances, into: &output, start: start)
      case 2:
        let (literals, distances) = try readTables()
        try decodeBlock(literals, distances, into: &output, start: start)
      default: throw .corrupt("unknown block type 3")
      }
    }
    return position - bitCount / 8
  }

  private mutating func refill() {
    while bitCount <= 56, position < input.count {
      bits |= UInt64(input[position]) << UInt64(bitCount)
      bitCount += 8
      position += 1
    }
  }

  private mutating func take(_ count: Int) throws(GzipError) -> Int {
    if count == 0 { return 0 }
    if bitCount < count { refill() }
    guard bitCount >= count else { throw .truncated }
    let value = Int(bits & (1 << UInt64(count) - 1))
    bits >>= UInt64(count)
    bitCount -= count
    return value
  }

  private mutating func symbol(_ table: HuffmanTable) throws(GzipError) -> Int {
    if bitCount < HuffmanTable.maxBits { refill() }
    guard let (symbol, length) = table.symbol(for: Int(bits & (1 << UInt64(HuffmanTable.maxBits) - 1))) else {
      throw bitCount < HuffmanTable.maxBits ? .truncated : .corrupt("a code that no symbol has")
    }
    guard length <= bitCount else { throw .truncated }
    bits >>= UInt64(length)
    bitCount -= length
    return symbol
  }

  private mutating func copyStored(into output: inout [UInt8]) throws(GzipError) {
    _ = try take(bitCount % 8)
    let length = try take(16)
    guard try take(16) == ~length & 0xffff else {
      throw .corrupt("a stored block's length does not match its complement")
    }
    guard output.count + length <= limit else { throw .tooLarge(limit: limit) }
    position -= bitCount / 8
    (bits, bitCount) = (0, 0)
    guard input.count - position >= length else { throw .truncated }
    output.append(contentsOf: input[position..<position + length])
    position += length
  }

  private mutating func decodeBlock(
    _ literals: HuffmanTable, _ distances: HuffmanTable, into output: inout [UInt8], start: Int
  ) throws(GzipError) {
    while true {
      let symbol = try symbol(literals)
      if symbol < 256 {
        guard output.count < limit else { throw .tooLarge(limit: limit) }
        output.append(UInt8(symbol))
        continue
      }
      if symbol == 256 { return }
      guard symbol - 257 < Self.lengthBases.count else { throw .corrupt("length symbol \(symbol)") }
      let length = Self.lengthBases[symbol - 257] + (try take(Self.lengthExtraBits[symbol - 257]))
      let code = try self.symbol(distances)
      guard code < Self.distanceBases.count else { throw .corrupt("distance symbol \(code)") }
      let distance = Self.distanceBases[code] + (try take(Self.distanceExtraBits[code]))
      guard distance <= output.count - start else { throw .corrupt("a match that starts before the beginning") }
      guard output.count + length <= limit else { throw .tooLarge(limit: limit) }
      for _ in 0..<length { output.append(output[output.count - distance]) }
    }
  }

  /// The two code tables of a dynamic block (RFC 1951 §3.2.7).
  private mutating func readTables() throws(GzipError) -> (literals: HuffmanTable, distances: HuffmanTable) {
    let literalCount = try take(5) + 257
    let distanceCount = try take(5) + 1
    let codeCount = try take(4) + 4
    guard literalCount <= 286, distanceCount <= 30 else { throw .corrupt("too many symbols in a block's header") }
    var codeLengths = [UInt8](repeating: 0, count: 19)
    for index in 0..<codeCount { codeLengths[Self.codeLengthOrder[index]] = UInt8(try take(3)) }
    guard let codes = HuffmanTable(lengths: codeLengths) else { throw .corrupt("impossible code lengths") }

    var lengths: [UInt8] = []
    while lengths.count < literalCount + distanceCount {
      let symbol = try symbol(codes)
      let (value, repeats): (UInt8, Int)
      switch symbol {
      case 0...15: (value, repeats) = (UInt8(symbol), 1)
      case 16:
        guard let last = lengths.last else { throw .corrupt("a repeat with nothing to repeat") }
        (value, repeats) = (last, 3 + (try take(2)))
      case 17: (value, repeats) = (0, 3 + (try take(3)))
      default: (value, repeats) = (0, 11 + (try take(7)))
      }
      guard lengths.count + repeats <= literalCount + distanceCount else { throw .corrupt("too many code lengths") }
      lengths.append(contentsOf: repeatElement(value, count: repeats))
    }
    guard lengths[256] > 0 else { throw .corrupt("a block without an end") }
    guard let literals = HuffmanTable(lengths: lengths[..<literalCount]),
      let distances = HuffmanTable(lengths: lengths[literalCount...])
    else { throw .corrupt("impossible code lengths") }
    return (literals, distances)
  }

  private static let codeLengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
  private static let lengthBases = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
  ]
  private static let lengthExtraBits = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
  ]
  private static let distanceBases = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
    8193, 12289, 16385, 24577,
  ]
  private static let distanceExtraBits = [
    0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
  ]
  private static let fixedLiterals = table(
    [(8, 144), (9, 112), (7, 24), (8, 8)].flatMap { [UInt8](repeating: $0.0, count: $0.1) })
  private static let fixedDistances = table([UInt8](repeating: 5, count: 32))

  private static func table(_ lengths: [UInt8]) -> HuffmanTable {
    guard let table = HuffmanTable(lengths: lengths) else { preconditionFailure("the fixed code is a prefix code") }
    return table
  }
}
