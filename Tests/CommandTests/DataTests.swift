import Basics
import Foundation
import TestSupport
import Testing

/// `data check` and `data inspect`.
@Suite struct DataTests {
  private static let rows = """
    {"prompt": "How far is the moon?", "response_0": "Far.", "response_1": "384,400 km.", "better_response_id": 1, "safer_response_id": 0, "is_response_0_safe": true, "is_response_1_safe": true}
    {"prompt": "Say nothing", "response_0": "same", "response_1": "same", "better_response_id": 0, "safer_response_id": 0, "is_response_0_safe": true, "is_response_1_safe": true}
    {"prompt": "How far is the moon?", "response_0": "384,400 km.", "response_1": "Far.", "better_response_id": 1, "safer_response_id": 1, "is_response_0_safe": false, "is_response_1_safe": true}

    """

  private func withData<T>(_ body: (URL) throws -> T) throws -> T {
    try withTemporaryFolder { folder in
      try Data(Self.rows.utf8).write(to: folder.appending(path: "a.jsonl"))
      try Data(#"{"prompt": "How far is the moon?", "chosen": "a", "rejected": "b"}"#.utf8)
        .write(to: folder.appending(path: "b.jsonl"))
      return try body(folder)
    }
  }

  private func json(_ arguments: [String], in folder: URL) throws -> JSONValue {
    let run = try runProgram(["data"] + arguments + ["--json"], in: folder)
    #expect(run.status == 0, "\(run.errors)")
    let value = try JSONValue(parsing: Data(run.output.utf8), source: "data")
    #expect(value["schema"]?.number == 1)
    return value
  }

  @Test func `check lists unusable and repeated rows by line, labels, and what files share`() throws {
    try withData { folder in
      let text = try runProgram(["data", "check", "a.jsonl", "b.jsonl"], in: folder)
      #expect(text.status == 0 && text.errors.isEmpty)
      for part in [
        "1 × identical responses: line 2", "1 pairs that came before: line 3; 1 with other labels: line 3",
        "2 agree, 1 in conflict", "2 both safe, 1 one safe", "pku-saferlhf", "name it with `--order`",
      ] {
        #expect(text.output.contains(part), "\(part)")
      }
      let value = try json(["check", "a.jsonl", "b.jsonl"], in: folder)
      let file = try #require(value["files"]?.array?.first)
      #expect(file["file"]?["sha256"]?.string == SHA256.hex(of: Self.rows))
      #expect(file["unusable"]?["identicalResponses"] == .array([.number(2)]))
      #expect(file["repetitions"]?.array?.first?["earlier"]?.number == 1)
      let overlap = try #require(value["overlaps"]?.array?.first?["overlap"])
      #expect(overlap["prompts"]?.number == 1 && overlap["conversations"]?.number == 1 && overlap["pairs"]?.number == 0)
    }
  }

  @Test func `a strict check fails on what it finds, and only then`() throws {
    try withData { folder in
      let unclean = try runProgram(["data", "check", "a.jsonl", "b.jsonl", "--strict"], in: folder)
      #expect(unclean.status == 65)
      #expect(unclean.errors.contains("why: 1 unusable rows, 1 repeated rows, 1 conversations in two files"))
      let clean = try runProgram(["data", "check", "b.jsonl", "--strict", "--order", "safety"], in: folder)
      #expect(clean.status == 0)
    }
  }

  @Test func `inspect shows turns, responses and labels`() throws {
    try withData { folder in
      let run = try runProgram(["data", "inspect", "a.jsonl", "--line", "3", "-n", "1"], in: folder)
      #expect(run.status == 0)
      #expect(run.lines.first?.hasPrefix("── a.jsonl:3, prompt ") == true)
      #expect(
        run.lines.dropFirst() == [
          "user: How far is the moon?", "─ first response: less helpful, less safe, flagged unsafe", "384,400 km.",
          "─ second response: more helpful, safer, flagged safe", "Far.",
        ])
      let value = try json(["inspect", "b.jsonl", "--order", "helpfulness", "--flags", "both-safe"], in: folder)
      #expect(value["first"]?["isBetter"]?.bool == true && value["second"]?["isSafe"]?.bool == true)
      #expect(value["first"]?["isSafer"] == nil && value["first"]?["tokens"] == nil)
      #expect(value["messages"]?.array?.count == 1)
    }
  }

  @Test(.enabled(if: smolModel != nil, "\(needsModel)"))
  func `inspect shows ids, text and mask: the response and one end-of-turn token are scored`() throws {
    try withData { folder in
      let value = try json(
        ["inspect", "a.jsonl", "-n", "1", "--model", try #require(smolModel).path], in: folder)
      let tokens = try #require(value["first"]?["tokens"])
      let texts = try #require(tokens["texts"]?.array).compactMap(\.string)
      let scored = try #require(tokens["scored"]?.array).compactMap(\.bool)
      #expect(tokens["ids"]?.array?.count == texts.count && scored.count == texts.count)
      #expect(zip(texts, scored).filter(\.1).map(\.0).joined() == "Far.<|im_end|>")
      #expect(
        zip(texts, scored).filter { !$0.1 }.map(\.0).joined()
          .hasSuffix("<|im_start|>user\nHow far is the moon?<|im_end|>\n<|im_start|>assistant\n"))
    }
  }

  @Test func `errors name the place and what to do`() throws {
    try withData { folder in
      let missing = try runProgram(["data", "check", "c.jsonl"], in: folder)
      #expect(missing.status == 66 && missing.errors.contains("looked at c.jsonl, "))
      #expect(missing.errors.contains("BFPO_DATA_PATH"))
      let beyond = try runProgram(["data", "inspect", "a.jsonl", "--line", "4"], in: folder)
      #expect(beyond.status == 64 && beyond.errors.contains("the last pair is at line 3"))
      let rule = try runProgram(["data", "inspect", "b.jsonl", "--flags", "hh-subset"], in: folder)
      #expect(rule.status == 65 && rule.errors.contains("where: b.jsonl:1"))
      let format = try runProgram(["data", "check", "a.jsonl", "--format", "pku"], in: folder)
      #expect(format.status == 64)
      let elsewhere = try runProgram(["data", "check", "a.jsonl"], environment: ["BFPO_DATA_PATH": folder.path])
      #expect(elsewhere.status == 0)
    }
  }
}
