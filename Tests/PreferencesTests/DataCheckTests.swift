import Basics
import Language
import Preferences
import Testing

@Suite struct DataCheckTests {
  private func check(_ rows: [String]) throws -> DataCheck {
    DataCheck(
      try preferences(
        rows.map { #"{"prompt": \#($0), "is_response_0_safe": true, "is_response_1_safe": false}"# }.joined(
          separator: "\n"),
        format: .pkuSafeRLHF))
  }

  @Test func `unusable rows are listed by line`() throws {
    let check = try check([
      #""p", "response_0": "a", "response_1": "b", "better_response_id": 0"#,
      #""p", "response_0": "a", "response_1": " a", "better_response_id": 0"#,
      #""p", "response_0": "", "response_1": "b", "better_response_id": 0"#,
      #""q", "response_0": "x", "response_1": "x", "better_response_id": 1"#,
    ])
    #expect(check.unusable == [.identicalResponses: [2, 4], .emptyResponse: [3]])
    #expect(!check.isClean)
    #expect(check.file.rows == 4)
    #expect(check.saferIsLonger == nil)
  }

  @Test func `repeated pairs are listed, exchanged ones too, and contradictions named`() throws {
    let check = try check([
      #""p", "response_0": "a", "response_1": "b", "better_response_id": 0"#,
      #""p", "response_0": "a", "response_1": "b", "better_response_id": 0"#,
      #""p", "response_0": "b", "response_1": "a", "better_response_id": 1"#,
      #""p", "response_0": "a", "response_1": "b", "better_response_id": 1"#,
      #""p", "response_0": "a", "response_1": "c", "better_response_id": 1"#,
    ])
    #expect(check.repetitions.map(\.line) == [2, 3, 4])
    #expect(check.repetitions.map(\.earlier) == [1, 1, 1])
    // The third row exchanges the responses but not the flags, so its flags contradict.
    #expect(check.repetitions.map(\.contradicts) == [false, true, true])
  }

  @Test func `lengths, and how often the winner is the longer one`() throws {
    let check = try check([
      #""12", "response_0": "aaaa", "response_1": "b", "better_response_id": 0"#,
      #""1234", "response_0": "é", "response_1": "bbb", "better_response_id": 0"#,
      #""123", "response_0": "cc", "response_1": "dd", "better_response_id": 0"#,
    ])
    #expect(check.promptLengths.median == 3)
    #expect(check.promptLengths.maximum == 4)
    #expect(check.responseLengths.median == 2)
    #expect(check.betterIsLonger?.n == 3)
    #expect(check.betterIsLonger?.mean == 0.5)
    #expect(try check.isClean && !canonicalJSON(check).isEmpty)
  }
}
