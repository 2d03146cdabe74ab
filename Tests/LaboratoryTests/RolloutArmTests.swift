import Basics
import Foundation
import Laboratory
import Preferences
import TestSupport
import Testing
import Theory

/// Safe RLHF as an arm of an experiment: the same driver, records and policies as every other method.
@Suite struct RolloutArmTests {
  private func spec(_ arm: String, training: String = "steps: 3000, learningRate: 0.02, schedule: \"cosine\"") throws
    -> ExperimentSpec
  {
    let text = """
      { name: "rollouts", world: { prompts: 4, responses: 5, comparisons: 256 }, training: { \(training) },
        arms: [ \(arm) ], seeds: 1 }
      """
    return try ExperimentSpec(JSONValue(parsing: Data(text.utf8), json5: true, source: "test"), at: "test")
  }

  private func outcome(_ spec: ExperimentSpec, cell: Int = 0) throws -> CellOutcome {
    let setting = TabularSetting(try #require(spec.world))
    return try setting.run(try plan(spec)[cell].configuration, savingPolicyTo: nil, afterStep: { _ in })
  }

  @Test(arguments: ["both", "rewardOnly"]) func `its metrics end next to the exact ones of the placement`(
    placement: String
  ) throws {
    let arm = """
      { name: "a", objective: "safe-rlhf",
        settings: { tau: 0.5, budget: -0.3, klPlacement: "\(placement)", samples: 0, lambdaRate: 0.05 } }
      """
    let metrics = try outcome(spec(arm)).metrics
    for name in ["multiplier", "reward", "cost", "kl"] {
      let (value, exact) = (try #require(metrics[name]), try #require(metrics["\(name)_exact"]))
      #expect(abs(value - exact) < 0.01, "\(name): \(value), exactly \(exact)")
    }
    #expect(try #require(metrics["cost_exact"]) <= -0.3 + 1e-9 && #require(metrics["violation"]) < 0.01)
    let area = try #require(metrics["violationArea"])
    #expect(abs(area - 3000 * (try #require(metrics["violationMean"]))) < 1e-9)
  }

  @Test func `sampled, it comes near, and its curve has what is watched`() throws {
    let arm = #"{ name: "a", objective: "safe-rlhf", settings: { tau: 0.5, budget: -0.3, lambdaRate: 0.03 } }"#
    let outcome = try outcome(spec(arm))
    #expect(abs(try #require(outcome.metrics["cost"]) + 0.3) < 0.1)
    let last = try #require(outcome.curve.points.last)
    #expect(last.multiplier == outcome.metrics["multiplier"] && last.expectedCost != nil)
    #expect(try #require(last.rollouts).entropy > 0)
    #expect(outcome.curve.diagnosis.hasPrefix("normal: λ"), "\(outcome.curve.diagnosis)")
  }

  @Test func `the other combiners run, each next to its optimum where one is known`() throws {
    for (combiner, tolerance) in [("shaping", 0.02), ("exactPenalty", 0.1), ("switching", 0.1)] {
      let arm = """
        { name: "a", objective: "safe-rlhf",
          settings: { tau: 0.5, budget: -0.3, klPlacement: "rewardOnly", samples: 0, combiner: "\(combiner)", lambdaInitial: 2 } }
        """
      let metrics = try outcome(spec(arm)).metrics
      let (cost, exact) = (try #require(metrics["cost"]), try #require(metrics["cost_exact"]))
      #expect(abs(cost - exact) < tolerance, "\(combiner): \(cost), exactly \(exact)")
    }
  }

  @Test func `budgets are swept, a preset is the cell of its values, and the record knows the method`() throws {
    let cells = try plan(
      try spec(
        """
        { name: "a", objective: "safe-rlhf", settings: { tau: 0.01, lambdaRate: 0.1, lambdaMax: 5, ptxCoefficient: 16 }, sweep: { budget: [-1, 0] } },
        { name: "b", objective: "safe-rlhf-script", sweep: { threshold: [-1, 0] } }
        """))
    #expect(cells.count == 4 && cells.map(\.configuration.objective) == Array(repeating: "safe-rlhf", count: 4))
    #expect(cells[0].id == cells[2].id && cells[1].id == cells[3].id && cells[0].id != cells[1].id)
    #expect(cells[2].axes.map(\.name) == ["budget"])
  }

  @Test func `it can start from an earlier stage, which is then its reference, and take its implied cost`() throws {
    let arm = """
      { name: "a", stages: [{ name: "safe", objective: "dpo", order: "safety", settings: { tau: 1 } }],
        objective: "safe-rlhf", from: "safe", scores: { cost: "safe" },
        settings: { tau: 0.5, budget: -1, samples: 0, lambdaRate: 0.05 } }
      """
    let metrics = try outcome(spec(arm)).metrics
    #expect(metrics["multiplier"] != nil && metrics["multiplier_exact"] == nil && metrics["violation"] != nil)
  }

  @Test(arguments: [
    ("budget: -100", "stays above"), ("budget: -100, klPlacement: \"rewardOnly\"", "no policy"),
    ("budget: -1, tau: 0.2, lambdaMax: 1.01", "lambdaMax"),
  ])
  func `a budget that cannot be kept is a failed record with exit code 4`(settings: String, reason: String) throws {
    let spec = try spec(#"{ name: "a", objective: "safe-rlhf", settings: { \#(settings) } }"#)
    try withTemporaryFolder { url in
      let folder = ResultsFolder(url)
      let cells = try plan(spec)
      let outcome = try runSweep(
        cells, setting: TabularSetting(try #require(spec.world)), into: folder,
        provenance: Provenance.current(root: url, workers: 1), options: SweepOptions(workers: 1),
        isInterrupted: { false }, report: { _ in })
      #expect(outcome.failed == 1)
      let record = try #require(folder.loadRecords().records[cells[0].id])
      #expect(record.status == .failed && record.failure?.exitCode == ExitCode.infeasible.rawValue)
      #expect(record.failure?.message.contains(reason) == true, "\(record.failure?.message ?? "")")
    }
  }

  @Test func `a language model needs learned scores, and what only pairs have is refused`() throws {
    let text = """
      { name: "x", data: { train: { files: ["pairs.jsonl"] } }, policy: { kind: "llama", model: "m" },
        arms: [{ name: "a", objective: "safe-rlhf" }], seeds: 1 }
      """
    let language = #expect(throws: UserError.self) {
      try ExperimentSpec(JSONValue(parsing: Data(text.utf8), json5: true, source: "test"), at: "test")
    }
    #expect(language?.exitCode == .badData && language?.what.contains("needs rewards and costs") == true)
    let flipped = #expect(throws: UserError.self) {
      try self.spec(#"{ name: "a", objective: "safe-rlhf", flipped: true }"#)
    }
    #expect(flipped?.exitCode == .badData && flipped?.what.contains("flipped") == true)
  }
}
