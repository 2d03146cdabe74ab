import Basics
import Objectives
import TestSupport
import Testing

/// What holds for every objective of the catalogue.
@Suite struct CatalogueLossTests {
  static let cases = catalogue.flatMap { entry in Reduction.allCases.map { (entry, $0) } }

  @Test(arguments: cases) func `derivatives equal finite differences`(entry: CatalogueEntry, reduction: Reduction)
    throws
  {
    var random = SeedTree(21).child(entry.card.id).child(reduction.rawValue).generator()
    for _ in 0..<300 {
      let objective = try randomObjective(entry, reduction, &random)
      let pair = randomPair(&random)
      let value = objective.evaluate(pair)
      let chosen = centralDifference(at: pair.policyChosen) { loss(objective, pair, \.policyChosen, $0) }
      let rejected = centralDifference(at: pair.policyRejected) { loss(objective, pair, \.policyRejected, $0) }
      #expect(relativeError(value.dChosen, chosen) < 1e-6, "\(objective) \(pair)")
      #expect(relativeError(value.dRejected, rejected) < 1e-6, "\(objective) \(pair)")
    }
  }

  @Test(arguments: cases) func `losses and derivatives are finite up to a margin of 10⁴ nats`(
    entry: CatalogueEntry, reduction: Reduction
  ) throws {
    var random = SeedTree(22).child(entry.card.id).child(reduction.rawValue).generator()
    for h in [-1e4, -745, -30, -1e-12, 0, 1e-12, 30, 745, 1e4] {
      for _ in 0..<20 {
        let objective = try randomObjective(entry, reduction, &random)
        let pair = PairSample(
          policyChosen: h, policyRejected: 0, referenceChosen: 0, referenceRejected: 0, label: randomLabel(&random))
        let value = objective.evaluate(pair)
        #expect(value.loss.isFinite && value.dChosen.isFinite && value.dRejected.isFinite, "\(objective) h = \(h)")
      }
    }
  }

  @Test(arguments: cases) func `only log-ratios matter, and equal token counts pull both sides alike`(
    entry: CatalogueEntry, reduction: Reduction
  ) throws {
    var random = SeedTree(23).child(entry.card.id).child(reduction.rawValue).generator()
    for _ in 0..<100 {
      let objective = try randomObjective(entry, reduction, &random)
      guard objective is any MarginObjective else { continue }
      var pair = randomPair(&random)
      pair.rejectedTokens = pair.chosenTokens
      var shifted = pair
      shifted.policyChosen += 8
      shifted.referenceChosen += 8
      let (value, moved) = (objective.evaluate(pair), objective.evaluate(shifted))
      #expect(relativeError(value.loss, moved.loss) < 1e-9)
      #expect(value.dChosen == -value.dRejected)
    }
  }

  @Test(arguments: catalogue) func `averaging over one token is summing`(entry: CatalogueEntry) throws {
    var random = SeedTree(24).child(entry.card.id).generator()
    for _ in 0..<50 {
      let summed = try entry.make(["reduction": .string("sum")])
      let averaged = try entry.make(["reduction": .string("mean")])
      var pair = randomPair(&random)
      (pair.chosenTokens, pair.rejectedTokens) = (1, 1)
      #expect(summed.evaluate(pair) == averaged.evaluate(pair))
    }
  }

  @Test func `averaging divides each log-ratio by its own token count`() {
    let pair = PairSample(
      policyChosen: -10, policyRejected: -30, referenceChosen: -14, referenceRejected: -24, chosenTokens: 2,
      rejectedTokens: 3)
    #expect(pair.chosenLogRatio(.sum) == 4 && pair.rejectedLogRatio(.sum) == -6 && pair.margin(.sum) == 10)
    #expect(pair.chosenLogRatio(.mean) == 2 && pair.rejectedLogRatio(.mean) == -2 && pair.margin(.mean) == 4)
  }

  // MARK: Random cases

  private func loss(
    _ objective: any Objective, _ pair: PairSample, _ field: WritableKeyPath<PairSample, Double>, _ value: Double
  ) -> Double {
    var pair = pair
    pair[keyPath: field] = value
    return objective.evaluate(pair).loss
  }

  private func randomObjective(
    _ entry: CatalogueEntry, _ reduction: Reduction, _ random: inout RandomStream
  ) throws -> any Objective {
    var settings: [String: JSONValue] = ["reduction": .string(reduction.rawValue)]
    let taus = [0.01, 0.03, 0.1, 0.5, 1, 2, 5]
    if entry.canonicalName("tau") != nil { settings["tau"] = .number(taus[random.below(taus.count)]) }
    if entry.canonicalName("alpha") != nil { settings["alpha"] = .number(random.uniform()) }
    return try entry.make(settings)
  }

  private func randomPair(_ random: inout RandomStream) -> PairSample {
    PairSample(
      policyChosen: -40 + 8 * random.normal(), policyRejected: -40 + 8 * random.normal(),
      referenceChosen: -40 + 8 * random.normal(), referenceRejected: -40 + 8 * random.normal(),
      chosenTokens: 1 + random.below(60), rejectedTokens: 1 + random.below(60), label: randomLabel(&random))
  }

  private func randomLabel(_ random: inout RandomStream) -> PairLabel {
    PairLabel(chosenSafe: random.below(2) == 1, rejectedSafe: random.below(2) == 1)
  }
}
