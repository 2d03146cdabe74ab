import Foundation
import Language
import ModelFiles
import TestSupport
import Testing

/// Ids by Hugging Face tokenizers for invented strings (R-13).
@Suite struct TokenizerVectorTests {
  struct Golden: Decodable {
    var cases: [Case]
  }

  struct Case: Decodable {
    var text: String
    var smollm: [Int32]
    var gpt2: [Int32]
    var smollm2: [Int32]
  }

  let cases: [Case]

  init() throws { cases = try golden("tokens.json", as: Golden.self).cases }

  @Test func `digits apart, then GPT-2's rule`() throws {
    let tokenizer = try smallTokenizer()
    #expect(tokenizer.preTokenizer == .smollm)
    for one in cases { #expect(tokenizer.encode(one.text) == one.smollm, "\(one.text.debugDescription)") }
  }

  @Test func `GPT-2's rule alone`() throws {
    let tokenizer = try smallTokenizer {
      $0.replacing(
        #"{"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},"#, with: ""
      ).replacing(#""use_regex":true}]}"#, with: #""use_regex":true}"#)
    }
    #expect(tokenizer.preTokenizer == .gpt2)
    for one in cases { #expect(tokenizer.encode(one.text) == one.gpt2, "\(one.text.debugDescription)") }
  }

  @Test(.enabled(if: smolModel != nil, "\(needsModel)"))
  func `SmolLM2 from its GGUF file`() throws {
    let tokenizer = try Tokenizer(GGUFFile(#require(smolModel)))
    for one in cases { #expect(tokenizer.encode(one.text) == one.smollm2, "\(one.text.debugDescription)") }
  }

  struct Line: Decodable {
    var text: String
    var ids: [Int32]
  }

  @Test(
    .enabled(if: smolModel != nil, "\(needsModel)"),
    .enabled(if: manyCases != nil, "needs BFPO_TOKEN_CASES, a file by Tests/Peers/tokens.py --many or --scalars"))
  func `SmolLM2 on a file of many strings`() throws {
    let tokenizer = try Tokenizer(GGUFFile(#require(smolModel)))
    let decoder = JSONDecoder()
    var wrong: [String] = []
    for line in try Data(contentsOf: #require(manyCases)).split(separator: UInt8(ascii: "\n")) {
      let one = try decoder.decode(Line.self, from: line)
      if tokenizer.encode(one.text) != one.ids { wrong.append(one.text) }
    }
    #expect(wrong.count == 0, "\(wrong.count) differ, such as \(wrong.prefix(20).map(\.debugDescription))")
  }

  @Test func `decoding gives the text back, except bytes the vocabulary lacks`() throws {
    let tokenizer = try smallTokenizer()
    for one in cases {
      let bytes = one.text.utf8.filter { $0 > 2 }
      #expect(tokenizer.bytes(of: tokenizer.encode(one.text)) == bytes, "\(one.text.debugDescription)")
    }
  }

  @Test func `special tokens in text are text, whole tokens are not split`() throws {
    let tokenizer = try smallTokenizer()
    #expect(!tokenizer.encode("<|end|>").contains(tokenizer.specialTokens["<|end|>"]!))
    #expect(tokenizer.decode(tokenizer.encode("a<|end|>b")) == "a<|end|>b")
    let whole = try #require(tokenizer.wholeTokens["<whole>"])
    #expect(tokenizer.encode("a<whole>b") == tokenizer.encode("a") + [whole] + tokenizer.encode("b"))
  }

  @Test func `pieces longer than a word merge as the reference does`() throws {
    let tokenizer = try smallTokenizer()
    let word = "thequickansweristhatnobodyknows"
    let long = String(repeating: word, count: 40)
    // Above 48 bytes a heap replaces the scan: both must find the same merges.
    #expect(tokenizer.decode(tokenizer.encode(long)) == long)
    #expect(tokenizer.encode(long).count < long.utf8.count * 2 / 3)
  }
}

private let manyCases = ProcessInfo.processInfo.environment["BFPO_TOKEN_CASES"].map { URL(filePath: $0) }

/// The small tokenizer of `Tests/Golden`, its text changed first.
func smallTokenizer(changing change: (String) -> String = { $0 }) throws -> Tokenizer {
  let url = packageRoot.appending(path: "Tests/Golden/small-tokenizer.json")
  let text = change(try String(contentsOf: url, encoding: .utf8))
  return try Tokenizer(huggingFace: Data(text.utf8), source: "tokenizer.json", endOfText: "<|end|>")
}
