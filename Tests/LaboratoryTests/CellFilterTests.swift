import Basics
import Foundation
import Laboratory
import TestSupport
import Testing

/// `--where`, on 6 cells of DPO (τ = 0.5, 2) and 12 of BFPO (τ = 0.5, 2 and α = 0.25, 0.5), seeds 0 to 2.
@Suite struct CellFilterTests {
  @Test(arguments: [
    ("objective == bfpo", 12), ("objective != bfpo", 6), ("arm == DPO", 6), ("arm == \"BFPO\" && seed == 0", 4),
    ("alpha > 0.25", 6), ("alpha >= 0.25", 12), ("alpha != 0.25", 6), ("!(alpha > 0.25)", 12), ("tau<1", 9),
    ("objective == dpo || alpha == 0.5 && seed < 2", 6 + 4), ("(objective == dpo || alpha == 0.5) && seed < 2", 4 + 4),
    ("!!(seed == 2)", 6), ("order == helpfulness", 18), ("tau <= 0.5 && tau >= 0.5", 9), ("reduction == 'sum'", 18),
    ("id == 0", 0), ("seed > 1e9", 0),
  ])
  func `conditions choose cells`(text: String, count: Int) throws {
    let cells = try plan(try smallSpec())
    let filter = try CellFilter(text, cells: cells)
    #expect(cells.filter(filter.matches).count == count)
  }

  @Test(arguments: [
    ("objective == bfo", "did you mean `bfpo`?"), ("alpa > 1", "did you mean `alpha`?"), ("order == safty", "known: "),
    ("alpha > x", "`alpha` is a number"), ("arm < DPO", "has no order"), ("alpha = 1", "write `==`"),
    ("alpha > 1 &", "column 11"), ("alpha >", "the condition ends"), ("(alpha > 1", "`)`"), ("", "a name such as"),
    ("alpha 1", "one of `==`"), ("alpha > 1 beta", "`beta` stands where `&&`"), ("arm == 'x", "is not closed"),
    ("alpha > )", "a number, a word"),
  ])
  func `mistakes are named with their place and the nearest name`(text: String, message: String) throws {
    let cells = try plan(try smallSpec())
    let error = #expect(throws: UserError.self) { try CellFilter(text, cells: cells) }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    #expect(error?.exitCode == .usage)
  }

  @Test func `states by name`() throws {
    #expect(try CellSelection.states("failed, missing,stale", at: "--only") == [.failed, .planned, .stale])
    let error = #expect(throws: UserError.self) { try CellSelection.states("done", at: "--only") }
    #expect(error?.why == "what is done is never run again")
  }
}
