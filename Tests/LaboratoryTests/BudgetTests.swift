import Basics
import Foundation
import Laboratory
import Preferences
import TestSupport
import Testing
import Theory
import Training

/// Methods with a cost budget against the exact optimum of the dual, and every method against the exact frontier.
@Suite struct BudgetTests {
  private static let world = "{ prompts: 2, responses: 5, comparisons: 4000 }"
  private static let training = "{ steps: 4000, batchSize: 64, learningRate: 0.02, schedule: 'cosine' }"

  @Test(arguments: ["constrained-dpo", "mocan"], [-0.6, 0.0])
  func `a constrained method reaches the optimum of the exact dual`(objective: String, budget: Double) throws {
    let arm = #"{ name: "a", objective: "\#(objective)", settings: { tau: 1, budget: \#(budget) } }"#
    let (world, policy, metrics) = try trained(arm)
    let optimum = try #require(problem(world, tau: 1, budget: budget).solve().solution)
    #expect(optimum.multiplier > 0.1, "the budget must bind for this test to say something")
    #expect(abs(try #require(metrics["multiplier"]) - optimum.multiplier) < 0.03 * (1 + optimum.multiplier))
    #expect(abs(try #require(metrics["cost"]) - budget) < 0.02)
    for (own, exact) in zip(policy, optimum.outcome.policies) { #expect(totalVariation(own, exact) < 0.02) }
  }

  @Test(arguments: ["constrained-dpo", "mocan"])
  func `a slack budget leaves λ at 0, and the method is RLHF on the reward`(objective: String) throws {
    let arm = #"{ name: "a", objective: "\#(objective)", settings: { tau: 1, budget: 5 } }"#
    let (world, policy, metrics) = try trained(arm)
    #expect(metrics["multiplier"] == 0)
    for prompt in policy.indices {
      let rewards = (0..<world.spec.responses).map { world.reward($0, prompt: prompt) }
      let optimum = gibbsPolicy(reference: world.reference[prompt], reward: rewards, temperature: 1)
      #expect(totalVariation(policy[prompt], optimum) < 0.02)
    }
  }

  /// The implied costs count from the reference's, so the same budget is asked of MoCAN relative to the reference's cost.
  @Test func `PeCAN comes near MoCAN without rewards and costs`() throws {
    let arm = """
      { name: "a", objective: "pecan", settings: { tau: 1, budget: -0.6 }, scores: { reward: "H", cost: "S" },
        stages: [{ name: "H", objective: "dpo", order: "helpfulness", settings: { tau: 1 } },
          { name: "S", objective: "dpo", order: "safety", settings: { tau: 1 } }] }
      """
    let (world, policy, _) = try trained(arm, world: "{ prompts: 2, responses: 5, comparisons: 60000 }")
    let reference = (0..<world.spec.prompts).reduce(0.0) { total, prompt in
      total + zip(world.reference[prompt], 0...).reduce(0) { $0 + $1.0 * world.cost($1.1, prompt: prompt) } / 2
    }
    let optimum = try #require(problem(world, tau: 1, budget: reference - 0.6).solve().solution)
    for (own, exact) in zip(policy, optimum.outcome.policies) { #expect(totalVariation(own, exact) < 0.05) }
  }

  @Test(arguments: ["constrained-dpo", "mocan"]) func `a budget that no policy can keep fails the cell and says so`(
    objective: String
  ) throws {
    let error = #expect(throws: UserError.self) {
      try trained(#"{ name: "a", objective: "\#(objective)", settings: { budget: -100 } }"#)
    }
    #expect(error?.exitCode == .infeasible)
    #expect(error?.what == "the cost budget -100.0 cannot be kept")
  }

  @Test func `λ rises while the cost is over the budget, and the curve shows it`() throws {
    let (_, _, curve) = try run(
      #"{ name: "a", objective: "constrained-dpo", settings: { tau: 1, budget: -1.0, lambdaInitial: 0 } }"#,
      world: Self.world, training: "{ steps: 200 }")
    #expect(try #require(curve.points.compactMap(\.expectedCost).first) > -1)
    let multipliers = curve.points.compactMap(\.multiplier)
    #expect(multipliers.count == curve.points.count)
    #expect(try #require(multipliers.last) > 0.1 && multipliers == multipliers.sorted())
  }

  /// One seed of the default sweep: every method at every setting.
  @Test func `no policy of the default sweep lies beyond the exact frontier`() throws {
    let file = packageRoot.appending(path: "Experiments/synthetic.json5")
    var spec = try ExperimentSpec(contentsOf: file)
    spec.seeds = [0]
    let world = try #require(spec.world)
    let setting = TabularSetting(world)
    let cells = try plan(spec)
    #expect(Set(cells.map(\.arm)).count == spec.arms.count && spec.arms.count >= 25)
    var distances: [String: Double] = [:]
    for cell in cells {
      let metrics = try setting.run(cell.configuration, savingPolicyTo: nil) { _ in }.metrics
      let distance = try #require(metrics["frontierDistance"])
      distances[cell.arm] = min(distances[cell.arm] ?? .infinity, distance)
      let point = PlanePoint(x: try #require(metrics["helpfulness"]), y: try #require(metrics["safety"]))
      #expect(abs(setting.frontier.distance(of: point).euclidean - distance) < 1e-12)
    }
    #expect(distances.values.allSatisfy { $0 > 0 }, "\(distances)")
  }

  // MARK: Support

  private func problem(_ world: SyntheticWorld, tau: Double, budget: Double) -> ConstrainedProblem {
    ConstrainedProblem(
      (0..<world.spec.prompts).map { prompt in
        ConstrainedPrompt(
          reference: world.reference[prompt],
          reward: (0..<world.spec.responses).map { world.reward($0, prompt: prompt) },
          cost: (0..<world.spec.responses).map { world.cost($0, prompt: prompt) })
      }, beta: tau, budget: budget)
  }

  private func trained(
    _ arm: String, world: String = Self.world
  ) throws -> (world: SyntheticWorld, policy: [[Double]], metrics: [String: Double]) {
    try withTemporaryFolder { folder in
      let spec = try tabularSpec(arm, world: world, training: Self.training)
      let setting = TabularSetting(try #require(spec.world))
      let cell = try #require(try plan(spec).first)
      let outcome = try setting.run(cell.configuration, savingPolicyTo: folder) { _ in }
      return (setting.world, try savedPolicy(folder).map { $0.map(exponential) }, outcome.metrics)
    }
  }

  private func run(
    _ arm: String, world: String, training: String
  ) throws -> (SyntheticWorld, [String: Double], TrainingCurve) {
    let spec = try tabularSpec(arm, world: world, training: training)
    let setting = TabularSetting(try #require(spec.world))
    let outcome = try setting.run(try #require(try plan(spec).first).configuration, savingPolicyTo: nil) { _ in }
    return (setting.world, outcome.metrics, outcome.curve)
  }
}
