import Basics
import Language
import Preferences
import Testing

@Suite struct CanonicalTests {
  private static let row = """
    {"prompt": "p", "chosen": "a", "rejected": "b", "chosen_safe": true, "rejected_safe": null, "id": 7, "weight": 0.5, \
    "source": "s", "severity": 2, "category": "x"}
    """

  @Test func `labels, weight, source and id are read; the order is the reader's word`() throws {
    let file = try preferences(Self.row, order: .safety)
    #expect(file.format == .canonical)
    var expected = pair("p", "a", "b", safer: .first, firstSafe: true, source: "s", id: "7")
    expected.weight = 0.5
    #expect(file.rows.map(\.comparison) == [expected])
  }

  @Test func `a row may name the winner of each order`() throws {
    let file = try preferences(
      #"{"prompt": "p", "chosen": "a", "rejected": "b", "better": "chosen", "safer": "rejected"}"#)
    #expect(file.rows.map(\.comparison) == [pair("p", "a", "b", better: .first, safer: .second, id: "rows.jsonl:1")])
  }

  @Test(arguments: [PreferenceOrder.helpfulness, .safety, .both])
  func `what is written is read again`(order: PreferenceOrder) throws {
    let quote = "She said \"no\\yes\"\n\ttab \u{1} é 😀"
    var originals = [
      pair("p", "a", "b", better: .first, safer: .second, firstSafe: true, secondSafe: false, source: "s", id: "i"),
      pair(quote, quote + "x", quote, better: .second, safer: .first, id: "j"),
      pair("q", "c", "d", better: .second, id: "k"), pair("q", "c", "d", safer: .first, firstSafe: false, id: "l"),
    ]
    originals[0].weight = 0.1
    let lines = try originals.compactMap { try CanonicalRow.line($0, chosenBy: order) }
    let again = try preferences(lines.joined(separator: "\n")).rows.map(\.comparison)
    let oriented = originals.compactMap { original -> Comparison<TextQuery>? in
      let winner =
        order == .helpfulness ? original.better : order == .safety ? original.safer : original.better ?? original.safer
      return winner.map { $0 == .first ? original : original.swapped }
    }
    #expect(oriented.count == (order == .both ? 4 : 3))
    #expect(again == oriented)
  }

  @Test func `a misspelt label is an error and not a lost label`() {
    let error = userError {
      _ = try preferences(
        #"{"prompt": "p", "chosen": "a", "rejected": "b", "chosen_safe": true, "rejected_saef": true}"#, order: .safety)
    }
    #expect(
      error
        == UserError(
          "unknown field `rejected_saef`", at: "rows.jsonl:1", advice: "did you mean `rejected_safe`?",
          exitCode: .badData))
  }

  @Test func `the order is needed once and only once`() {
    let without = userError { _ = try preferences(Self.row) }
    #expect(without?.what == "the order that `chosen` follows must be named")
    #expect(
      without?.advice
        == "name it, `helpfulness`, `safety` or `both`: `order: …` in a specification, `--order …` on the command line")
    #expect(without?.exitCode == .usage)
    let twice = userError {
      _ = try preferences(
        #"{"prompt": "p", "chosen": "a", "rejected": "b", "better": "chosen"}"#, order: .safety)
    }
    #expect(twice?.what == "the order is given twice")
    #expect(twice?.location == "rows.jsonl:1")
  }

  @Test(arguments: [
    (#""better": "first""#, "better", #"expected "chosen", "rejected" or null, found the string "first""#),
    (#""chosen_safe": "yes""#, "chosen_safe", "expected true or false, found the string \"yes\""),
    (#""safer": null, "weight": -1"#, "weight", "expected a number that is not negative, found -1"),
    (#""safer": null, "id": []"#, "id", "expected a string, found a list"),
  ])
  func `wrong values are named`(field: String, name: String, why: String) {
    let error = userError {
      _ = try preferences(
        #"{"prompt": "p", "chosen": "a", "rejected": "b", \#(field)}"#, format: .canonical,
        order: field.contains("chosen_safe") ? .safety : nil)
    }
    #expect(error?.what == "the field `\(name)` has a wrong value")
    #expect(error?.location == "rows.jsonl:1")
    #expect(error?.why == why)
    #expect(error?.exitCode == .badData)
  }
}
