import Basics
import Objectives
import Policies
import Testing
import Theory
import Training

/// Every objective of the catalogue, trained on the whole population of a small world: every pair with every outcome of its labels,
/// weighted by its probability. What it reaches is held against an independent minimiser of the expected loss.
@Suite struct PopulationTests {
  /// Objectives without a finite population optimum: their loss saturates, so it falls for ever.
  static let diverging: Set<String> = ["kto", "safe-kto"]
  static let converging = catalogue.filter { !diverging.contains($0.card.id) }.map(\.card.id)

  @Test(arguments: converging) func `training reaches the minimiser of the expected loss`(id: String) throws {
    let population = try Population(id)
    let trained = try population.train(steps: 3000)
    switch population.optimum() {
    case .optimum(let policy, _, _):
      #expect(totalVariation(trained, policy) < 0.005, "\(id): \(trained), optimum \(policy)")
    case .undecided where id == "hinge":
      // The minimum lies on a kink, where no gradient vanishes; the loss is convex, so neighbours are enough.
      let loss = population.expectedLoss(trained)
      var random = SeedTree(1).child("neighbours").generator()
      for size in [0.003, 0.03, 0.3, 3] {
        for _ in 0..<200 {
          let logits = trained.map { naturalLogarithm($0) + size * random.normal() }
          #expect(population.expectedLoss(softmax(logits)) > loss - 1e-3)
        }
      }
    case let other: Issue.record("\(id): \(other)")
    }
  }

  @Test(arguments: diverging.sorted()) func `without a minimiser the loss keeps falling while the policy hardens`(
    id: String
  ) throws {
    let population = try Population(id)
    let (early, late) = (try population.train(steps: 500), try population.train(steps: 4000))
    #expect(population.expectedLoss(late) < population.expectedLoss(early), "\(id)")
    #expect(entropy(late) < entropy(early), "\(id): \(early), \(late)")
    #expect((late.min() ?? 1) < 0.01, "\(id): \(late)")
  }

  /// π ∝ π_ref e^{u}, with u of the closed forms.
  @Test func `closed forms of the optimum`() throws {
    func expect(_ id: String, _ reward: [Double]) throws {
      let population = try Population(id)
      let expected = gibbsPolicy(reference: Population.reference, reward: reward, temperature: 1)
      let trained = try population.train(steps: 3000)
      #expect(totalVariation(trained, expected) < 0.005, "\(id): \(trained), closed form \(expected)")
    }
    let tau = Population.tau
    let utility = Population.utility
    try expect("dpo", utility.map { $0 / tau })
    let world = FiniteWorld(
      reference: Population.reference, comparison: Population.comparison, preference: Population.preference,
      safety: Population.safety)
    try expect("ipo", world.winRate.map { $0 / tau })
    try expect("bfpo", world.bfpoReward(BFPOConstants(tau: tau)).map { $0 / tau })
    let tilted = zip(utility, Population.cost).map { ($0 - Population.multiplier * $1) / tau }
    for id in ["constrained-dpo", "mocan", "pecan"] { try expect(id, tilted) }
    // MODPO's w₀ and w₁ are ½ by default.
    let weight = MODPO().safetyWeight
    try expect("modpo", zip(utility, Population.cost).map { ((1 - weight) * $0 - weight * $1) / tau })
  }

  private func totalVariation(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + abs($1.0 - $1.1) } / 2
  }

  private func entropy(_ policy: [Double]) -> Double {
    -policy.reduce(0) { $0 + ($1 > 0 ? $1 * naturalLogarithm($1) : 0) }
  }
}

/// Four responses to one prompt; helpfulness is Bradley–Terry, and neither agrees with nor opposes safety.
private struct Population {
  static let tau = 0.8
  static let multiplier = 0.6
  static let reference = [0.1, 0.2, 0.3, 0.4]
  /// Uniform, so that all pairs of different responses weigh alike.
  static let comparison = [0.25, 0.25, 0.25, 0.25]
  static let utility = [1.2, 0.4, -0.3, 0.8]
  static let safety = [0.9, 0.2, 0.6, 0.15]
  static let cost = [-1.1, 0.7, -0.2, 0.9]
  static let preference = utility.map { own in utility.map { sigmoid(own - $0) } }

