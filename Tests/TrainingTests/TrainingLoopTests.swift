import Basics
import Objectives
import Policies
import Preferences
import TestSupport
import Testing
import Training

@Suite struct TrainingLoopTests {
  @Test func `accumulated micro-batches equal the large batch (R-07)`() throws {
    var whole = TrainingConfiguration()
    whole.steps = 40
    whole.maxGradientNorm = 0.5
    var pieces = whole
    pieces.microBatchSize = 5
    let large = try run(DPO(), whole)
    let small = try run(DPO(), pieces)
    for (a, b) in zip(large, small) { #expect(relativeError(a, b) < 1e-12) }
  }

  @Test func `two streams add their mean losses`() throws {
    var configuration = TrainingConfiguration()
    configuration.steps = 1
    let pairs = pairs(flags: true)
    let one = try curve(IPO(), configuration, streams: [PairStream(name: "a", pairs: pairs)])
    let two = try curve(
      IPO(), configuration, streams: [PairStream(name: "a", pairs: pairs), PairStream(name: "b", pairs: pairs)])
    // Every IPO loss at the reference is 1/(4τ²) = 25.
    #expect(abs(one.points[0].loss - 25) < 1e-9)
    #expect(abs(two.points[0].loss - 50) < 1e-9)
  }

  @Test func `a policy that is not the reference fails the step-0 check (R-05)`() throws {
    var pairs = pairs(flags: true)
    pairs[0].referenceChosen -= 0.1
    var configuration = TrainingConfiguration()
    configuration.sampling = .epochs
    configuration.batchSize = pairs.count
    #expect(throws: UserError.self) {
      try self.curve(DPO(), configuration, streams: [PairStream(name: "a", pairs: pairs)])
    }
  }

  @Test func `the first non-finite number stops the run and is named (R-06)`() throws {
    var configuration = TrainingConfiguration()
    configuration.learningRate = 1e308
    let error = #expect(throws: UserError.self) {
      try self.curve(IPO(), configuration, streams: [PairStream(name: "safety", pairs: self.pairs(flags: true))])
    }
    #expect(error?.exitCode == .numericalFailure)
    #expect(error?.location?.contains("step") == true)
  }

  @Test func `warm-up then cosine follows the formula`() {
    var configuration = TrainingConfiguration()
    configuration.steps = 10
    configuration.warmup = 0.2
    configuration.schedule = .cosine
    configuration.learningRate = 1
    let rates = (0..<10).map(configuration.learningRate(step:))
    #expect(rates[0] == 0)
    #expect(rates[1] == 0.5)
    #expect(rates[2] == 1)
    #expect(abs(rates[6] - 0.5) < 1e-12)
    #expect(abs(rates[9] - 0.5 * (1 + cosine(.pi * 7 / 8))) < 1e-12)
  }

  private func run(_ objective: DPO, _ configuration: TrainingConfiguration) throws -> [Double] {
    var policy = Self.policy()
    _ = try trainOffline(
      &policy, streams: [PairStream(name: "a", pairs: pairs(flags: false))], objective: objective,
      configuration: configuration, seed: SeedTree(3), stepZeroTolerance: 1e-9)
    return policy.logits
  }

  private func curve(
    _ objective: some Objective, _ configuration: TrainingConfiguration, streams: [PairStream<TabularQuery>]
  ) throws -> TrainingCurve {
    var policy = Self.policy()
    return try trainOffline(
      &policy, streams: streams, objective: objective, configuration: configuration, seed: SeedTree(3),
      stepZeroTolerance: 1e-9)
  }

  private static let logits = [0.1, -0.3, 0.8, 0.2, 0, -1]

  private static func policy() -> TabularPolicy { TabularPolicy(promptCount: 2, responseCount: 3, logits: logits) }

  private func pairs(flags: Bool) -> [PreparedPair<TabularQuery>] {
    let policy = Self.policy()
    return (0..<12).map { i in
      let chosen = TabularQuery(prompt: i % 2, response: i % 3)
      let rejected = TabularQuery(prompt: i % 2, response: (i + 1) % 3)
      let scores = policy.score([chosen, rejected])
      return PreparedPair(
        chosen: chosen, rejected: rejected, referenceChosen: scores[0], referenceRejected: scores[1], chosenTokens: 1,
        rejectedTokens: 1, label: flags ? PairLabel(chosenSafe: true, rejectedSafe: false) : PairLabel())
    }
  }
}
