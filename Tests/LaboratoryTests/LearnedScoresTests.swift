import Basics
import Foundation
import Laboratory
import Objectives
import Policies
import Preferences
import TestSupport
import Testing

/// Rewards and costs that are learned from labels of a synthetic world, beside the exact ones.
@Suite struct LearnedScoresTests {
  /// Flags and pairs agree on the scale of a cost where their noises are equal.
  private static let world: SyntheticWorld = {
    var spec = SyntheticWorldSpec()
    (spec.prompts, spec.responses, spec.flagNoise) = (3, 5, 0.5)
    return SyntheticWorld(spec)
  }()

  private func table(_ value: (Int, Int) -> Double) -> [[Double]] {
    let spec = Self.world.spec
    return (0..<spec.prompts).map { prompt in (0..<spec.responses).map { value($0, prompt) } }
  }

  private func centred(_ rows: [[Double]]) -> [[Double]] { rows.map { row in row.map { $0 - mean(row) } } }

  private func distance(_ a: [[Double]], _ b: [[Double]]) -> Double {
    zip(a, b).flatMap { zip($0, $1).map { abs($0 - $1) } }.max() ?? .nan
  }

  @Test func `with more data rewards tend to the truth up to a constant of each prompt, costs with their zero`() {
    let rewards = centred(table { Self.world.reward($0, prompt: $1) })
    let costs = table { Self.world.cost($0, prompt: $1) }
    let errors = [500, 20_000, 800_000].map { count in
      let learned = LearnedScores(
        Self.world, scores: WorldScores(comparisons: count, flags: count), seed: SeedTree(5))
      return (reward: distance(centred(learned.rewards), rewards), cost: distance(learned.costs, costs))
    }
    #expect(errors[0].reward > errors[1].reward && errors[1].reward > errors[2].reward, "\(errors)")
    #expect(errors[0].cost > errors[1].cost && errors[1].cost > errors[2].cost, "\(errors)")
    #expect(errors[2].reward < 0.06 && errors[2].cost < 0.06, "\(errors)")
  }

  /// The gradients of the models' own losses, summed over the data, plus the penalty's.
  @Test func `the tables are where the reward and cost losses with their penalty are stationary`() {
    let scores = WorldScores(comparisons: 400, flags: 300, regularisation: 0.7)
    let learned = LearnedScores(Self.world, scores: scores, seed: SeedTree(2))
    var rewardGradient = learned.rewards.map { $0.map { 0.7 * $0 } }
    var costGradient = learned.costs.map { $0.map { 0.7 * $0 } }
    let seed = SeedTree(2).child("scores")
    for pair in Self.world.sampleComparisons(count: 400, seed: seed, item: TabularQuery.init) {
      let (prompt, first, second) = (pair.first.prompt, pair.first.response, pair.second.response)
      let (winner, loser) = pair.better == .first ? (first, second) : (second, first)
      let (unsafer, safer) = pair.safer == .first ? (second, first) : (first, second)
      let (r, c) = (learned.rewards[prompt], learned.costs[prompt])
      let reward = RewardLoss(regularisation: 0).evaluate(better: r[winner], worse: r[loser])
      rewardGradient[prompt][winner] += reward.dHigher
      rewardGradient[prompt][loser] += reward.dLower
      let order = RewardLoss(regularisation: 0).evaluate(better: c[unsafer], worse: c[safer])
      costGradient[prompt][unsafer] += order.dHigher
      costGradient[prompt][safer] += order.dLower
    }
    for flag in Self.world.sampleFlags(count: 300, seed: seed) {
      let own = (cost: learned.costs[flag.prompt][flag.response], sign: CostSign(isSafe: flag.isSafe))
      let loss = CostLoss(regularisation: 0).evaluate(unsafer: own, safer: own, isOrdered: false)
      costGradient[flag.prompt][flag.response] += loss.dHigher
    }
    #expect((rewardGradient + costGradient).flatMap(\.self).allSatisfy { abs($0) < 1e-9 })
    #expect(learned.rewards.allSatisfy { abs($0.reduce(0, +)) < 1e-9 })
  }

