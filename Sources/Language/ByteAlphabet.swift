/// The byte-level alphabet: one printable character for each of the 256 bytes, in which vocabularies spell their tokens.
///
/// Bytes that are printable Latin-1 characters stand for themselves; the other 68 map to U+0100 upward, in order.
///
/// Source: Radford et al. 2019, GPT-2 `encoder.py`, `bytes_to_unicode`.
enum ByteAlphabet {
  /// Byte to its character, [256].
  static let characters: [Unicode.Scalar] = {
    var next: UInt32 = 0x100
    return (0..<256).map { byte in
      switch byte {
      case 33...126, 161...172, 174...255: return Unicode.Scalar(UInt32(byte))!
      default:
        next += 1
        return Unicode.Scalar(next - 1)!
      }
    }
  }()

  /// Character to its byte, by the character's number, [324]; -1 where there is none.
  private static let bytes: [Int16] = {
    var table = [Int16](repeating: -1, count: 0x144)
    for (byte, character) in characters.enumerated() { table[Int(character.value)] = Int16(byte) }
    return table
  }()

  /// The bytes a token stands for, or nil when a character is outside the alphabet.
  static func bytes(of token: String) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(token.utf8.count)
    for scalar in token.unicodeScalars {
      guard scalar.value < 0x144, bytes[Int(scalar.value)] >= 0 else { return nil }
      result.append(UInt8(bytes[Int(scalar.value)]))
    }
    return result
  }
}
