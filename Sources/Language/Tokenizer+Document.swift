import Basics
import Foundation

extension Tokenizer {
  /// The tokenizer as a Hugging Face `tokenizer.json`.
  public var huggingFaceDocument: String {
    let byteLevel = #"{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}"#
    let steps =
      switch preTokenizer {
      case .gpt2: byteLevel
      case .smollm:
        #"{"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},\#(byteLevel)]}"#
      }
    let added = (specialTokens.map { ($0, $1, true) } + wholeTokens.map { ($0, $1, false) })
      .sorted { $0.1 < $1.1 }
      .map { content, id, isSpecial in
        #"{"id":\#(id),"content":\#(quoted(content)),"single_word":false,"lstrip":false,"rstrip":false,"#
          + #""normalized":false,"special":\#(isSpecial)}"#
      }
    let vocabulary = tokens.enumerated().compactMap { id, token in token.map { "\(quoted($0)):\(id)" } }
    let merges = mergePairs.map { left, right in
      "[\(quoted(tokens[Int(left)] ?? "")),\(quoted(tokens[Int(right)] ?? ""))]"
    }
    return """
      {"version":"1.0","truncation":null,"padding":null,
      "added_tokens":[\(added.joined(separator: ",\n"))],
      "normalizer":null,"pre_tokenizer":\(steps),"post_processor":null,"decoder":\(byteLevel),
      "model":{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":null,"end_of_word_suffix":null,\
      "fuse_unk":false,"byte_fallback":false,"ignore_merges":false,
      "vocab":{\(vocabulary.joined(separator: ","))},
      "merges":[\(merges.joined(separator: ","))]}}

      """
  }
}

/// Text as a JSON string.
private func quoted(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\u{0}"..<"\u{20}":
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
