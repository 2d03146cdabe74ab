import Basics

/// How text is cut into pieces before byte-pair merges, which never cross a cut.
///
/// Both are the sequence of alternatives that GPT-2 states as a regular expression, first match wins:
///
///     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
///
/// Source: GPT-2 `encoder.py`; Hugging Face tokenizers `ByteLevel` and `Digits`; llama.cpp `LLAMA_VOCAB_PRE_TYPE_SMOLLM`.
public enum PreTokenizer: String, CaseIterable, Sendable {
  case gpt2
  /// Every numeric character (Nd, Nl, No) is a piece of its own, cut out before GPT-2's rule sees the text between.
  case smollm

  /// Byte ranges of the pieces of UTF-8 text, in order, without gaps.
  func pieces(of text: String) -> [Range<Int>] {
    var scanner = Scanner(text, isolateNumbers: self == .smollm)
    return scanner.pieces()
  }
}

/// What the rule tells apart.
private enum Kind: UInt8 {
  case letter, number, space, apostrophe, other

  /// The Unicode version of the reference's `\p{L}` and `\p{N}`; later characters are neither, whatever Unicode this system has.
  private static let unicodeVersion = 16

  /// - Parameter anyNumber: numbers of all Unicode versions count, as in the reference's `Digits`.
  init(_ scalar: Unicode.Scalar, anyNumber: Bool) {
    switch scalar.value {
    case 0x20, 0x09...0x0d: self = .space
    case 0x27: self = .apostrophe
    case 0x30...0x39: self = .number
    case 0x41...0x5a, 0x61...0x7a: self = .letter
    case ..<0x80: self = .other
    default:
      let properties = scalar.properties
      let isLater = (properties.age?.major ?? 0) > Self.unicodeVersion
      switch properties.generalCategory {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
        self = isLater ? .other : .letter
      case .decimalNumber, .letterNumber, .otherNumber: self = isLater && !anyNumber ? .other : .number
      default: self = properties.isWhitespace ? .space : .other
      }
    }
  }
}

private struct Scanner {
  let scalars: [Unicode.Scalar]
  let kinds: [Kind]
  let isolateNumbers: Bool

  init(_ text: String, isolateNumbers: Bool) {
    scalars = Array(text.unicodeScalars)
    kinds = scalars.map { Kind($0, anyNumber: isolateNumbers) }
    self.isolateNumbers = isolateNumbers
  }

  mutating func pieces() -> [Range<Int>] {
    var pieces: [Range<Int>] = []
    var start = 0
    var byte = 0
    while start < scalars.count {
      let end = pieceEnd(from: start)
      let size = scalars[start..<end].reduce(0) { $0 + UTF8.width($1) }
      pieces.append(byte..<byte + size)
      byte += size
      start = end
    }
    return pieces
  }

  private func pieceEnd(from start: Int) -> Int {
    switch kinds[start] {
    case .letter: return runEnd(of: .letter, from: start)
    case .number: return isolateNumbers ? start + 1 : runEnd(of: .number, from: start)
    case .other: return otherEnd(from: start)
    case .apostrophe: return contractionEnd(from: start) ?? otherEnd(from: start)
    case .space: return spaceEnd(from: start)
    }
  }

  private func runEnd(of kind: Kind, from start: Int) -> Int {
    var end = start
    while end < kinds.count, kinds[end] == kind { end += 1 }
    return end
  }

  private func otherEnd(from start: Int) -> Int {
    var end = start
    while end < kinds.count, kinds[end] == .other || kinds[end] == .apostrophe { end += 1 }
    return end
  }

  /// The end of 's 't 'm 'd 're 've 'll, lower case only.
  private func contractionEnd(from start: Int) -> Int? {
    guard start + 1 < scalars.count else { return nil }
    switch scalars[start + 1] {
    case "s", "t", "m", "d": return start + 2
    case "r", "v": return start + 2 < scalars.count && scalars[start + 2] == "e" ? start + 3 : nil
    case "l": return start + 2 < scalars.count && scalars[start + 2] == "l" ? start + 3 : nil
    default: return nil
    }
  }

  /// A space belongs to the word after it; of a longer run, the last character is left for the next piece, unless the text ends.
  private func spaceEnd(from start: Int) -> Int {
    let end = runEnd(of: .space, from: start)
    // A number cut out beforehand ends the text that GPT-2's rule sees.
    if end == kinds.count || (isolateNumbers && kinds[end] == .number) { return end }
    if end - start > 1 { return end - 1 }
    if scalars[start] != " " { return end }
    switch kinds[end] {
    case .letter: return runEnd(of: .letter, from: end)
    case .number: return runEnd(of: .number, from: end)
    default: return otherEnd(from: end)
    }
  }
}
