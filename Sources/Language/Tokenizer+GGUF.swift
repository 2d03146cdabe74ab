import Basics
import ModelFiles

extension Tokenizer {
  /// The tokenizer in a GGUF file's metadata.
  ///
  /// - Throws: ``UserError`` when it is of another kind than byte-level BPE, its pre-tokenizer is unknown, or its parts disagree.
  public init(_ file: GGUFFile) throws {
    let source = file.path
    let model = file.metadata["tokenizer.ggml.model"]?.string
    guard model == "gpt2" else {
      throw UserError(
        model.map { "tokenizer model `\($0)` is not supported" } ?? "the file has no tokenizer",
        at: "\(source), key `tokenizer.ggml.model`", because: "only byte-level BPE (`gpt2`) is",
        advice: "use a model with a byte-level BPE tokenizer such as SmolLM2", exitCode: .badData)
    }
    let tokens = try statedStrings("tokenizer.ggml.tokens", file)
    let kinds = try tokenKinds(file, count: tokens.count)
    var parts = TokenizerParts(
      preTokenizer: try statedPreTokenizer(file), tokens: tokens, merges: try statedMerges(file), special: [:],
      whole: [:])
    for (id, kind) in kinds.enumerated() {
      switch kind {
      case .control: parts.special[tokens[id]] = Int32(id)
      case .userDefined: parts.whole[tokens[id]] = Int32(id)
      case .plain: break
      }
    }
    func id(_ key: String) throws -> Int32? {
      guard let value = file.metadata["tokenizer.ggml.\(key)"] else { return nil }
      guard let id = value.integer, tokens.indices.contains(id) else {
        throw UserError(
          "a token id is outside the vocabulary", at: "\(source), key `tokenizer.ggml.\(key)`", exitCode: .badData)
      }
      return Int32(id)
    }
    parts.beginningOfText = try id("bos_token_id")
    parts.endOfText = try id("eos_token_id")
    parts.padding = try id("padding_token_id")
    try self.init(parts, source: source)
  }
}

private enum TokenKind {
  case plain, control, userDefined
}

private func statedPreTokenizer(_ file: GGUFFile) throws -> PreTokenizer {
  let name = file.metadata["tokenizer.ggml.pre"]?.string
  switch name {
  case "gpt-2": return .gpt2
  case "smollm": return .smollm
  default:
    throw UserError(
      name.map { "unknown pre-tokenizer `\($0)`" } ?? "the file does not name its pre-tokenizer",
      at: "\(file.path), key `tokenizer.ggml.pre`",
      because: "supported are `gpt-2` and `smollm`; a wrong one would give wrong token ids in silence",
      advice: "use a model with one of these, such as SmolLM2", exitCode: .badData)
  }
}

private func statedStrings(_ key: String, _ file: GGUFFile) throws -> [String] {
  guard let array = file.metadata[key]?.array, let strings = try file.strings(array) else {
    throw UserError("the tokenizer has no list of strings", at: "\(file.path), key `\(key)`", exitCode: .badData)
  }
  guard !strings.isEmpty, strings.count < 1 << 24 else {
    throw UserError(
      "impossible number of entries", at: "\(file.path), key `\(key)`", because: "\(strings.count)",
      exitCode: .badData)
  }
  return strings
}

private func statedMerges(_ file: GGUFFile) throws -> [(String, String)] {
  try statedStrings("tokenizer.ggml.merges", file).enumerated().map { rank, line in
    guard let pair = mergePair(line) else {
      throw UserError(
        "a merge is not two tokens with a space between", at: "\(file.path), merge \(rank)", because: "`\(line)`",
        exitCode: .badData)
    }
    return pair
  }
}

/// The two sides of a merge written `left right`.
func mergePair(_ line: String) -> (String, String)? {
  let sides = line.utf8.split(separator: 0x20, omittingEmptySubsequences: false)
  guard sides.count == 2, !sides[0].isEmpty, !sides[1].isEmpty else { return nil }
  return (String(decoding: sides[0], as: UTF8.self), String(decoding: sides[1], as: UTF8.self))
}

/// GGUF token types: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.
private func tokenKinds(_ file: GGUFFile, count: Int) throws -> [TokenKind] {
  let key = "tokenizer.ggml.token_type"
  guard let array = file.metadata[key]?.array, array.count == count, let numbers = try file.integers(array) else {
    throw UserError(
      "token types are missing or not one per token", at: "\(file.path), key `\(key)`",
      because: "without them special tokens cannot be told from text", exitCode: .badData)
  }
  return numbers.map { $0 == 2 || $0 == 3 ? .control : $0 == 4 ? .userDefined : .plain }
}
