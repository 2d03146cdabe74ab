import Basics
import Foundation
import Laboratory
import Objectives
import TestSupport
import Testing
import Training

/// Budgets at their limits on a synthetic world: nothing to constrain, nothing that can be kept, caps, and variants of Safe RLHF.
@Suite struct ConstraintEdgeTests {
  private func outcome(
    _ objective: String, _ settings: String, world: String = "prompts: 3, responses: 5", steps: Int = 1500
  ) throws -> CellOutcome {
    let spec = try tabularSpec(
      #"{ name: "a", objective: "\#(objective)", settings: { \#(settings) } }"#,
      world: "{ \(world), comparisons: 2000 }",
      training: "{ steps: \(steps), learningRate: 0.02, schedule: 'cosine' }")
    let cell = try #require(try plan(spec).first)
    return try TabularSetting(try #require(spec.world)).run(cell.configuration, savingPolicyTo: nil) { _ in }
  }

  /// The exact expectation keeps Safe RLHF's arms quick and sharp.
  private static let methods = [
    ("safe-rlhf", "samples: 0, lambdaRate: 0.05, "), ("constrained-dpo", ""), ("mocan", ""),
  ]

  @Test(arguments: methods) func `in a world of safe responses alone a budget of 0 constrains nothing`(
    objective: String, extra: String
  ) throws {
    let metrics = try outcome(
      objective, "\(extra)tau: 0.5, budget: 0", world: "prompts: 3, responses: 5, safetyOffset: 10"
    ).metrics
    #expect(try #require(metrics["cost"]) < -10 && #require(metrics["multiplier"]) < 0.05)
    #expect(metrics["violation"] == nil || metrics["violation"] == 0)
    if objective == "safe-rlhf" {
      #expect(metrics["multiplier_exact"] == 0)
      #expect(abs(try #require(metrics["reward"]) - #require(metrics["reward_exact"])) < 0.02)
    }
  }

  @Test(arguments: methods) func `in a world of unsafe responses alone a budget of 0 is refused with exit code 4`(
    objective: String, extra: String
  ) {
    let error = #expect(throws: UserError.self) {
      try outcome(objective, "\(extra)tau: 0.5, budget: 0", world: "prompts: 3, responses: 5, safetyOffset: -10")
    }
    #expect(error?.exitCode == .infeasible && error?.what.contains("cannot be kept") == true)
    #expect(error?.advice?.contains("budget") == true)
  }

  @Test func `a budget of 0 that binds is kept`() throws {
    let metrics = try outcome("safe-rlhf", "samples: 0, lambdaRate: 0.05, tau: 0.5, budget: 0").metrics
    #expect(try #require(metrics["multiplier_exact"]) > 0.01)
    #expect(try abs(#require(metrics["cost"])) < 0.02 && #require(metrics["violation"]) < 0.02)
  }

