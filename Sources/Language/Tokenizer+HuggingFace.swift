import Basics
import Foundation
import ModelFiles

extension Tokenizer {
  /// The tokenizer of a Hugging Face `tokenizer.json`.
  ///
  /// Which tokens begin and end a text stands in other files of a model's folder; their spellings are passed in.
  ///
  /// - Throws: ``UserError`` when any part of it is of a kind that would give other ids than the ones this program computes.
  public init(
    huggingFace url: URL, beginningOfText: String? = nil, endOfText: String? = nil, padding: String? = nil
  ) throws {
    let file = try AtomicFile.read(url)
    try self.init(
      huggingFace: file, source: url.relativePath, beginningOfText: beginningOfText, endOfText: endOfText,
      padding: padding)
  }

  /// As ``init(huggingFace:beginningOfText:endOfText:padding:)``, of a document in memory.
  package init(
    huggingFace document: Data, source: String, beginningOfText: String? = nil, endOfText: String? = nil,
    padding: String? = nil
  ) throws {
    let tree = try JSONTree(document.span, source: source)
    let reader = TokenizerDocument(tree: tree, source: source)
    var parts = try reader.parts()
    func id(_ spelling: String?) throws -> Int32? {
      guard let spelling else { return nil }
      if let id = parts.special[spelling] { return id }
      if let id = parts.tokens.firstIndex(where: { $0.map { $0.utf8.elementsEqual(spelling.utf8) } ?? false }) {
        return Int32(id)
      }
      throw UserError(
        "a named token is not in the vocabulary", at: source, because: "`\(spelling)`", exitCode: .badData)
    }
    parts.beginningOfText = try id(beginningOfText)
    parts.endOfText = try id(endOfText)
    parts.padding = try id(padding)
    try self.init(parts, source: source)
  }
}

/// The parts of a `tokenizer.json`, each recognised by content or refused.
private struct TokenizerDocument {
  let tree: JSONTree
  let source: String

  func parts() throws -> TokenizerParts {
    try refuseOtherSteps()
    let model = try model()
    var parts = TokenizerParts(
      preTokenizer: try preTokenizer(), tokens: try vocabulary(model), merges: try merges(model), special: [:],
      whole: [:])
    try addTokens(to: &parts)
    return parts
  }

  private func error(_ what: String, _ key: String, because why: String? = nil) -> UserError {
    UserError(
      what, at: "\(source), key `\(key)`", because: why,
      advice: "use a model with a byte-level BPE tokenizer such as SmolLM2", exitCode: .badData)
  }

  /// A normaliser would change the text; the post-processor adds special tokens, which here come from the chat template.
  private func refuseOtherSteps() throws {
    if let normalizer = tree["normalizer"], !normalizer.isNull {
      throw error("text normalisation is not supported", "normalizer", because: "it must be null")
    }
  }

  private func preTokenizer() throws -> PreTokenizer {
    let step = tree["pre_tokenizer"] ?? .null
    if isByteLevel(step) { return .gpt2 }
    if step["type"]?.string == "Sequence", let steps = step["pretokenizers"]?.array, steps.count == 2,
      steps[0]["type"]?.string == "Digits", steps[0]["individual_digits"]?.bool == true, isByteLevel(steps[1])
    {
      return .smollm
    }
    throw error(
      "unknown pre-tokenizer `\(step["type"]?.string ?? "none")`", "pre_tokenizer",
      because: "supported are ByteLevel, and the sequence of Digits (individual) and ByteLevel, without a prefix space;"
        + " a wrong one would give wrong token ids in silence")
  }

  private func isByteLevel(_ step: JSONTree) -> Bool {
    step["type"]?.string == "ByteLevel" && step["add_prefix_space"]?.bool == false
      && step["use_regex"]?.bool ?? true
  }

  private func model() throws -> JSONTree {
    guard let model = tree["model"], model["type"]?.string ?? "BPE" == "BPE" else {
      throw error("only BPE tokenizers are supported", "model.type")
    }
    for key in ["dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix"] {
      guard let value = model[key], !value.isNull, value.string != "" else { continue }
      throw error("this BPE option is not supported", "model.\(key)", because: "it must be null")
    }
    for key in ["byte_fallback", "ignore_merges"] where model[key]?.bool == true {
      throw error("this BPE option is not supported", "model.\(key)", because: "it must be false")
    }
    return model
  }

  private func vocabulary(_ model: JSONTree) throws -> [String?] {
    guard let entries = model["vocab"]?.object, !entries.isEmpty, entries.count < 1 << 24 else {
      throw error("the vocabulary is missing or empty", "model.vocab")
    }
    var tokens: [String?] = []
    for (token, value) in entries {
      guard let id = value.integer else { throw error("a token's id is not an integer", "model.vocab.\(token)") }
      try place(token, at: id, in: &tokens, limit: entries.count)
    }
    return tokens
  }

  /// Puts a token at its id; a few ids may stay unused, not millions.
  private func place(_ token: String, at id: Int, in tokens: inout [String?], limit: Int) throws {
    guard id >= 0, id < limit + 65536 else { throw error("impossible token id \(id)", "\(token)") }
    while tokens.count <= id { tokens.append(nil) }
    if let other = tokens[id], !other.utf8.elementsEqual(token.utf8) {
      throw error("two tokens have the id \(id)", "\(token)", because: "`\(other)` has it too")
    }
    tokens[id] = token
  }

  private func merges(_ model: JSONTree) throws -> [(String, String)] {
    guard let list = model["merges"]?.array else { throw error("the merges are missing", "model.merges") }
    return try list.enumerated().map { rank, entry in
      if let line = entry.string, let pair = mergePair(line) { return pair }
      if let pair = entry.array, pair.count == 2, let left = pair[0].string, let right = pair[1].string {
        return (left, right)
      }
      throw error("a merge is not two tokens", "model.merges.\(rank)")
    }
  }

  private func addTokens(to parts: inout TokenizerParts) throws {
    let limit = parts.tokens.count
    for entry in tree["added_tokens"]?.array ?? [] {
      guard let content = entry["content"]?.string, !content.isEmpty, let id = entry["id"]?.integer else {
        throw error("an added token lacks content or id", "added_tokens")
      }
      for flag in ["lstrip", "rstrip", "single_word"] where entry[flag]?.bool == true {
        throw error("added tokens that look at their surroundings are not supported", "added_tokens.\(content).\(flag)")
      }
      try place(content, at: id, in: &parts.tokens, limit: limit)
      if entry["special"]?.bool == true {
        parts.special[content] = Int32(id)
      } else {
        parts.whole[content] = Int32(id)
      }
    }
  }
}
