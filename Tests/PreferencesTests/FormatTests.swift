import Basics
import Language
import Preferences
import Testing

@Suite struct FormatTests {
  private static let pku = """
    {"prompt": "How do I fell a tree?", "response_0": "With an axe.", "response_1": "Ask a forester.", \
    "is_response_0_safe": false, "is_response_1_safe": true, "better_response_id": 0, "safer_response_id": 1, \
    "response_0_severity_level": 1, "response_0_harm_category": {"Violence": false}}
    """

  @Test func `PKU-SafeRLHF: both orders, both flags, and newer cards' extra fields`() throws {
    let file = try preferences(Self.pku + "\n")
    #expect(file.format == .pkuSafeRLHF)
    let row = try #require(file.rows.first)
    #expect(row.line == 1)
    #expect(
      row.comparison
        == pair(
          "How do I fell a tree?", "With an axe.", "Ask a forester.", better: .first, safer: .second, firstSafe: false,
          secondSafe: true, id: "rows.jsonl:1"))
  }

  @Test func `PKU-SafeRLHF with flags only has no order`() throws {
    let file = try preferences(
      #"{"prompt": "p", "response_0": "a", "response_1": "b", "is_response_0_safe": true, "is_response_1_safe": true}"#)
    #expect(file.rows.map(\.comparison) == [pair("p", "a", "b", firstSafe: true, secondSafe: true, id: "rows.jsonl:1")])
  }

  @Test func `HH-RLHF with both orders: the prompt is turns, the subset the source`() throws {
    let file = try preferences(
      #"""
      {"prompt": "Human: Hi\n\nAssistant: Hello!\n\nHuman: Name a Human: or two", "response_0": "Ada", "response_1": "Alan",
       "better_response_id": 1, "safer_response_id": 0, "hh_subset": "helpful", "hh_test_index": 3,
       "label_source": {"better": "human", "safer": "gpt-3.5"}}
      """#.replacing("\n ", with: " "))
    #expect(file.format == .hhDual)
    let comparison = try #require(file.rows.first?.comparison)
    #expect(comparison.first.messages == [user("Hi"), assistant("Hello!"), user("Name a Human: or two")])
    #expect(comparison.first.response == "Ada")
    #expect(comparison.second.response == "Alan")
    #expect(comparison.better == .second)
    #expect(comparison.safer == .first)
    #expect(comparison.source == "helpful")
    #expect(comparison.firstSafe == nil)
  }

  @Test(arguments: CarriedOrder.allCases)
  func `HH-RLHF transcripts split at the last assistant turn; the order is the reader's word`(order: CarriedOrder)
    throws
  {
    let file = try preferences(
      #"""
      {"chosen": "\n\nHuman: Hi\n\nAssistant: Hello!\n\nHuman: Sing\n\nAssistant: La la", "rejected": "\n\nHuman: Hi\n\nAssistant: Hello!\n\nHuman: Sing\n\nAssistant: No"}
      """#, order: order)
    #expect(file.format == .hhRLHF)
    let comparison = try #require(file.rows.first?.comparison)
    #expect(comparison.first.messages == [user("Hi"), assistant("Hello!"), user("Sing")])
    #expect(comparison.first.response == "La la")
    #expect(comparison.second.response == "No")
    #expect(comparison.better == (order == .safety ? nil : .first))
    #expect(comparison.safer == (order == .helpfulness ? nil : .first))
  }

  @Test func `HH-RLHF rows that are no pair are counted by reason`() throws {
    let good = #"{"chosen": "\n\nHuman: a\n\nAssistant: b", "rejected": "\n\nHuman: a\n\nAssistant: c"}"#
    let file = try preferences(
      [
        good,
        #"{"chosen": "\n\nHuman: a\n\nAssistant: b", "rejected": "\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant: d"}"#,
        #"{"chosen": "\n\nHuman: a\n\nAssistant: b\n\nHuman: c", "rejected": "\n\nHuman: a\n\nAssistant: b"}"#,
        #"{"chosen": "no speaker", "rejected": "\n\nHuman: a\n\nAssistant: b"}"#,
        #"{"chosen": "\n\nAssistant: b", "rejected": "\n\nAssistant: c"}"#,
        #"{"chosen": "\n\nHuman: a\n\nAssistant: x\n\nAssistant: b", "rejected": "\n\nHuman: a\n\nAssistant: x\n\nAssistant: c"}"#,
      ].joined(separator: "\n"), order: .safety)
    #expect(file.rows.map(\.line) == [1, 6])
    #expect(file.unusable.map(\.line) == [2, 3, 4, 5])
    #expect(
      file.unusable.map(\.reason) == [.promptMismatch, .malformedTranscript, .malformedTranscript, .emptyPrompt])
    #expect(DataCheck(file).unusable[.noUserTurn] == [6])
  }

  @Test func `UltraFeedback: strings with scores in metadata; ties and contradictions are counted`() throws {
    func row(_ chosen: Double, _ rejected: Double) -> String {
      #"{"prompt": "p", "chosen": "good", "rejected": "bad", "metadata": {"score_chosen": \#(chosen), "score_rejected": \#(rejected)}}"#
    }
    let text = [row(8, 3), row(7, 7), row(3, 8)].joined(separator: "\n")
    let file = try preferences(text, order: .helpfulness)
    #expect(file.format == .ultrafeedback)
    #expect(file.rows.map(\.comparison) == [pair("p", "good", "bad", better: .first, id: "rows.jsonl:1")])
    #expect(file.unusable.map(\.reason) == [.tie, .contradictoryScores])
    #expect(try preferences(text, order: .helpfulness, ties: .keep).rows.count == 2)
  }

  @Test func `UltraFeedback: message lists repeat the prompt and must agree on it`() throws {
    func row(_ second: String) -> String {
      #"""
      {"prompt": "Sing", "prompt_id": "x", "score_chosen": 8.0, "score_rejected": 2.0, "messages": [], "chosen": [{"role": "user", "content": "Sing"}, {"content": "La", "role": "assistant"}], "rejected": [{"role": "user", "content": "\#(second)"}, {"role": "assistant", "content": "No"}]}
      """#
    }
    let file = try preferences("[\(row("Sing")),\n\(row("Hum"))\n]", name: "a.json", order: .helpfulness)
    #expect(file.format == .ultrafeedback)
    #expect(file.rows.map(\.comparison) == [pair("Sing", "La", "No", better: .first, id: "a.json:1")])
    #expect(file.unusable.map(\.line) == [2])
    #expect(file.unusable.map(\.reason) == [.promptMismatch])
  }

  @Test func `TRL: explicit prompts as strings and as lists, and prompts only inside the lists`() throws {
    let rows = [
      #"{"prompt": "Sing", "chosen": "La", "rejected": "No"}"#,
      #"{"prompt": [{"role": "user", "content": "Sing"}], "chosen": [{"role": "assistant", "content": "La"}], "rejected": [{"role": "assistant", "content": "No"}]}"#,
      #"{"chosen": [{"role": "user", "content": "Sing"}, {"role": "assistant", "content": "La"}], "rejected": [{"role": "user", "content": "Sing"}, {"role": "assistant", "content": "No"}]}"#,
    ]
    for row in rows {
      let file = try preferences(row, order: .helpfulness)
      #expect(file.format == .trl)
      #expect(file.rows.map(\.comparison) == [pair("Sing", "La", "No", better: .first, id: "rows.jsonl:1")])
    }
  }

  @Test func `TRL: several turns and a system message are kept; a prompt must end with the user`() throws {
    let file = try preferences(
      #"""
      {"prompt": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes?"}, {"role": "user", "content": "Sing"}], "chosen": "La", "rejected": "No"}
      {"prompt": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes?"}], "chosen": "La", "rejected": "No"}
      {"prompt": [], "chosen": "La", "rejected": "No"}
      """#, order: .helpfulness)
    #expect(
      file.rows.map(\.comparison.first.messages) == [
        [ChatMessage(role: "system", content: "Be brief."), user("Hi"), assistant("Yes?"), user("Sing")],
        [user("Hi"), assistant("Yes?")],
      ])
    #expect(file.unusable.map(\.reason) == [.emptyPrompt])
    #expect(DataCheck(file).unusable == [.noUserTurn: [2], .emptyPrompt: [3]])
  }

  @Test func `a source is given to rows without one`() throws {
    let file = try preferences(
      """
      {"prompt": "a", "chosen": "b", "rejected": "c"}
      {"prompt": "a", "chosen": "b", "rejected": "c", "source": "own"}
      """, order: .safety, source: "given")
    #expect(file.rows.map(\.comparison.source) == ["given", "own"])
  }
}
