import Basics
import Synchronization

/// A byte-level byte-pair tokenizer: text to token ids and back.
///
/// Text that a person or a data file supplies never becomes a special token, whatever it spells: those come only from a
/// ``ChatTemplate``.
public struct Tokenizer: Sendable {
  public let preTokenizer: PreTokenizer
  /// Every token as the vocabulary spells it, by id; nil where an id is unused.
  public let tokens: [String?]
  /// Tokens that mark structure, such as `<|im_end|>`.
  public let specialTokens: [String: Int32]
  /// Whole strings that are one token wherever they occur in text.
  public let wholeTokens: [String: Int32]
  public let beginningOfText: Int32?
  public let endOfText: Int32?
  public let padding: Int32?
  /// SHA-256 of everything that decides ids.
  public let digest: String

  /// The pairs merged, lowest rank first.
  let mergePairs: [(left: Int32, right: Int32)]
  /// The bytes of every token, by id.
  private let tokenBytes: [[UInt8]]
  private let encoder: BytePairEncoder
  private let cache = PieceCache()

  public var vocabularySize: Int { tokens.count }

  /// The ids of text, in which nothing is a special token.
  public func encode(_ text: String) -> [Int32] {
    if wholeTokens.isEmpty { return encodePlain(text) }
    return splitting(text, at: wholeTokens).flatMap { part in
      switch part {
      case .token(let id): [id]
      case .text(let text): encodePlain(text)
      }
    }
  }

  /// The bytes that ids stand for; special tokens are spelt out when `special` says so, else left out.
  ///
  /// - Precondition: every id is in the vocabulary.
  public func bytes(of ids: some Sequence<Int32>, special: Bool = false) -> [UInt8] {
    var result: [UInt8] = []
    for id in ids {
      precondition(tokens.indices.contains(Int(id)), "token \(id) of a vocabulary of \(tokens.count)")
      if special || !specialIDs.contains(id) { result += tokenBytes[Int(id)] }
    }
    return result
  }

  /// The text of ids. Bytes that are not valid UTF-8, as at a cut inside a character, become U+FFFD.
  public func decode(_ ids: some Sequence<Int32>, special: Bool = false) -> String {
    String(decoding: bytes(of: ids, special: special), as: UTF8.self)
  }

  private let specialIDs: Set<Int32>

  private func encodePlain(_ text: String) -> [Int32] {
    let bytes = Array(text.utf8)
    let pieces = preTokenizer.pieces(of: text)
    return cache.withEntries { entries in
      var ids: [Int32] = []
      for range in pieces {
        let piece = bytes[range]
        if let known = entries[piece] {
          ids += known
          continue
        }
        let encoded = encoder.encode(piece)
        ids += encoded
        if piece.count <= 64, entries.count < 1 << 16 { entries[ArraySlice(Array(piece))] = encoded }
      }
      return ids
    }
  }

  init(_ parts: TokenizerParts, source: String) throws {
    preTokenizer = parts.preTokenizer
    tokens = parts.tokens
    specialTokens = parts.special
    specialIDs = Set(parts.special.values)
    wholeTokens = parts.whole
    beginningOfText = parts.beginningOfText
    endOfText = parts.endOfText
    padding = parts.padding
    let added = specialIDs.union(parts.whole.values)
    tokenBytes = parts.tokens.enumerated().map { id, token in
      guard let token else { return [] }
      return (added.contains(Int32(id)) ? nil : ByteAlphabet.bytes(of: token)) ?? Array(token.utf8)
    }
    let table = try parts.mergeTable(source: source)
    mergePairs = table.pairs
    encoder = BytePairEncoder(byteTokens: table.byteTokens, merges: table.merges)
    digest = parts.digest
  }
}

/// The ids of pieces met before; words repeat.
private final class PieceCache: Sendable {
  private let entries = Mutex<[ArraySlice<UInt8>: [Int32]]>([:])

  func withEntries<Result: Sendable>(_ body: (inout sending [ArraySlice<UInt8>: [Int32]]) -> sending Result) -> Result {
    entries.withLock(body)
  }
}
