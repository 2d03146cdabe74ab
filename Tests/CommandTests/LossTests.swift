import Basics
import Foundation
import TestSupport
import Testing

/// `bfpo loss`: its interface is fixed, others hold their losses against it.
@Suite struct LossTests {
  /// h = 1.5.
  static let pair = #"{"policyChosen":-10,"policyRejected":-12,"referenceChosen":-11,"referenceRejected":-11.5}"# + "\n"

  private struct Line: Decodable, Equatable { var loss, dChosen, dRejected: Double }

  private func losses(_ arguments: [String], _ input: String) throws -> [Line] {
    let run = try runProgram(["loss", "--json"] + arguments, input: input)
    #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
    return try run.lines.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
  }

  private func labelled(_ chosenSafe: String, _ rejectedSafe: String) -> String {
    extended(#""chosenSafe":\#(chosenSafe),"rejectedSafe":\#(rejectedSafe)"#)
  }

  /// The pair with more fields.
  private func extended(_ fields: String) -> String { "\(Self.pair.dropLast(2)),\(fields)}\n" }

  @Test func `fixture F4 on the command line`() throws {
    let dpo = try losses(["--objective", "dpo", "--set", "tau=0.4"], Self.pair)
    #expect(
      dpo.count == 1 && abs(dpo[0].loss - 0.437_487_950_5) < 1e-10 && abs(dpo[0].dChosen + 0.141_737_477_5) < 1e-10)
    #expect(dpo[0].dRejected == -dpo[0].dChosen)
    #expect(try losses(["-o", "ipo", "--set", "beta=.25"], Self.pair) == [Line(loss: 0.25, dChosen: -1, dRejected: 1)])
    let cases = labelled("true", "true") + labelled("1", "0") + labelled("false", "0") + labelled("0", "true")
    let expected = [
      Line(loss: 0.25, dChosen: -1, dRejected: 1), Line(loss: 6.25, dChosen: -5, dRejected: 5),
      Line(loss: 12.25, dChosen: 7, dRejected: -7), Line(loss: 30.25, dChosen: 11, dRejected: -11),
    ]
    #expect(try losses(["-o", "BFPO", "--set", "tau=0.25", "--set", "B1=3"], cases) == expected)
  }

