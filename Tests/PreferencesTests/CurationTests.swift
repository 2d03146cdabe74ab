import Basics
import Language
import Preferences
import Testing

@Suite struct FlagRuleTests {
  @Test func `none supplies nothing`() throws {
    let comparison = pair(better: .first, safer: .second, source: "harmless")
    #expect(try FlagRule.none.applied(to: comparison) == comparison)
  }

  @Test(arguments: [
    (FlagRule.bothSafe, Slot?.none, "", true, true), (.bothSafe, .second, "x", true, true),
    (.saferIsSafe, .first, "", true, false), (.saferIsSafe, .second, "", false, true),
    (.hhSubset, .second, "harmless", false, true), (.hhSubset, .first, "harmless", true, false),
    (.hhSubset, .second, "helpful", true, true),
  ])
  func `rules supply flags`(rule: FlagRule, safer: Slot?, source: String, first: Bool, second: Bool) throws {
    let result = try rule.applied(to: pair(safer: safer, source: source))
    #expect(result == pair(safer: safer, firstSafe: first, secondSafe: second, source: source))
  }

  @Test func `a flag of the file is never changed, and no order gives no flag`() throws {
    let half = try FlagRule.saferIsSafe.applied(to: pair(safer: .first, secondSafe: true))
    #expect(half == pair(safer: .first, firstSafe: true, secondSafe: true))
    let whole = pair(safer: .first, firstSafe: false, secondSafe: false)
    #expect(try FlagRule.bothSafe.applied(to: whole) == whole)
    #expect(try FlagRule.saferIsSafe.applied(to: pair()) == pair())
    #expect(try FlagRule.hhSubset.applied(to: pair(source: "harmless")) == pair(source: "harmless"))
  }

  @Test func `hh-subset refuses a source it does not know`() {
    let error = userError { _ = try FlagRule.hhSubset.applied(to: pair(safer: .first, source: "web", id: "f:3")) }
    #expect(error?.what == "the flag rule `hh-subset` does not know the source `web`")
    #expect(error?.location == "f:3")
  }
}

@Suite struct TokenisedTests {
  private func encode(_ query: TextQuery) -> TokenQuery {
    TokenQuery(
      prompt: query.messages[0].content.utf8.map { Int32($0) }, response: query.response.utf8.map { Int32($0) } + [0])
  }

  @Test func `over-long pairs are dropped and counted, never cut`() {
    let comparisons = [
      pair("12345", "abc", "ab"), pair("12345", "abcd", "ab"), pair("12345", "ab", "abcd"), pair("123456", "a", "b"),
    ]
    let result = tokenised(comparisons, limits: TokenLimits(maxTokens: 9, maxPromptTokens: 5), encode: encode)
    #expect(result.kept.map(\.first.response.count) == [4])
    #expect(result.kept.first?.promptID == comparisons[0].promptID)
    #expect(result.dropped[.overLong] == 2)
    #expect(result.dropped[.overLongPrompt] == 1)
    #expect(result.dropped.total == 3)
    #expect(tokenised(comparisons, encode: encode).kept.count == 4)
  }

  @Test func `responses that become the same tokens are dropped`() {
    let result = tokenised([pair("p", "A", "a")]) { query in
      TokenQuery(prompt: [1], response: query.response.lowercased().utf8.map { Int32($0) })
    }
    #expect(result.dropped[.identicalResponses] == 1)
  }

  @Test func `labels, weight, source and identity survive`() {
    var comparison = pair("p", "a", "b", better: .second, safer: .first, firstSafe: true, source: "s", id: "f:1")
    comparison.weight = 0.25
    let kept = tokenised([comparison], encode: encode).kept
    #expect(kept == [comparison.map(encode)])
    #expect(kept[0].id == "f:1" && kept[0].weight == 0.25 && kept[0].better == .second && kept[0].source == "s")
  }
}

@Suite struct LabelStatisticsTests {
  @Test func `every count`() {
    let statistics = LabelStatistics([
      pair("p", better: .first, safer: .first, firstSafe: true, secondSafe: true, source: "a"),
      pair("p", better: .first, safer: .second, firstSafe: false, secondSafe: true, source: "a"),
      pair("q", better: .second, safer: .first, firstSafe: false, secondSafe: true, source: "b"),
      pair("q", better: .second, firstSafe: false, secondSafe: false),
      pair("r", safer: .second, firstSafe: true), pair("r"),
    ])
    #expect(statistics.comparisons == 6)
    #expect(statistics.prompts == 3)
    #expect(statistics.sources == ["a": 2, "b": 1, "": 3])
    #expect(statistics.betterIsFirst == 2)
    #expect(statistics.saferIsFirst == 2)
    let orders = statistics.orders
    #expect((orders.agree, orders.disagree, orders.onlyBetter, orders.onlySafer, orders.neither) == (1, 2, 1, 1, 1))
    let flags = statistics.flags
    #expect((flags.bothSafe, flags.bothUnsafe, flags.mixed, flags.unknown) == (1, 1, 2, 2))
    #expect((flags.mixedSafeIsBetter, flags.mixedUnsafeIsBetter, flags.mixedUnsafeIsSafer) == (1, 1, 1))
  }
}
