/// A canonical prefix code of DEFLATE: code lengths 1…15, shorter codes first, ties by symbol.
///
/// Codes of at most ``fastBits`` bits are found in one look-up, longer ones by counting down the lengths.
/// Source: RFC 1951 §3.2.2.
struct HuffmanTable {
  static let fastBits = 10
  static let maxBits = 15

  /// Number of codes of each length [16].
  private var counts: [Int]
  /// Symbols in code order.
  private var symbols: [UInt16]
  /// [2^fastBits], indexed by the next bits of the stream (first bit lowest): symbol << 4 | length, or 0 when the code is longer.
  private var fast: [UInt16]

  /// - Parameter lengths: the code length of every symbol, 0 for a symbol without a code.
  /// - Returns: nil when the lengths describe no prefix code: too many codes, or an incomplete set of more than one code.
  init?(lengths: some Collection<UInt8>) {
    counts = [Int](repeating: 0, count: Self.maxBits + 1)
    for length in lengths { counts[Int(length)] += 1 }
    let used = lengths.count - counts[0]
    counts[0] = 0
    var free = 1
    for length in 1...Self.maxBits {
      free = free << 1 - counts[length]
      if free < 0 { return nil }
    }
    // One code of one bit is allowed although it leaves half the space unused; no code at all serves a block without matches.
    if free > 0, used > 1 || (used == 1 && counts[1] != 1) { return nil }

    var offsets = [Int](repeating: 0, count: Self.maxBits + 2)
    var firstCodes = [Int](repeating: 0, count: Self.maxBits + 2)
    for length in 1...Self.maxBits {
      offsets[length + 1] = offsets[length] + counts[length]
      firstCodes[length + 1] = (firstCodes[length] + counts[length]) << 1
    }
    symbols = [UInt16](repeating: 0, count: used)
    fast = [UInt16](repeating: 0, count: 1 << Self.fastBits)
    for (symbol, length) in lengths.enumerated() where length > 0 {
      let bits = Int(length)
      symbols[offsets[bits]] = UInt16(symbol)
      offsets[bits] += 1
      let code = firstCodes[bits]
      firstCodes[bits] += 1
      guard bits <= Self.fastBits else { continue }
      let first = reversed(code, bits: bits)
      for index in stride(from: first, to: fast.count, by: 1 << bits) {
        fast[index] = UInt16(symbol) << 4 | UInt16(length)
      }
    }
  }

  /// The symbol that the next bits spell, and how many bits it took; nil when they spell none.
  ///
  /// - Parameter bits: the next `HuffmanTable.maxBits` bits of the stream, the first bit lowest.
  func symbol(for bits: Int) -> (symbol: Int, length: Int)? {
    let entry = fast[bits & (1 << Self.fastBits - 1)]
    if entry != 0 { return (Int(entry >> 4), Int(entry & 15)) }
    var code = 0
    var first = 0
    var index = 0
    for length in 1...Self.maxBits {
      code |= bits >> (length - 1) & 1
      let count = counts[length]
      if code - first < count { return (Int(symbols[index + code - first]), length) }
      index += count
      first = (first + count) << 1
      code <<= 1
    }
    return nil
  }
}

private func reversed(_ code: Int, bits: Int) -> Int {
  var result = 0
  for bit in 0..<bits { result |= (code >> bit & 1) << (bits - 1 - bit) }
  return result
}
