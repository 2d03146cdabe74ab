import Basics
import Preferences
import Testing

@Suite struct GzipTests {
  private static let lines = (0..<200).map { "line \($0 * $0): the quick brown fox\n" }.joined()

  @Test func `every block type, header field and member of zlib's files is read`() throws {
    let cases: [([UInt8], String)] = [
      (GzipFixtures.stored, "stored, not compressed"),
      (GzipFixtures.fixed, String(repeating: "abc", count: 8) + "!"),
      (GzipFixtures.dynamic, Self.lines),
      (GzipFixtures.headerFields, "header"),
      (GzipFixtures.twoMembers, "first,second"),
      (GzipFixtures.empty, ""),
      (GzipFixtures.fixed + [0, 0, 0], String(repeating: "abc", count: 8) + "!"),
    ]
    for (bytes, text) in cases {
      #expect(String(decoding: try Gzip.decompress(bytes, limit: 1 << 20), as: UTF8.self) == text)
    }
  }

  @Test func `CRC-32 has its published check value`() {
    #expect(crc32(Array("123456789".utf8)) == 0xcbf4_3926)
    #expect(crc32([]) == 0)
  }

  @Test func `a file cut anywhere is an error`() {
    for bytes in [GzipFixtures.stored, GzipFixtures.fixed, GzipFixtures.dynamic, GzipFixtures.headerFields] {
      for count in 2..<bytes.count {
        #expect(throws: GzipError.truncated, "cut to \(count) bytes") {
          try Gzip.decompress(Array(bytes.prefix(count)), limit: 1 << 20)
        }
      }
    }
  }

  @Test func `content, length and checksum are verified`() {
    for offset in 1...8 {
      var bytes = GzipFixtures.dynamic
      bytes[bytes.count - offset] ^= 1
      #expect(throws: GzipError.checksumMismatch) { try Gzip.decompress(bytes, limit: 1 << 20) }
    }
    #expect(throws: GzipError.self) { try Gzip.decompress(GzipFixtures.fixed + [7], limit: 1 << 20) }
    #expect(throws: GzipError.notGzip) { try Gzip.decompress(Array("{}".utf8), limit: 1 << 20) }
  }

  @Test func `a limit stops a file that grows too large`() throws {
    let size = Self.lines.utf8.count
    #expect(try Gzip.decompress(GzipFixtures.dynamic, limit: size).count == size)
    #expect(throws: GzipError.tooLarge(limit: size - 1)) {
      try Gzip.decompress(GzipFixtures.dynamic, limit: size - 1)
    }
    #expect(throws: GzipError.tooLarge(limit: 3)) { try Gzip.decompress(GzipFixtures.stored, limit: 3) }
  }

  @Test func `the reserved block type and a match before the beginning are refused`() {
    let header: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
    let trailer = [UInt8](repeating: 0, count: 8)
    #expect(throws: GzipError.corrupt("unknown block type 3")) {
      try Gzip.decompress(header + [0b111, 0] + trailer, limit: 1000)
    }
    // Last block, fixed code, length symbol 257 (0000001), distance symbol 0 (00000): three bytes back from nothing.
    #expect(throws: GzipError.corrupt("a match that starts before the beginning")) {
      try Gzip.decompress(header + [0b0000_0011, 0b0000_0010, 0] + trailer, limit: 1000)
    }
  }

  @Test func `damaged files end in an error or in content with the right checksum, never in a crash`() {
    var random = SeedTree(11).generator()
    let originals = [
      GzipFixtures.stored, GzipFixtures.fixed, GzipFixtures.dynamic, GzipFixtures.headerFields, GzipFixtures.twoMembers,
    ]
    var refused = 0
    for _ in 0..<20_000 {
      var bytes = originals[random.below(originals.count)]
      for _ in 0...random.below(4) {
        switch random.below(3) {
        case 0: bytes[random.below(bytes.count)] ^= UInt8(1 << random.below(8))
        case 1: bytes[random.below(bytes.count)] = UInt8(random.below(256))
        default: bytes.removeLast(random.below(min(8, bytes.count - 2)))
        }
      }
      if (try? Gzip.decompress(bytes, limit: 1 << 16)) == nil { refused += 1 }
    }
    #expect(refused > 15_000)
  }

  @Test func `random DEFLATE streams never crash the decoder`() {
    var random = SeedTree(12).generator()
    let header: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
    for _ in 0..<20_000 {
      var body = (0..<random.below(80)).map { _ in UInt8(random.below(256)) }
      if !body.isEmpty { body[0] = body[0] & 0xf8 | 0b101 }
      #expect(throws: GzipError.self) { try Gzip.decompress(header + body, limit: 1 << 12) }
    }
  }
}
