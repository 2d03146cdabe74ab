import Basics
import Foundation
import Laboratory
import TestSupport
import Testing
import Theory

/// Arms that train more than once, and arms that merge what they trained.
@Suite struct StageTests {
  @Test func `a soup of logits is the log-linear mixture of its two policies`() throws {
    let helpful = try policy(#"{ name: "a", objective: "dpo", order: "helpfulness" }"#)
    let safe = try policy(#"{ name: "a", objective: "dpo", order: "safety" }"#)
    let soup = try policy(
      """
      { name: "a", stages: [{ name: "H", objective: "dpo", order: "helpfulness" },
        { name: "S", objective: "dpo", order: "safety" }], merge: { between: ["H", "S"], share: 0.3 } }
      """)
    for prompt in helpful.indices {
      let mixed = zip(helpful[prompt], safe[prompt]).map { 0.7 * $0 + 0.3 * $1 }
      let normaliser = logSumExp(mixed)
      for (value, expected) in zip(soup[prompt], mixed) { #expect(abs(value - (expected - normaliser)) < 1e-12) }
    }
  }

  /// A margin's gradient does not see the policy, so training on flipped pairs is training with the sign changed.
  @Test func `half the difference of a policy and its mirror image is the policy`() throws {
    let helpful = try policy(#"{ name: "a", objective: "dpo", order: "helpfulness" }"#)
    let vector = try policy(
      """
      { name: "a", stages: [{ name: "plus", objective: "dpo", order: "helpfulness" },
        { name: "minus", objective: "dpo", order: "helpfulness", flipped: true }],
        merge: { add: ["plus"], subtract: ["minus"], strength: 0.5 } }
      """)
    for (row, expected) in zip(vector, helpful) {
      for (value, expected) in zip(row, expected) { #expect(abs(value - expected) < 1e-12) }
    }
  }

  /// Theorem of SACPO: π ∝ π_r e^{λg/β} with π_r ∝ π_ref e^{r/β}, whichever comes first.
  @Test(arguments: [("helpfulness", "safety", 0.5, 1.25), ("safety", "helpfulness", 1.25, 0.5)])
  func `two stages of DPO reach the optimum of r + λg`(first: String, second: String, tau1: Double, tau2: Double) throws
  {
    let text = """
      { name: "a", stages: [{ name: "one", objective: "dpo", order: "\(first)", settings: { tau: \(tau1) } }],
        objective: "dpo", order: "\(second)", from: "one", settings: { tau: \(tau2) } }
      """
    let spec = try tabularSpec(text, world: Self.large, training: Self.long)
    let trained = try policy(spec)
    let world = TabularSetting(try #require(spec.world)).world
    for prompt in 0..<world.spec.prompts {
      let reward = (0..<world.spec.responses).map { response in
        world.reward(response, prompt: prompt) / 0.5 - world.cost(response, prompt: prompt) / 1.25
      }
      let optimum = gibbsPolicy(reference: world.reference[prompt], reward: reward, temperature: 1)
      #expect(totalVariation(trained[prompt].map(exponential), optimum) < 0.02)
    }
  }

  @Test func `axes reach every stage that leaves the hyper-parameter free, and one stage by its name`() throws {
    let stages = """
      { name: "S", stages: [{ name: "H", objective: "dpo", order: "helpfulness" SETTINGS }],
        objective: "bfpo", order: "safety", from: "H", sweep: { SWEEP } }
      """
    func taus(settings: String = "", sweep: String = "") throws -> Set<[Double]> {
      let arm = stages.replacing("SETTINGS", with: settings).replacing("SWEEP", with: sweep)
      let cells = try plan(try tabularSpec(arm, axes: "tau: [1, 2], alpha: [0.25]"))
      return Set(cells.map { $0.configuration.allStages.map { $0.parameters["tau"]?.number ?? .nan } })
    }
    #expect(try taus() == [[1, 1], [2, 2]])
    #expect(try taus(settings: ", settings: { beta: 5 }") == [[5, 1], [5, 2]])
    #expect(try taus(sweep: #""H.beta": [7, 8]"#) == [[7, 1], [8, 1], [7, 2], [8, 2]])
    #expect(try taus(sweep: #""final.tau": [9]"#) == [[1, 9], [2, 9]])
  }

  @Test func `an axis whose every stage has an axis of its own makes no second cell`() throws {
    let arm = """
      { name: "S", stages: [{ name: "H", objective: "dpo", order: "helpfulness" }],
        objective: "bfpo", order: "safety", from: "H", sweep: { "H.tau": [3], "final.tau": [4] } }
      """
    let cells = try plan(try tabularSpec(arm, axes: "tau: [1, 2]"))
    #expect(cells.map { $0.configuration.allStages.map { $0.parameters["tau"]?.number } } == [[3, 4]])
    #expect(cells.first?.axes.map(\.name) == ["H.tau", "final.tau"])
  }

  @Test func `a stage shared by cells is trained once and changes nothing`() throws {
    let soup = """
      { name: "a", stages: [{ name: "H", objective: "dpo", order: "helpfulness" },
        { name: "S", objective: "dpo", order: "safety" }], merge: { between: ["H", "S"] }, sweep: { share: [0, 1] } }
      """
    let spec = try tabularSpec(soup)
    let setting = TabularSetting(try #require(spec.world))
    let cells = try plan(spec)
    let together = try cells.map { try setting.run($0.configuration, savingPolicyTo: nil) { _ in }.metrics }
    for (cell, metrics) in zip(cells, together) {
      let alone = try TabularSetting(try #require(spec.world)).run(cell.configuration, savingPolicyTo: nil) { _ in }
      #expect(alone.metrics == metrics)
    }
  }

  @Test(arguments: [
    (#"{ name: "a" }"#, "the arm has no objective"),
    (#"{ name: "a", objective: "dpo", from: "x" }"#, "no earlier stage is named `x`"),
    (#"{ name: "a", stages: [{ name: "H", objective: "dpo", order: "safety" }] }"#, "the arm ends with no policy"),
    (
      #"{ name: "a", stages: [{ name: "H", objective: "dpo", order: "safety" }], merge: { between: ["H", "G"] } }"#,
      "no earlier stage is named `G`"
    ),
    (#"{ name: "a", objective: "dpo", merge: { between: ["final"] } }"#, "names two stages"),
    (#"{ name: "a", objective: "dpo", stages: [{ name: "H", objectiv: "dpo" }] }"#, "unknown key `objectiv`"),
    (#"{ name: "a", objective: "dpo", scores: { costs: "H" } }"#, "unknown key `costs`"),
    (#"{ name: "a", objective: "dpo", auxiliary: {} }"#, "a tabular policy cannot have one"),
    (
      #"{ name: "a", objective: "dpo", stages: [{ name: "H", objective: "dpo", order: "safety", auxiliary: {} }] }"#,
      "a tabular policy cannot have one"
    ),
    (
      #"{ name: "a", auxiliary: {}, stages: [{ name: "H", objective: "dpo", order: "safety" }], merge: { add: ["H"] } }"#,
      "stands beside no objective"
    ),
    (#"{ name: "a", objective: "pecan" }"#, "pecan needs the scores of two earlier stages"),
    (
      #"{ name: "a", objective: "pecan", scores: { cost: "H" }, stages: [{ name: "H", objective: "dpo", order: "safety" }] }"#,
      "pecan needs the scores of two earlier stages"
    ),
    (
      #"{ name: "a", objective: "modpo", scores: { reward: "H" }, stages: [{ name: "H", objective: "dpo", order: "safety" }] }"#,
      "modpo reads no rewards"
    ),
    (#"{ name: "a", objective: "dpo", stages: [{ name: "H.1", objective: "dpo", order: "safety" }] }"#, "has a dot"),
    (
      #"{ name: "a", objective: "dpo", stages: [{ name: "final", objective: "dpo", order: "safety" }] }"#,
      "own objective"
    ),
  ])
  func `mistakes in stages are named`(arm: String, message: String) throws {
    let error = #expect(throws: UserError.self) { try tabularSpec(arm) }
    #expect("\(try #require(error))".contains(message), "\(error?.description ?? "")")
    #expect(error?.exitCode == .badData)
  }

  @Test func `records made before stages keep their identity`() throws {
    let folder = packageRoot.appending(path: "Results/hh-smollm2/cells")
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    #expect(files.count == 28)
    for file in files {
      let record = try JSONDecoder().decode(RunRecord.self, from: Data(contentsOf: file))
      #expect(try record.configuration.identity() == record.id, "\(file.lastPathComponent)")
    }
  }

  // MARK: Support

  private static let large = "{ prompts: 2, responses: 5, comparisons: 60000 }"
  private static let long = "{ steps: 4000, batchSize: 64, learningRate: 0.02, schedule: 'cosine' }"

  private func policy(_ arm: String) throws -> [[Double]] { try policy(try tabularSpec(arm)) }

  /// log π(y|x) [prompts][responses] of the only cell's policy.
  private func policy(_ spec: ExperimentSpec) throws -> [[Double]] {
    try withTemporaryFolder { folder in
      let cell = try #require(try plan(spec).first)
      _ = try TabularSetting(try #require(spec.world)).run(cell.configuration, savingPolicyTo: folder) { _ in }
      return try savedPolicy(folder)
    }
  }
}
