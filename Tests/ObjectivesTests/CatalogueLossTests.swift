import Basics
import Objectives
import TestSupport
import Testing

/// What holds for every objective of the catalogue.
@Suite struct CatalogueLossTests {
  static let cases = catalogue.flatMap { entry in Reduction.allCases.map { (entry, $0) } }

  /// Without a reference in the loss, or with one only in a part of it.
  static let withoutReference: Set = ["sft", "cpo", "simpo", "orpo"]
  static let withAnchor: Set = ["dpo-sft"]

  @Test(arguments: cases) func `derivatives equal finite differences`(entry: CatalogueEntry, reduction: Reduction)
    throws
  {
    var random = SeedTree(21).child(entry.card.id).child(reduction.rawValue).generator()
    for _ in 0..<300 {
      let objective = try entry.randomObjective(&random, reduction: reduction)
      let pair = PairSample.random(&random)
      let value = objective.evaluate(pair)
      let chosen = centralDifference(at: pair.policyChosen) { loss(objective, pair, \.policyChosen, $0) }
      let rejected = centralDifference(at: pair.policyRejected) { loss(objective, pair, \.policyRejected, $0) }
      let rounding = 3e-9 * abs(value.loss)
      for (derivative, difference) in [(value.dChosen, chosen), (value.dRejected, rejected)] {
        let allowed = 1e-6 * max(1, abs(derivative)) + rounding
        #expect(abs(derivative - difference) < allowed, "\(objective) \(pair)")
      }
    }
  }

  @Test(arguments: cases) func `an objective that sees the margin alone does not see a constant added to both scores`(
    entry: CatalogueEntry, reduction: Reduction
  ) throws {
    var random = SeedTree(29).child(entry.card.id).child(reduction.rawValue).generator()
    for _ in 0..<100 {
      let objective = try entry.randomObjective(&random, reduction: reduction)
      guard objective.seesMarginAlone else { return }
      var pair = PairSample.random(&random)
      pair.rejectedTokens = pair.chosenTokens
      var shifted = pair
      shifted.policyChosen += 5
      shifted.policyRejected += 5
      let (value, other) = (objective.evaluate(pair), objective.evaluate(shifted))
      #expect(abs(value.loss - other.loss) <= 1e-9 * max(1, abs(value.loss)), "\(objective) \(pair)")
      #expect(abs(value.dChosen - other.dChosen) <= 1e-9 * max(1, abs(value.dChosen)), "\(objective) \(pair)")
      #expect(value.dChosen + value.dRejected == 0, "\(objective) \(pair)")
    }
  }

  @Test(arguments: cases) func `losses and derivatives are finite up to a margin of 10⁴ nats`(
    entry: CatalogueEntry, reduction: Reduction
  ) throws {
    var random = SeedTree(22).child(entry.card.id).child(reduction.rawValue).generator()
    for h in [-1e4, -745, -30, -1e-12, 0, 1e-12, 30, 745, 1e4] {
      for _ in 0..<20 {
        let objective = try entry.randomObjective(&random, reduction: reduction)
        var pair = PairSample(
          policyChosen: min(h, 0), policyRejected: min(-h, 0), referenceChosen: -max(h, 0),
          referenceRejected: -max(-h, 0), label: .random(&random))
        if random.below(2) == 0 { pair.batch = BatchMeans([pair], reduction: reduction) }
        let value = objective.evaluate(pair)
        #expect(value.loss.isFinite && value.dChosen.isFinite && value.dRejected.isFinite, "\(objective) h = \(h)")
      }
    }
  }

  @Test(arguments: cases) func `only log-ratios matter, and equal token counts pull both sides alike`(
    entry: CatalogueEntry, reduction: Reduction
  ) throws {
    guard !Self.withoutReference.union(Self.withAnchor).contains(entry.card.id) else { return }
    var random = SeedTree(23).child(entry.card.id).child(reduction.rawValue).generator()
    for _ in 0..<100 {
      let objective = try entry.randomObjective(&random, reduction: reduction)
      var pair = PairSample.random(&random)
      pair.rejectedTokens = pair.chosenTokens
      var shifted = pair
      shifted.policyChosen += 8
      shifted.referenceChosen += 8
      let (value, moved) = (objective.evaluate(pair), objective.evaluate(shifted))
      #expect(relativeError(value.loss, moved.loss) < 1e-9)
      if objective is any MarginObjective { #expect(value.dChosen == -value.dRejected) }
    }
  }

  @Test(arguments: catalogue) func `without a reference in the loss the reference does not matter`(
    entry: CatalogueEntry
  ) throws {
    var random = SeedTree(25).child(entry.card.id).generator()
    for _ in 0..<20 {
      let objective = try entry.randomObjective(&random)
      let pair = PairSample.random(&random)
      var moved = pair
      moved.referenceChosen -= 5
      let isFree = objective.evaluate(pair) == objective.evaluate(moved) || !objective.admits(pair.label)
      if Self.withoutReference.contains(entry.card.id) {
        #expect(isFree)
      } else if !(objective is Hinge), objective.admits(pair.label) {
        #expect(!isFree, "\(objective)")
      }
    }
  }

  @Test(arguments: catalogue) func `averaging over one token is summing`(entry: CatalogueEntry) throws {
    var random = SeedTree(24).child(entry.card.id).generator()
    for _ in 0..<50 {
      let summed = try entry.make(["reduction": .string("sum")])
      let averaged = try entry.make(["reduction": .string("mean")])
      var pair = PairSample.random(&random)
      (pair.chosenTokens, pair.rejectedTokens) = (1, 1)
      #expect(summed.evaluate(pair) == averaged.evaluate(pair))
    }
  }

  @Test(arguments: catalogue) func `a pair that is left out has no loss and no pull`(entry: CatalogueEntry) throws {
    var random = SeedTree(26).child(entry.card.id).generator()
    for _ in 0..<100 {
      let objective = try entry.randomObjective(&random)
      let pair = PairSample.random(&random)
      #expect(objective.admits(pair.label) == (objective.evaluate(pair) != .none) || objective is Hinge)
    }
  }

  @Test func `averaging divides each log-ratio by its own token count`() {
    let pair = PairSample(
      policyChosen: -10, policyRejected: -30, referenceChosen: -14, referenceRejected: -24, chosenTokens: 2,
      rejectedTokens: 3)
    #expect(pair.chosenLogRatio(.sum) == 4 && pair.rejectedLogRatio(.sum) == -6 && pair.margin(.sum) == 10)
    #expect(pair.chosenLogRatio(.mean) == 2 && pair.rejectedLogRatio(.mean) == -2 && pair.margin(.mean) == 4)
    #expect(pair.logProbabilityDifference(.sum) == 20 && pair.logProbabilityDifference(.mean) == 5)
  }

  private func loss(
    _ objective: any Objective, _ pair: PairSample, _ field: WritableKeyPath<PairSample, Double>, _ value: Double
  ) -> Double {
    var pair = pair
    pair[keyPath: field] = value
    return objective.evaluate(pair).loss
  }
}
