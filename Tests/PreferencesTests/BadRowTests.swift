import Basics
import Language
import Preferences
import Testing

@Suite struct BadRowTests {
  private func pkuRow(_ replacing: String = "", with text: String = "") -> String {
    #"""
    {"prompt": "p", "response_0": "a", "response_1": "b", "is_response_0_safe": false, "is_response_1_safe": true, "better_response_id": 0, "safer_response_id": 1}
    """#.replacing(replacing.isEmpty ? "\u{0}" : replacing, with: text)
  }

  @Test(arguments: [
    (#""better_response_id": 0"#, #""better_response_id": 2"#, "better_response_id", "expected 0 or 1, found 2"),
    (#""better_response_id": 0"#, #""better_response_id": -1"#, "better_response_id", "expected 0 or 1, found -1"),
    (#""safer_response_id": 1"#, #""safer_response_id": 0.5"#, "safer_response_id", "expected 0 or 1, found 0.5"),
    (
      #""safer_response_id": 1"#, #""safer_response_id": "1""#, "safer_response_id",
      #"expected 0 or 1, found the string "1""#
    ),
    (
      #""is_response_0_safe": false"#, #""is_response_0_safe": 0"#, "is_response_0_safe",
      "expected true or false, found 0"
    ),
    (#""prompt": "p""#, #""prompt": ["p"]"#, "prompt", "expected a string, found a list"),
    (#""response_0": "a""#, #""response_0": {}"#, "response_0", "expected a string, found an object"),
  ])
  func `a wrong value names file, line and field`(old: String, new: String, field: String, why: String) {
    let error = userError { _ = try preferences(pkuRow() + "\n" + pkuRow(old, with: new)) }
    #expect(
      error
        == UserError(
          "the field `\(field)` has a wrong value", at: "rows.jsonl:2", because: why, advice: "correct the row",
          exitCode: .badData))
  }

  @Test func `a label missing in a later row is an error, null is a label not known`() throws {
    let missing = userError {
      _ = try preferences(pkuRow() + "\n" + pkuRow(#", "safer_response_id": 1"#, with: ""))
    }
    #expect(missing?.what == "the field `safer_response_id` is missing")
    #expect(missing?.location == "rows.jsonl:2")
    let null = try preferences(pkuRow(#""safer_response_id": 1"#, with: #""safer_response_id": null"#))
    #expect(null.rows.first?.comparison.safer == nil)
    let response = userError { _ = try preferences(pkuRow(#""response_1": "b""#, with: #""response_1": null"#)) }
    #expect(response?.what == "the field `response_1` is null")
  }

  @Test func `a misspelt field is suggested`() {
    let error = userError { _ = try preferences(pkuRow(#""prompt""#, with: #""promt""#)) }
    #expect(error?.what == "the field `prompt` is missing")
    #expect(error?.advice == "is `promt` a misspelling of it?")
  }

  @Test func `rows without any label are refused`() {
    let error = userError { _ = try preferences(#"{"prompt": "p", "response_0": "a", "response_1": "b"}"#) }
    #expect(error?.what == "the rows have no labels")
    #expect(error?.exitCode == .badData)
  }

  @Test func `an order for a file that names its own is refused`() {
    let error = userError { _ = try preferences(pkuRow(), order: .safety) }
    #expect(error?.what == "the order `safety` does not apply to pku-saferlhf")
    #expect(error?.exitCode == .usage)
  }

  @Test(arguments: [
    #"{"chosen": "\n\nHuman: a\n\nAssistant: b", "rejected": "\n\nHuman: a\n\nAssistant: c"}"#,
    #"{"prompt": "p", "chosen": "a", "rejected": "b"}"#,
    #"{"prompt": "p", "chosen": "a", "rejected": "b", "score_chosen": 2, "score_rejected": 1}"#,
    #"{"prompt": "p", "chosen": "a", "rejected": "b", "chosen_safe": true}"#,
  ])
  func `the order of a chosen response is never guessed`(row: String) {
    let error = userError { _ = try preferences(row) }
    #expect(error?.what == "the order that `chosen` follows must be named")
    #expect(error?.exitCode == .usage)
    let unnamed = try? PreferenceFile(
      Array(row.utf8), name: "x", options: ReadOptions(allowsUnnamedOrder: true))
    #expect(unnamed?.rows.count == 1)
    #expect(unnamed?.rows.first?.comparison.better == nil && unnamed?.rows.first?.comparison.safer == nil)
  }

  @Test(arguments: [
    (
      #"{"prompt": "Human: a", "response_0": "a", "response_1": "b", "better_response_id": 0}"#,
      "hh-dual or pku-saferlhf"
    ),
    (#"{"chosen": "a", "rejected": "b"}"#, "hh-rlhf or trl"),
    (#"{"prompt": "\n\nHuman: a", "chosen": "a", "rejected": "b"}"#, "hh-rlhf or trl"),
    (
      #"{"prompt": "p", "chosen": "a", "rejected": "b", "score_chosen": 1, "score_rejected": 0, "chosen_safe": true}"#,
      "canonical or ultrafeedback"
    ),
  ])
  func `what could mean two things must be named`(row: String, formats: String) {
    let error = userError { _ = try preferences(row) }
    #expect(error?.what == "the format of the file could be \(formats)")
    #expect(error?.location == "rows.jsonl:1")
    #expect(error?.advice == "name it: `format: …` in a specification, `--format …` on the command line")
  }

  @Test func `a transcript in a later row makes a plain file ambiguous, and naming the format settles it`() throws {
    let rows = [pkuRow(), pkuRow(#""prompt": "p""#, with: #""prompt": "Human: p""#)].joined(separator: "\n")
    #expect(userError { _ = try preferences(rows) } != nil)
    #expect(try preferences(rows, format: .pkuSafeRLHF).rows[1].comparison.first.messages == [user("Human: p")])
    let dual = try preferences(rows, format: .hhDual)
    #expect(dual.rows.map(\.comparison.first.messages) == [[user("p")]])
    #expect(dual.unusable.map(\.reason) == [.malformedTranscript])
  }

  @Test func `an unknown format lists what there is`() {
    let error = userError { _ = try preferences(#"{"question": "p", "answer": "a"}"#) }
    #expect(error?.what == "the format of the file is not known")
    #expect(error?.why == "the first row has `answer`, `question`")
    #expect(error?.advice?.contains("canonical, trl, ultrafeedback, pku-saferlhf, hh-rlhf, hh-dual") == true)
  }

  @Test(arguments: [
    (
      #"[{"role": "user", "content": "a"}]"#,
      "expected a list of messages that ends with the assistant's reply, found a list"
    ),
    (#"[{"role": "bot", "content": "a"}]"#, "expected the roles system, user and assistant (not `bot`), found a list"),
    (#"["a"]"#, "expected messages of the form {\"role\": \"user\", \"content\": \"…\"}, found a list"),
    ("3", "expected a string, found 3"),
  ])
  func `messages of the wrong form are named`(chosen: String, why: String) {
    let error = userError {
      _ = try preferences(#"{"prompt": "p", "chosen": \#(chosen), "rejected": "b"}"#, order: .safety)
    }
    #expect(error?.what == "the field `chosen` has a wrong value")
    #expect(error?.why == why)
  }
}