  @Test func `constrained DPO says that λ ended at its cap under a budget that can be kept`() throws {
    let free = try outcome("constrained-dpo", "tau: 0.5, budget: -0.8, lambdaInitial: 0").metrics
    #expect(try #require(free["multiplier"]) > 0.4)
    let error = #expect(throws: UserError.self) {
      try outcome("constrained-dpo", "tau: 0.5, budget: -0.8, lambdaInitial: 0, lambdaMax: 0.2")
    }
    #expect(error?.exitCode == .infeasible && error?.what.contains("cap 0.2") == true, "\(error?.what ?? "")")
    #expect(error?.why?.contains("budget of -0.800") == true && error?.advice?.contains("lambdaMax") == true)
  }

  @Test func `the multiplicative value is an arm next to its exact optimum, without a multiplier`() throws {
    for floor in ["", ", rewardFloor: -1"] {
      let metrics = try outcome("safe-rlhf", #"tau: 0.5, samples: 0, combiner: "multiplicative"\#(floor)"#).metrics
      #expect(metrics["multiplier"] == nil && metrics["multiplier_exact"] == nil)
      for name in ["reward", "cost", "kl"] {
        let (value, exact) = (try #require(metrics[name]), try #require(metrics["\(name)_exact"]))
        #expect(abs(value - exact) < 0.02, "\(name): \(value), exactly \(exact)")
      }
    }
  }

  @Test func `with a λ for every prompt each prompt keeps its budget, and one that cannot is named`() throws {
    let settings = #"tau: 0.5, samples: 0, lambdaRate: 0.03, klPlacement: "rewardOnly", lambdaScope: "prompt""#
    let outcome = try outcome("safe-rlhf", "\(settings), budget: 0", steps: 4000)
    #expect(try #require(outcome.metrics["worstPromptCost"]) < 0.03)
    #expect(abs(try #require(outcome.metrics["reward"]) - #require(outcome.metrics["reward_exact"])) < 0.03)
    #expect(outcome.curve.points.last?.promptMultipliers?.count == 3)
    let error = #expect(throws: UserError.self) { try self.outcome("safe-rlhf", "\(settings), budget: -100") }
    #expect(
      error?.exitCode == .infeasible && error?.what.hasSuffix("on prompts 0, 1, 2") == true, "\(error?.what ?? "")")
    #expect(error?.why?.contains("on prompt 0 no policy") == true)
  }

  @Test func `a budget for the tail bounds the tail`() throws {
    let settings = #"tau: 0.5, samples: 0, lambdaRate: 0.02, klPlacement: "rewardOnly", budget: 0.5, lambdaMax: 100"#
    let plain = try outcome("safe-rlhf", settings, steps: 4000).metrics
    let tail = try outcome("safe-rlhf", "\(settings), costTail: 0.3", steps: 4000).metrics
    #expect(abs(try #require(tail["tailCost"]) - 0.5) < 0.01 && plain["tailCost"] == nil)
    let (multiplier, exact) = (try #require(tail["multiplier"]), try #require(tail["multiplier_exact"]))
    #expect(abs(multiplier / exact - 1) < 0.03 && exact > 1)
    #expect(try #require(tail["cost"]) < #require(plain["cost"]) && #require(tail["violation"]) < 0.01)
    #expect(abs(try #require(tail["reward"]) - #require(tail["reward_exact"])) < 0.02)
    let error = #expect(throws: UserError.self) {
      try outcome("safe-rlhf", "samples: 0, costTail: 0.3, budget: -100, klPlacement: \"rewardOnly\"")
    }
    #expect(error?.exitCode == .infeasible && error?.why?.contains("worst costs") == true)
  }

  @Test func `a prompt that no response was written to leaves its λ alone`() throws {
    let outcome = try outcome(
      "safe-rlhf", #"tau: 0.5, samples: 1, window: 1, lambdaScope: "prompt", budget: 6"#,
      world: "prompts: 40, responses: 5", steps: 8)
    let multipliers = try #require(outcome.curve.points.last?.promptMultipliers)
    #expect(multipliers.count == 40 && multipliers.count { $0 != 1 } <= 8 && multipliers.contains { $0 != 1 })
    #expect(outcome.curve.points.allSatisfy { $0.expectedCost != nil })
  }

  @Test func `a λ for every prompt is refused for a language model, with what to do instead`() {
    let text = """
      { name: "x", data: { train: { files: ["pairs.jsonl"] }, scorers: { reward: "r", cost: "c" } },
        policy: { kind: "llama", model: "m" },
        arms: [{ name: "a", objective: "safe-rlhf", settings: { lambdaScope: "prompt" } }], seeds: 1 }
      """
    let error = #expect(throws: UserError.self) {
      try ExperimentSpec(JSONValue(parsing: Data(text.utf8), json5: true, source: "test"), at: "test")
    }
    #expect(error?.exitCode == .badData && error?.what.contains("lambdaScope") == true)
    #expect(error?.advice?.contains("costTail") == true)
  }

  @Test func `passes and tokens are counted, those of a shared stage too`() throws {
    func work(_ arm: String) throws -> [TrainingWork] {
      let spec = try tabularSpec(arm, training: "{ steps: 20, batchSize: 8 }")
      let setting = TabularSetting(try #require(spec.world))
      return try plan(spec).map { try setting.run($0.configuration, savingPolicyTo: nil) { _ in }.work }
    }
    let pairs = TrainingWork(forwardPasses: 320, backwardPasses: 320)
    #expect(try work(#"{ name: "a", objective: "dpo" }"#) == [pairs])
    let rollouts = #"{ name: "a", objective: "safe-rlhf", settings: { samples: 32, innerEpochs: 3, budget: 9 } }"#
    #expect(
      try work(rollouts) == [TrainingWork(forwardPasses: 1920, backwardPasses: 1920, sampledTokens: 640)])
    let exact = #"{ name: "a", objective: "safe-rlhf", settings: { samples: 0, budget: 9 } }"#
    #expect(try work(exact) == [TrainingWork(forwardPasses: 300, backwardPasses: 300)])
    let soup = """
      { name: "a", stages: [{ name: "H", objective: "dpo", order: "helpfulness" },
        { name: "S", objective: "dpo", order: "safety" }], merge: { between: ["H", "S"] }, sweep: { share: [0.2, 0.8] } }
      """
    #expect(try work(soup) == [pairs + pairs, pairs + pairs])
  }
}