  @Test func `the tables are a function of the seed, and nothing is learned from nothing`() {
    func learned(_ seed: Int, _ count: Int = 200) -> LearnedScores {
      LearnedScores(Self.world, scores: WorldScores(comparisons: count, flags: count), seed: SeedTree(seed))
    }
    #expect(learned(1).rewards == learned(1).rewards && learned(1).costs == learned(1).costs)
    #expect(learned(1).rewards != learned(2).rewards && learned(1).costs != learned(2).costs)
    #expect(learned(1, 0).rewards.flatMap(\.self).allSatisfy { $0 == 0 })
  }

  @Test func `a world without scores is recorded as before`() throws {
    let members = try #require(try JSONValue(encoding: SyntheticWorldSpec()).object)
    #expect(members["scores"] == nil && SyntheticWorldSpec.keys.contains("scores"))
  }

  @Test(arguments: [
    ("{ kind: 'learnt' }", "learned"), ("{ kind: 'learned', comparison: 3 }", "comparison"),
    ("{ kind: 'learned', flags: -1 }", "flags of scores"), ("{ kind: 'learned', regularisation: 0 }", "regularisation"),
    ("{ comparisons: 3 }", "kind"),
  ])
  func `a mistake in the scores is named`(scores: String, message: String) {
    let error = #expect(throws: UserError.self) {
      try tabularSpec(#"{ name: "a", objective: "dpo" }"#, world: "{ scores: \(scores) }")
    }
    #expect(error?.exitCode == .badData && error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  private static let arms = """
    { name: "Safe-RLHF", objective: "safe-rlhf", settings: { tau: 0.5, budget: -0.3, samples: 0, lambdaRate: 0.05 } },
    { name: "C-DPO", objective: "constrained-dpo", settings: { tau: 0.5, budget: -0.3 } },
    { name: "MoCAN", objective: "mocan", settings: { tau: 0.5, budget: -0.3 } },
    { name: "PeCAN", objective: "pecan", settings: { tau: 0.5, budget: -0.3 }, scores: { reward: "H", cost: "S" },
      stages: [{ name: "H", objective: "dpo", order: "helpfulness", settings: { tau: 1 } },
        { name: "S", objective: "dpo", order: "safety", settings: { tau: 1 } }] }
    """

  private func outcomes(_ scores: String) throws -> [CellOutcome] {
    let spec = try tabularSpec(
      Self.arms, world: "{ prompts: 4, responses: 5, comparisons: 2000, flagNoise: 0.5\(scores) }",
      training: "{ steps: 1500, learningRate: 0.02, schedule: 'cosine' }")
    let setting = TabularSetting(try #require(spec.world))
    return try plan(spec).map { try setting.run($0.configuration, savingPolicyTo: nil) { _ in } }
  }

  @Test func `every constrained arm trains on learned scores and is judged by the exact ones`() throws {
    let exact = try outcomes("").map(\.metrics)
    let few = try outcomes(", scores: { kind: 'learned', comparisons: 200, flags: 200 }").map(\.metrics)
    let many = try outcomes(", scores: { kind: 'learned', comparisons: 400000, flags: 400000 }").map(\.metrics)
    for arm in 0..<3 {
      let costs = try [exact, few, many].map { try #require($0[arm]["cost"]) }
      #expect(costs[1] != costs[0] && abs(costs[2] - costs[0]) < 0.03, "\(costs)")
      #expect(abs(costs[1] - costs[0]) > abs(costs[2] - costs[0]), "\(costs)")
    }
    // PeCAN's scores come from its stages.
    #expect(few[3] == exact[3])
    // The optimum for the learned scores, judged by the exact ones, is what Safe RLHF came to.
    for name in ["reward", "cost", "kl"] {
      #expect(abs(try #require(few[0][name]) - #require(few[0]["\(name)_exact"])) < 0.03, "\(name)")
    }
    #expect(abs(try #require(few[0]["cost_exact"]) + 0.3) > 1e-3)
  }
}
