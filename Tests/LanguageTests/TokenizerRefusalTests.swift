import Basics
import Foundation
import Language
import ModelFiles
import TestSupport
import Testing

@Suite struct TokenizerRefusalTests {
  @Test(arguments: [
    (#""normalizer":null"#, #""normalizer":{"type":"NFC"}"#, "text normalisation"),
    (
      #"{"type":"Digits","individual_digits":true}"#, #"{"type":"Digits","individual_digits":false}"#,
      "unknown pre-tokenizer `Sequence`"
    ),
    (
      #"{"type":"Digits","individual_digits":true}"#, #"{"type":"Split","pattern":{"Regex":"x"}}"#,
      "unknown pre-tokenizer"
    ),
    (#""add_prefix_space":false"#, #""add_prefix_space":true"#, "unknown pre-tokenizer"),
    (#""use_regex":true"#, #""use_regex":false"#, "unknown pre-tokenizer"),
    (#""type":"BPE""#, #""type":"Unigram""#, "only BPE"),
    (#""byte_fallback":false"#, #""byte_fallback":true"#, "BPE option"),
    (#""unk_token":null"#, #""unk_token":"<unk>""#, "BPE option"),
    (#""lstrip":false"#, #""lstrip":true"#, "look at their surroundings"),
    (#""!":2,"#, #""!":2,"!!":2,"#, "two tokens have the id 2"),
    (#""!":2,"#, #""!":99999999,"#, "impossible token id"),
    (#""!":2,"#, #""!":-1,"#, "impossible token id"),
    (#""merges":["#, #""merges":["no such merge","#, "not two tokens"),
    (#""merges":["#, #""merges":["ab zz","#, "not a token"),
    (#""merges":["#, #""merges":[["e","r"],["e","r"],"#, "stated twice"),
  ])
  func `a tokenizer.json that would give other ids is refused`(old: String, new: String, message: String) throws {
    let error = #expect(throws: UserError.self) {
      try smallTokenizer {
        #expect($0.contains(old))
        return $0.replacing(old, with: new)
      }
    }
    #expect(error?.what.contains(message) == true, "\(String(describing: error))")
    #expect(error?.location?.hasPrefix("tokenizer.json") == true && error?.exitCode == .badData)
  }

  @Test func `a GGUF file's tokenizer: another kind, an unknown pre-tokenizer, parts that disagree`() throws {
    func check(_ message: String, _ change: (inout GGUFBuilder) -> Void) throws {
      var builder = builder()
      change(&builder)
      let file = try GGUFFile(path: "x.gguf", data: Data(builder.bytes))
      let error = #expect(throws: UserError.self) { try Tokenizer(file) }
      #expect(error?.description.contains(message) == true, "\(String(describing: error))")
    }
    try check("tokenizer model `llama`") { $0.set("tokenizer.ggml.model", .string("llama")) }
    try check("has no tokenizer") { $0.metadata.removeAll { $0.key == "tokenizer.ggml.model" } }
    try check("unknown pre-tokenizer `llama-bpe`") { $0.set("tokenizer.ggml.pre", .string("llama-bpe")) }
    try check("does not name its pre-tokenizer") { $0.metadata.removeAll { $0.key == "tokenizer.ggml.pre" } }
    try check("no list of strings") { $0.set("tokenizer.ggml.tokens", .int32s([1])) }
    try check("not one per token") { $0.set("tokenizer.ggml.token_type", .int32s([1])) }
    try check("not two tokens with a space") { $0.set("tokenizer.ggml.merges", .strings(["ab"])) }
    try check("two ids have the same token") { $0.set("tokenizer.ggml.tokens", .strings(["a", "b", "a", "<e>"])) }
    try check("outside the vocabulary") { $0.set("tokenizer.ggml.eos_token_id", .uint32(4)) }
  }

  @Test func `a GGUF file's tokenizer: special and user-defined tokens`() throws {
    let tokenizer = try Tokenizer(GGUFFile(path: "x.gguf", data: Data(builder().bytes)))
    #expect(tokenizer.encode("abba<e>") == [2, 1, 0])
    #expect(tokenizer.specialTokens == ["<e>": 3] && tokenizer.endOfText == 3)
    var whole = builder()
    whole.set("tokenizer.ggml.token_type", .int32s([1, 1, 1, 4]))
    #expect(try Tokenizer(GGUFFile(path: "x.gguf", data: Data(whole.bytes))).encode("ab<e>a") == [2, 3, 0])
  }

  private func builder() -> GGUFBuilder {
    var builder = GGUFBuilder()
    builder.set("tokenizer.ggml.model", .string("gpt2"))
    builder.set("tokenizer.ggml.pre", .string("smollm"))
    builder.set("tokenizer.ggml.tokens", .strings(["a", "b", "ab", "<e>"]))
    builder.set("tokenizer.ggml.token_type", .int32s([1, 1, 1, 3]))
    builder.set("tokenizer.ggml.merges", .strings(["a b"]))
    builder.set("tokenizer.ggml.eos_token_id", .uint32(3))
    return builder
  }
}
