import Basics
import Language
import Preferences
import Testing

@Suite struct SplitTests {
  private static let comparisons = (0..<2000).map { pair("question \($0 / 2)", "a \($0)", "b \($0)", better: .first) }

  private func split(seed: Int = 1, _ fractions: [String: Double] = ["train": 0.8, "test": 0.2]) throws -> PromptSplit {
    try PromptSplit(seed: seed, fractions: fractions)
  }

  @Test func `a prompt lands in the same part in any order and any company`() throws {
    let split = try split()
    let parts = split.parts(of: Self.comparisons)
    let reversed = split.parts(of: Self.comparisons.reversed())
    let few = split.parts(of: Array(Self.comparisons[500..<600]))
    for name in ["train", "test"] {
      let prompts = Set(try #require(parts[name]).map(\.promptID))
      #expect(Set(try #require(reversed[name]).map(\.promptID)) == prompts)
      #expect(Set(try #require(few[name]).map(\.promptID)).isSubset(of: prompts))
    }
    #expect(overlap(between: parts["train"]!, and: parts["test"]!).isEmpty)
    #expect(parts["train"]!.count + parts["test"]!.count == 2000)
  }

  @Test func `shares are honoured approximately and the seed decides`() throws {
    let parts = try split().parts(of: Self.comparisons)
    // 1,000 prompts, standard deviation 12.6 prompts of two rows each.
    #expect(abs(parts["test"]!.count - 400) < 100)
    let other = try split(seed: 2).parts(of: Self.comparisons)
    #expect(other["test"] != parts["test"])
    // Golden: a change of the rule would silently move prompts between published parts.
    #expect(parts["test"]!.count == 362)
  }

  @Test func `what the fractions leave over is in no part`() throws {
    let parts = try split(1, ["small": 0.1]).parts(of: Self.comparisons)
    #expect(parts.keys.sorted() == ["small"])
    #expect(abs(parts["small"]!.count - 200) < 80)
  }

  private func split(_ seed: Int, _ fractions: [String: Double]) throws -> PromptSplit {
    try PromptSplit(seed: seed, fractions: fractions)
  }

  @Test func `thirds that do not sum to one exactly still cover everything`() throws {
    let parts = try split(3, ["a": 1.0 / 3, "b": 1.0 / 3, "c": 1.0 / 3]).parts(of: Self.comparisons)
    #expect(parts.values.reduce(0) { $0 + $1.count } == 2000)
  }

  @Test func `moments of one conversation stay together, unless prompts are asked for`() throws {
    let comparisons = (0..<300).flatMap { index -> [Comparison<TextQuery>] in
      let opening = [user("topic \(index)")]
      return [opening, opening + [assistant("Yes?"), user("more")]].map { messages in
        Comparison(
          first: TextQuery(messages: messages, response: "a"), second: TextQuery(messages: messages, response: "b"),
          promptID: PromptIdentity.prompt(messages))
      }
    }
    let fractions = ["x": 0.5, "y": 0.5]
    let kept = try PromptSplit(seed: 4, fractions: fractions).parts(of: comparisons)
    #expect(overlap(between: kept["x"]!, and: kept["y"]!) == DataOverlap(prompts: 0, conversations: 0, pairs: 0))
    let loose = try PromptSplit(seed: 4, fractions: fractions, unit: .prompt).parts(of: comparisons)
    let shared = overlap(between: loose["x"]!, and: loose["y"]!)
    #expect(shared.prompts == 0)
    #expect(shared.conversations > 100)
  }

  @Test func `overlap sees through white space, slots and system messages`() {
    let first = [pair("Hello ", "a", "b"), pair("other", "a", "b")]
    let messages = [ChatMessage(role: "system", content: "s"), user("Hello")]
    let withSystem = Comparison(
      first: TextQuery(messages: messages, response: "c"), second: TextQuery(messages: messages, response: "d"),
      promptID: PromptIdentity.prompt(messages))
    #expect(
      overlap(between: first, and: [pair("Hello", "b", " a"), withSystem])
        == DataOverlap(prompts: 1, conversations: 1, pairs: 1))
    #expect(overlap(between: first, and: [withSystem]) == DataOverlap(prompts: 0, conversations: 1, pairs: 0))
    let (kept, dropped) = excluding(conversationsOf: [withSystem], from: first)
    #expect(kept == [pair("other", "a", "b")])
    #expect(dropped[.overlap] == 1)
  }

  @Test(arguments: [[:], ["a": 0.0], ["a": -0.1], ["a": 0.7, "b": 0.5], ["a": 1.5], ["a": Double.nan]])
  func `fractions must be shares of a whole`(fractions: [String: Double]) {
    let error = userError { _ = try PromptSplit(seed: 0, fractions: fractions, at: "`split`") }
    #expect(error?.what == "the fractions of the split are not shares of a whole")
    #expect(error?.location == "`split`")
  }
}
