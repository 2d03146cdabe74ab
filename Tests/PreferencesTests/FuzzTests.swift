import Basics
import Foundation
import Preferences
import Testing

@Suite struct FuzzTests {
  private static let rows = [
    #"{"prompt": "p\u00e9", "response_0": "a\n", "response_1": "b", "is_response_0_safe": false, "is_response_1_safe": true, "better_response_id": 0, "safer_response_id": 1}"#,
    #"{"prompt": [{"role": "user", "content": "😀"}], "chosen": "a", "rejected": "b", "better": "chosen", "weight": 0.5e-1}"#,
    #"[{"prompt": "Human: a\n\nAssistant: b\n\nHuman: c", "response_0": "d", "response_1": "e", "better_response_id": 1, "hh_subset": "helpful"}]"#,
  ]

  @Test func `damaged rows end in pairs or in an error for a person, never in a crash`() throws {
    var random = SeedTree(21).generator()
    var errors = 0
    for _ in 0..<30_000 {
      var bytes = Array(Self.rows[random.below(Self.rows.count)].utf8)
      for _ in 0...random.below(3) {
        let place = random.below(bytes.count)
        switch random.below(4) {
        case 0: bytes[place] = UInt8(random.below(256))
        case 1: bytes.insert(Array("{}[]\",:\\0u".utf8)[random.below(10)], at: place)
        case 2: bytes.remove(at: place)
        default: bytes.removeSubrange(place..<min(bytes.count, place + random.below(12)))
        }
        if bytes.isEmpty { bytes = [0x20] }
      }
      do {
        _ = try PreferenceFile(bytes, name: "f", options: ReadOptions())
      } catch let error as UserError {
        errors += 1
        #expect(!error.what.isEmpty && error.location != nil)
      }
    }
    #expect(errors > 10_000)
  }

  @Test func `strings agree with Foundation's parser`() throws {
    var random = SeedTree(22).generator()
    let pieces = [
      "a", "é", "😀", "\\n", "\\\"", "\\\\", "\\/", "\\u00e9", "\\ud83d\\ude00", "\\u0000", " ", "中", "\\b\\f\\r\\t",
    ]
    for _ in 0..<500 {
      let literal = "\"x" + (0..<random.below(12)).map { _ in pieces[random.below(pieces.count)] }.joined() + "\""
      let expected = try JSONDecoder().decode([String].self, from: Data("[\(literal)]".utf8))[0]
      let row = #"{"prompt": "p", "chosen": \#(literal), "rejected": "b"}"#
      #expect(try preferences(row, order: .safety).rows[0].comparison.first.response == expected)
    }
  }

  @Test func `numbers agree with Foundation's parser`() throws {
    for literal in ["0", "-0.0", "1e3", "12.5E-2", "0.1", "123456789012345678", "2.2250738585072014e-308", "1E+2"] {
      let expected = try JSONDecoder().decode([Double].self, from: Data("[\(literal)]".utf8))[0]
      let row = #"{"prompt": "p", "chosen": "a", "rejected": "b", "better": "chosen", "weight": \#(literal)}"#
      #expect(try preferences(row).rows[0].comparison.weight == expected)
    }
  }
}
