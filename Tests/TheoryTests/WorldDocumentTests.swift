import Basics
import Foundation
import Testing
import Theory

@Suite struct WorldDocumentTests {
  private func read(_ text: String) throws -> WorldDocument {
    try WorldDocument(
      strictly: JSONValue(parsing: Data(text.utf8), json5: true, source: "world.json"), at: "world.json")
  }

  private let whole = """
    {reference: [0.1, 0.2, 0.3, 0.4], comparison: [0.4, 0.3, 0.2, 0.1], safety: [0.9, 0.2, 0.6, 0.05],
     preference: [[0.5, 1, 1, 1], [0, 0.5, 1, 1], [0, 0, 0.5, 1], [0, 0, 0, 0.5]], reward: [2, 1, 0.5, -1],
     cost: [2, -1, -0.5, -3], tau: 0.5, beta: 0.5, budget: -0.5}
    """

  @Test func `a whole world and its report`() throws {
    let json = TheoryReport(try read(whole)).json
    let world = try #require(try read(whole).world)
    let exact = world.bfpoOptimum(BFPOConstants(tau: 0.5))
    #expect(json["bfpo"]?["exact"]?.array?.compactMap(\.number) == exact.policy)
    #expect(json["bfpo"]?["product"]?.array?.count == 4)
    #expect(json["bfpo"]?["covarianceGap"]?.number == world.covarianceGap)
    #expect(
      json["bfpo"]?["minimumLoss"]?.number == world.bfpoExpectedLoss(logRatio: exact.logRatio, BFPOConstants(tau: 0.5)))
    #expect(json["ipo"]?["policy"]?.array?.compactMap(\.number) == world.ipoOptimum(tau: 0.5).policy)
    #expect(json["dpo"]?["exists"]?.bool == false)
    #expect(json["dpo"]?["reason"]?.string?.contains("separable") == true)
    #expect(json["constrained"]?["feasible"]?.bool == true)
    let multiplier = try #require(json["constrained"]?["lambda"]?.number)
    let problem = ConstrainedProblem(
      [ConstrainedPrompt(reference: [0.1, 0.2, 0.3, 0.4], reward: [2, 1, 0.5, -1], cost: [2, -1, -0.5, -3])],
      beta: 0.5, budget: -0.5)
    #expect(multiplier == problem.solve().solution?.multiplier)
    #expect(json["rlhf"]?["value"]?.number == problem.dual(at: 0).value)
    #expect(json["safeRLHF"]?["policy"]?.array?.count == 4)
    #expect(json["constants"]?["b1"]?.number == 3)
    #expect(TheoryReport(try read(whole)).missing.isEmpty)
  }

  @Test func `what is absent takes its quantities with it`() throws {
    let report = TheoryReport(try read("{reference: [0.5, 0.5], reward: [1, 0], beta: 2}"))
    #expect(Set(report.json.object!.keys) == ["schema", "constants", "rlhf"])
    #expect(report.missing.count == 3)
    #expect(report.json["constants"]?["beta"]?.number == 2)
    // τ log E_ref e^{r/τ}, at β because no τ is given: 2 log((e^½ + 1)/2).
    #expect(abs((report.json["rlhf"]?["value"]?.number ?? 0) - 0.561_859_607_240_322_8) < 1e-12)
    let help = TheoryReport(try read("{reference: [0.5, 0.5], preference: [[0.5, 0.9], [0.1, 0.5]], tau: 1}"))
    #expect(Set(help.json.object!.keys) == ["schema", "constants", "ipo", "dpo", "helpfulness"])
    #expect(help.json["constants"]?["beta"]?.number == 1)
  }

  @Test func `impossible budgets are said`() throws {
    let text = "{reference: [0.5, 0.5], reward: [1, 0], cost: [1, 0.5], tau: 1, budget: BUDGET}"
    let never = TheoryReport(try read(text.replacing("BUDGET", with: "0.4"))).json
    #expect(never["constrained"]?["feasible"]?.bool == false && never["constrained"]?["policy"] == nil)
    #expect(never["constrained"]?["reason"]?.string?.contains("0.5") == true)
    let far = TheoryReport(try read(text.replacing("BUDGET", with: "0.6"))).json
    #expect(far["constrained"]?["feasible"]?.bool == true)
    #expect(far["safeRLHF"]?["exists"]?.bool == false)
  }

  @Test func `probabilities that almost sum to one are divided by their sum`() throws {
    let report = TheoryReport(try read("{reference: [0.3333333, 0.3333333, 0.3333333], reward: [0, 0, 0]}"))
    let policy = report.json["rlhf"]?["policy"]?.array?.compactMap(\.number) ?? []
    #expect(abs(policy.reduce(0, +) - 1) < 1e-15)
  }

  @Test(arguments: [
    ("{reference: [1]}", "at least 2"), ("{reference: [0.5, 0.4]}", "sums to 0.9"),
    ("{reference: [1.5, -0.5]}", "`reference`[1] is negative"), ("{reward: [1]}", "`reference` is missing"),
    ("{reference: [0.5, 0.5], comparison: [1]}", "`comparison` has 1 values"),
    ("{reference: [0.5, 0.5], safety: [0.5, 1.5]}", "`safety`[1] is 1.5"),
    ("{reference: [0.5, 0.5], preference: [[0.5, 1], [0]]}", "`preference`[1] has 1 values"),
    ("{reference: [0.5, 0.5], preference: [[0.5, 1]]}", "`preference` has 1 rows"),
    ("{reference: [0.5, 0.5], preference: [[0.5, 0.8], [0.3, 0.5]]}", "must add to 1"),
    ("{reference: [0.5, 0.5], preference: [[0.4, 0.8], [0.2, 0.5]]}", "against itself must be 0.5"),
    ("{reference: [0.5, 0.5], reward: [1, Infinity]}", "finite"), ("{reference: [0.5, 0.5], tau: 0}", "`tau`"),
    ("{reference: [0.5, 0.5], b1: 1}", "`b1`"), ("{reference: [0.5, 0.5], beta: -1}", "`beta`"),
    ("{reference: [0.5, 0.5], saftey: [1, 1]}", "did you mean `safety`?"), ("[1]", "expected an object"),
    ("{reference: 'x'}", "cannot be read"),
  ])
  func `what is wrong is named`(text: String, complaint: String) throws {
    let error = #expect(throws: UserError.self) { try read(text) }
    #expect(error?.description.contains(complaint) == true, "\(error?.description ?? "")")
    #expect(error?.exitCode == .badData)
  }
}
