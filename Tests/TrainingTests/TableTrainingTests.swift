import Basics
import Objectives
import Policies
import Preferences
import TestSupport
import Testing
import Training

/// The loop that is made for tables against the one for any policy.
@Suite struct TableTrainingTests {
  @Test(arguments: catalogue.map(\.card.id), BatchMode.allCases)
  func `the loop for tables is the general loop, bit for bit`(id: String, mode: BatchMode) throws {
    let objective = try catalogueEntry(id).defaults
    var configuration = Self.configuration
    configuration.sampling = mode
    let streams = [Self.stream("a", pairs: 90, seed: 1), Self.stream("b", pairs: 33, seed: 2)]
    let own = try Self.runTable(objective, streams, configuration)
    let general = try Self.runGeneral(objective, streams, configuration)
    #expect(own.logits == general.logits)
    #expect(own.curve == general.curve)
    #expect(own.logits != Self.logits, "nothing was trained")
  }

  /// Pairs are counted where a batch has room for all; sums are then rounded in another order.
  @Test(arguments: catalogue.map(\.card.id), [5, 11, 32])
  func `counting the pairs of a small stream changes rounding only`(id: String, pairs: Int) throws {
    let objective = try catalogueEntry(id).defaults
    let streams = [Self.stream("a", pairs: pairs, seed: 3)]
    let own = try Self.runTable(objective, streams, Self.configuration)
    let general = try Self.runGeneral(objective, streams, Self.configuration)
    for (a, b) in zip(own.logits, general.logits) { #expect(abs(a - b) < 1e-8) }
    for (a, b) in zip(own.curve.points, general.curve.points) {
      #expect(a.step == b.step && a.learningRate == b.learningRate)
      for field in [\CurvePoint.loss, \.chosenLogRatio, \.rejectedLogRatio, \.accuracy, \.gradientNorm] {
        #expect(abs(a[keyPath: field] - b[keyPath: field]) < 1e-7 * max(1, abs(b[keyPath: field])))
      }
      #expect(a.multiplier.map { abs($0 - (b.multiplier ?? .nan)) < 1e-8 } ?? (b.multiplier == nil))
    }
    #expect(own.curve.work == general.curve.work)
  }

  @Test(arguments: [7, 90]) func `both loops name the same pair when a number is no longer finite`(pairs: Int) throws {
    var streams = [Self.stream("a", pairs: pairs, seed: 4)]
    streams[0].pairs[3].weight = .infinity
    var configuration = Self.configuration
    configuration.sampling = .inOrder
    let own = #expect(throws: UserError.self) { try Self.runTable(IPO(), streams, configuration) }
    let general = #expect(throws: UserError.self) { try Self.runGeneral(IPO(), streams, configuration) }
    #expect(own?.exitCode == .numericalFailure && own == general)
  }

  // MARK: Support

  private static let configuration: TrainingConfiguration = {
    var configuration = TrainingConfiguration()
    configuration.steps = 150
    configuration.weightDecay = 0.01
    configuration.maxGradientNorm = 0.4
    configuration.schedule = .cosine
    configuration.warmup = 0.1
    return configuration
  }()

  private static let prompts = 4
  private static let responses = 11
  private static let logits: [Double] = {
    var random = SeedTree(17).generator()
    return (0..<(prompts * responses)).map { _ in random.normal() }
  }()

  private static func policy() -> TabularPolicy {
    TabularPolicy(promptCount: prompts, responseCount: responses, logits: logits)
  }

  /// Random pairs with every label and various weights; one in ten compares responses to different prompts.
  private static func stream(_ name: String, pairs: Int, seed: Int) -> PairStream<TabularQuery> {
    var random = SeedTree(seed).generator()
    let reference = policy()
    return PairStream(
      name: name,
      pairs: (0..<pairs).map { index in
        let chosen = TabularQuery(prompt: random.below(prompts), response: random.below(responses))
        let rejected = TabularQuery(
          prompt: index % 10 == 9 ? random.below(prompts) : chosen.prompt,
          response: (chosen.response + 1 + random.below(responses - 1)) % responses)
        let scores = reference.score([chosen, rejected])
        func labels() -> ResponseScores { ResponseScores(reward: random.normal(), cost: random.normal()) }
        return PreparedPair(
          chosen: chosen, rejected: rejected, referenceChosen: scores[0], referenceRejected: scores[1],
          chosenTokens: 1, rejectedTokens: 1,
          label: PairLabel(
            chosenSafe: random.below(2) == 1, rejectedSafe: random.below(2) == 1, chosenScores: labels(),
            rejectedScores: labels()), weight: 0.5 + random.uniform())
      })
  }

  private static func multiplier<P: Policy & ~Copyable>(
    _ objective: any Objective, cost: @escaping (borrowing P) -> Double
  ) -> Multiplier<P> {
    switch objective.multiplierRule {
    case .none: .unconstrained
    case .oneShot: .fixed(0.7)
    case .ascent(let ascent): .ascent(ascent) { policy, _ in cost(policy) }
    }
  }

  private static func runTable(
    _ objective: any Objective, _ streams: [PairStream<TabularQuery>], _ configuration: TrainingConfiguration
  ) throws -> (curve: TrainingCurve, logits: [Double]) {
    var policy = policy()
    func opened<O: Objective>(_ objective: O) throws -> TrainingCurve {
      try trainOffline(
        &policy, streams: streams, objective: objective, configuration: configuration, seed: SeedTree(6),
        stepZeroTolerance: 1e-9, multiplier: multiplier(objective) { $0.logProbabilities(prompt: 0)[0] })
    }
    let curve = try opened(objective)
    return (curve, policy.logits)
  }

  private static func runGeneral(
    _ objective: any Objective, _ streams: [PairStream<TabularQuery>], _ configuration: TrainingConfiguration
  ) throws -> (curve: TrainingCurve, logits: [Double]) {
    var policy = policy()
    func opened<O: Objective>(_ objective: O) throws -> TrainingCurve {
      try trainGenerally(
        &policy, streams, objective, configuration, multiplier(objective) { $0.logProbabilities(prompt: 0)[0] })
    }
    let curve = try opened(objective)
    return (curve, policy.logits)
  }

  /// Here the policy's type is not known, so the general `trainOffline` is called.
  private static func trainGenerally<P: Policy & ~Copyable, O: Objective>(
    _ policy: inout P, _ streams: [PairStream<P.Query>], _ objective: O, _ configuration: TrainingConfiguration,
    _ multiplier: Multiplier<P>
  ) throws -> TrainingCurve {
    try trainOffline(
      &policy, streams: streams, objective: objective, configuration: configuration, seed: SeedTree(6),
      stepZeroTolerance: 1e-9, multiplier: multiplier)
  }
}