  let objective: any Objective
  private var pairs: [PreparedPair<TabularQuery>] = []

  /// Shifts of the safety labels that keep gradients away from zero; the published ones are 10 and 30.
  private static let settings: [String: [String: JSONValue]] = [
    "safedpo": ["delta": .number(1)], "bso": ["shift": .number(1)],
  ]

  init(_ id: String) throws {
    let entry = try catalogueEntry(id)
    var settings = Self.settings[id] ?? [:]
    if entry.canonicalName("tau") != nil { settings["tau"] = .number(Self.tau) }
    objective = try entry.make(settings)
    let logReference = Self.reference.map(naturalLogarithm)
    for i in 0..<4 {
      for j in 0..<4 where j != i {
        for (chosenSafe, rejectedSafe) in [(true, true), (true, false), (false, true), (false, false)] {
          let flags =
            (chosenSafe ? Self.safety[i] : 1 - Self.safety[i]) * (rejectedSafe ? Self.safety[j] : 1 - Self.safety[j])
          let label = PairLabel(
            chosenSafe: chosenSafe, rejectedSafe: rejectedSafe,
            chosenScores: ResponseScores(reward: Self.utility[i], cost: Self.cost[i]),
            rejectedScores: ResponseScores(reward: Self.utility[j], cost: Self.cost[j]))
          guard objective.admits(label) else { continue }
          pairs.append(
            PreparedPair(
              chosen: TabularQuery(prompt: 0, response: i), rejected: TabularQuery(prompt: 0, response: j),
              referenceChosen: logReference[i], referenceRejected: logReference[j], chosenTokens: 1, rejectedTokens: 1,
              label: label, weight: 4 * flags * Self.preference[i][j]))
        }
      }
    }
  }

  /// The minimiser of the expected loss by Newton's method.
  func optimum() -> PopulationOptimum {
    populationOptimum(
      pairs: pairs.map { WeightedPair(chosen: $0.chosen.response, rejected: $0.rejected.response, weight: $0.weight) },
      start: Self.reference.map(naturalLogarithm)
    ) { index, chosen, rejected in
      let value = objective.evaluate(
        pairs[index].sample(policyChosen: chosen, policyRejected: rejected, multiplier: Self.multiplier))
      return (value.loss, value.dChosen, value.dRejected)
    }
  }

  /// The expected loss of a policy; batch means are those of the whole population.
  func expectedLoss(_ policy: [Double]) -> Double {
    let logPolicy = policy.map(naturalLogarithm)
    let samples = pairs.map {
      $0.sample(
        policyChosen: logPolicy[$0.chosen.response], policyRejected: logPolicy[$0.rejected.response],
        multiplier: Self.multiplier)
    }
    let means = BatchMeans(samples, reduction: objective.reduction)
    return zip(pairs, samples).reduce(0) { total, element in
      var sample = element.1
      sample.batch = means
      return total + element.0.weight * objective.evaluate(sample).loss
    }
  }

  /// The policy after training on every pair at every step.
  func train(steps: Int) throws -> [Double] {
    var policy = TabularPolicy(promptCount: 1, responseCount: 4, logits: Self.reference.map(naturalLogarithm))
    var configuration = TrainingConfiguration()
    configuration.steps = steps
    configuration.batchSize = pairs.count
    configuration.sampling = .inOrder
    configuration.learningRate = 0.02
    configuration.schedule = .cosine
    func opened<O: Objective>(_ objective: O) throws {
      _ = try trainOffline(
        &policy, streams: [PairStream(name: "population", pairs: pairs)], objective: objective,
        configuration: configuration, seed: SeedTree(0), stepZeroTolerance: 1e-9,
        multiplier: objective.multiplierRule == .none ? .unconstrained : .fixed(Self.multiplier))
    }
    try opened(objective)
    return policy.logProbabilities(prompt: 0).map(exponential)
  }
}
