import Basics

/// What a tokenizer is made of, as read from a GGUF file or a `tokenizer.json`, before it is checked.
struct TokenizerParts {
  var preTokenizer: PreTokenizer
  var tokens: [String?]
  /// Pairs of token spellings, lowest rank first.
  var merges: [(String, String)]
  var special: [String: Int32]
  var whole: [String: Int32]
  var beginningOfText: Int32?
  var endOfText: Int32?
  var padding: Int32?

  /// SHA-256 of pre-tokenizer, tokens, special ids and merges.
  var digest: String {
    var hash = SHA256()
    hash.update(Array("\(preTokenizer.rawValue)\n".utf8))
    for (id, token) in tokens.enumerated() { hash.update(Array("\(id)\t\(token ?? "")\n".utf8)) }
    for (kind, table) in [("special", special), ("whole", whole)] {
      for id in table.values.sorted() { hash.update(Array("\(kind) \(id)\n".utf8)) }
    }
    for (left, right) in merges { hash.update(Array("\(left) \(right)\n".utf8)) }
    return hash.finalize()
  }

  typealias MergeTable = (
    pairs: [(left: Int32, right: Int32)], merges: [UInt64: BytePairEncoder.Merge], byteTokens: [Int32]
  )

  /// Merges as ids, and the ids of single bytes.
  ///
  /// - Throws: ``UserError`` when a token is spelt twice, or a merge's part or result is not a token, or a merge is stated twice.
  func mergeTable(source: String) throws -> MergeTable {
    let ids = try identifiers(source: source)
    var table: MergeTable = ([], [:], [])
    table.pairs.reserveCapacity(merges.count)
    table.merges.reserveCapacity(merges.count)
    func id(_ spelling: String, _ rank: Int) throws -> Int32 {
      if let id = ids[Array(spelling.utf8)] { return id }
      throw UserError(
        "a merge names something that is not a token", at: "\(source), merge \(rank)", because: "`\(spelling)`",
        exitCode: .badData)
    }
    for (rank, pair) in merges.enumerated() {
      let left = try id(pair.0, rank)
      let right = try id(pair.1, rank)
      let merge = BytePairEncoder.Merge(rank: UInt32(rank), result: try id(pair.0 + pair.1, rank))
      guard table.merges.updateValue(merge, forKey: pairKey(left, right)) == nil else {
        throw UserError(
          "a merge is stated twice", at: "\(source), merge \(rank)", because: "`\(pair.0) \(pair.1)`",
          exitCode: .badData)
      }
      table.pairs.append((left, right))
    }
    table.byteTokens = ByteAlphabet.characters.map { ids[Array(String($0).utf8)] ?? -1 }
    return table
  }

  /// Spelling, as bytes, to id: Swift's strings compare by canonical equivalence, vocabularies do not.
  private func identifiers(source: String) throws -> [[UInt8]: Int32] {
    var ids: [[UInt8]: Int32] = [:]
    ids.reserveCapacity(tokens.count)
    for (id, token) in tokens.enumerated() {
      guard let token else { continue }
      if let other = ids.updateValue(Int32(id), forKey: Array(token.utf8)) {
        throw UserError(
          "two ids have the same token", at: "\(source), tokens \(other) and \(id)", because: "both are `\(token)`",
          exitCode: .badData)
      }
    }
    return ids
  }
}