  @Test func `averaged over tokens`() throws {
    let tokens = extended(#""chosenTokens":2,"rejectedTokens":5"#)
    let ipo = try losses(["-o", "ipo", "--set", "tau=0.5", "--set", "reduction=mean"], tokens)[0]
    let h = 1.0 / 2 + 0.5 / 5
    #expect(abs(ipo.loss - (h - 1) * (h - 1)) < 1e-15)
    #expect(abs(ipo.dChosen - (h - 1)) < 1e-15 && abs(ipo.dRejected + 2 * (h - 1) / 5) < 1e-15)
  }

  @Test func `scores and the multiplier are asked for by those that need them`() throws {
    let scores = #""chosenReward":1,"rejectedReward":0,"chosenCost":0.5,"rejectedCost":0.2"#
    let pair = extended(scores + #","multiplier":2"#)
    // p = σ(1 − 2 · .3), τh = .6: L′ = −.4 (p − σ(.6)).
    let soft = try losses(["-o", "constrained-dpo", "--set", "tau=0.4"], pair)[0]
    #expect(abs(soft.dChosen + 0.4 * (sigmoid(0.4) - sigmoid(0.6))) < 1e-15 && soft.dRejected == -soft.dChosen)
    let costs = extended(#""chosenCost":0.5,"rejectedCost":0.2"#)
    let modpo = try losses(["-o", "modpo", "--set", "tau=0.4", "--set", "w1=0.5"], costs)[0]
    #expect(abs(modpo.loss - softplus(-2 * (0.6 + 0.5 * 0.3))) < 1e-15)
    let without = try runProgram(["loss", "-o", "mocan"], input: extended(scores))
    #expect(without.status == 65 && without.errors.contains("`multiplier` is missing"))
    let negative = try runProgram(["loss", "-o", "mocan"], input: extended(scores + #","multiplier":-1"#))
    #expect(negative.status == 65 && negative.errors.contains("`multiplier` is not a number of at least 0"))
    #expect(try runProgram(["loss", "-o", "modpo"], input: Self.pair).errors.contains("`chosenCost` is missing"))
  }

  /// Log-ratios 1 and −.5, then 3 and 1: means 2 and .25, where alone they would be 1 and 0.
  @Test func `the input is one batch for an objective with batch means`() throws {
    let other = #"{"policyChosen":-8,"policyRejected":-9,"referenceChosen":-11,"referenceRejected":-10}"#
    let values = try losses(["-o", "kto", "--set", "tau=0.4"], Self.pair + other)
    #expect(values.count == 2)
    #expect(abs(values[0].loss - (sigmoid(-0.4 * 0.75) + sigmoid(-0.4 * 2.5))) < 1e-15)
    #expect(abs(values[1].loss - (sigmoid(-0.4 * 2.75) + sigmoid(-0.4 * 1))) < 1e-15)
    let alone = try losses(["-o", "kto", "--set", "tau=0.4"], Self.pair)
    #expect(abs(alone[0].loss - (sigmoid(-0.4) + sigmoid(-0.4 * 1.5))) < 1e-15)
  }

  @Test func `a pair that is left out has loss 0`() throws {
    #expect(try losses(["-o", "safedpo"], labelled("0", "0")) == [Line(loss: 0, dChosen: 0, dRejected: 0)])
    let explained = try runProgram(["explain", "safedpo"])
    #expect(explained.output.contains("left out with the pair") && !explained.output.contains("h* = g/τ"))
    #expect(try runProgram(["explain", "bfpo"]).output.contains("h* = g/τ"))
  }

  @Test func `every digit survives`() throws {
    let margins = [0.1, 1.0 / 3, 1e-17, 123.456_789_012_345_67]
    let pairs = margins.map {
      #"{"policyChosen":\#($0),"policyRejected":0,"referenceChosen":0,"referenceRejected":0}"#
    }
    let values = try losses(["-o", "ipo", "--set", "tau=1"], pairs.joined(separator: "\n"))
    #expect(values.map(\.dChosen) == margins.map { 2 * ($0 - 0.5) })
  }

  @Test func `a file, standard input and columns agree`() throws {
    try withTemporaryFolder { folder in
      try Data((Self.pair + "\n" + Self.pair).utf8).write(to: folder.appending(path: "pairs.jsonl"))
      let file = try runProgram(["loss", "-o", "dpo", "--json", "pairs.jsonl"], in: folder)
      #expect(file.lines.count == 2, "blank lines are passed over")
      let input = try runProgram(["loss", "-o", "dpo", "--json"], input: Self.pair + Self.pair)
      #expect(file.output == input.output)
      let columns = try runProgram(["loss", "-o", "dpo", "pairs.jsonl"], in: folder)
      #expect(columns.lines.first == "loss\tdChosen\tdRejected" && columns.lines.count == 3)
      #expect(try runProgram(["loss", "-o", "dpo", "absent.jsonl"], in: folder).status == 66)
    }
  }

  @Test(arguments: [
    (
      "bfpo", #"{"policyChosen":1,"policyRejected":1,"referenceChosen":1,"referenceRejected":1}"#,
      "`chosenSafe` is missing"
    ),
    (
      "bfpo", #"{"policyChosen":1,"policyRejected":1,"referenceChosen":1,"referenceRejected":1,"chosenSave":1}"#,
      "is `chosenSave` meant"
    ),
    (
      "bfpo",
      #"{"policyChosen":1,"policyRejected":1,"referenceChosen":1,"referenceRejected":1,"chosenSafe":2,"rejectedSafe":1}"#,
      "`chosenSafe` is not true, false, 1 or 0"
    ),
    ("dpo", #"{"policyChosen":1,"policyRejected":1,"referenceChosen":1}"#, "`referenceRejected` is missing"),
    (
      "dpo", #"{"policyChosen":null,"policyRejected":1,"referenceChosen":1,"referenceRejected":1}"#,
      "`policyChosen` is missing"
    ),
    (
      "dpo", #"{"policyChosen":NaN,"policyRejected":1,"referenceChosen":1,"referenceRejected":1}"#,
      "`policyChosen` is not a finite number"
    ),
    (
      "dpo", #"{"policyChosen":1,"policyRejected":-Infinity,"referenceChosen":1,"referenceRejected":1}"#,
      "`policyRejected` is not a finite number"
    ),
    (
      "dpo", #"{"policyChosen":"1","policyRejected":1,"referenceChosen":1,"referenceRejected":1}"#,
      "`policyChosen` is not a finite number"
    ),
    ("dpo", #"{"policyChosen":1e999,"policyRejected":1,"referenceChosen":1,"referenceRejected":1}"#, "does not fit"),
    ("dpo", #"{"policyChosen":1,"#, "not valid JSON"), ("dpo", "[1,2]", "not an object"),
  ])
  func `a bad line is exit code 65 and is named`(objective: String, line: String, complaint: String) throws {
    let good = labelled("true", "false")
    let run = try runProgram(["loss", "-o", objective, "--json"], input: good + "\n" + line + "\n" + good)
    #expect(run.status == 65)
    #expect(run.lines.count == 1, "the good line before it is answered")
    #expect(run.errors.contains("standard input, line 3") && run.errors.contains(complaint), "\(run.errors)")
  }

  @Test func `token counts are asked for only when they matter`() throws {
    let run = try runProgram(["loss", "-o", "dpo", "--set", "reduction=mean"], input: Self.pair)
    #expect(run.status == 65 && run.errors.contains("`chosenTokens` is missing"))
    let zero = extended(#""chosenTokens":0,"rejectedTokens":5"#)
    #expect(try runProgram(["loss", "-o", "dpo", "--set", "reduction=mean"], input: zero).status == 65)
    #expect(try runProgram(["loss", "-o", "dpo"], input: zero).status == 0)
  }

  @Test func `a loss that overflows is exit code 3`() throws {
    let huge = #"{"policyChosen":1e200,"policyRejected":0,"referenceChosen":0,"referenceRejected":0}"#
    let run = try runProgram(["loss", "-o", "ipo", "--json"], input: huge)
    #expect(run.status == 3 && run.output.isEmpty && run.errors.contains("line 1"))
  }
}
