import Basics
import Preferences
import Testing

@Suite struct SyntheticWorldTests {
  @Test func `the reference is half as helpful as itself and has no divergence`() {
    let world = SyntheticWorld(SyntheticWorldSpec())
    let metrics = world.evaluate { world.referenceLogProbabilities[$0] }
    #expect(abs(metrics.helpfulness - 0.5) < 1e-12)
    #expect(abs(metrics.kl) < 1e-12)
  }

  @Test func `metrics of a deterministic policy are the table's own numbers`() {
    var spec = SyntheticWorldSpec()
    spec.prompts = 1
    spec.responses = 2
    let world = SyntheticWorld(spec)
    let reference = world.reference[0]
    // Always the first response: it meets itself with π_ref(0), where it wins half.
    let metrics = world.evaluate { _ in [0, -.infinity] }
    let win = sigmoid((world.helpfulness[0][0] - world.helpfulness[0][1]) / spec.comparisonNoise)
    #expect(abs(metrics.helpfulness - (0.5 * reference[0] + win * reference[1])) < 1e-12)
    #expect(abs(metrics.safety - sigmoid(world.safety[0][0] / spec.flagNoise)) < 1e-12)
    #expect(abs(metrics.kl + naturalLogarithm(reference[0])) < 1e-12)
  }

  @Test(arguments: [-0.8, 0, 0.6]) func `helpfulness and safety have the correlation asked for`(conflict: Double) {
    var spec = SyntheticWorldSpec()
    spec.prompts = 400
    spec.responses = 25
    spec.conflict = conflict
    let world = SyntheticWorld(spec)
    let u = world.helpfulness.flatMap(\.self)
    let z = world.safety.flatMap(\.self)
    let covariance = mean(zip(u, z).map { ($0 - mean(u)) * ($1 - mean(z)) })
    // The standard error of a correlation over 10,000 pairs is at most .01.
    #expect(abs(covariance / (standardDeviation(u) * standardDeviation(z)) + conflict) < 0.04)
  }

  @Test func `labels are drawn with the world's probabilities`() {
    var spec = SyntheticWorldSpec()
    spec.prompts = 1
    spec.responses = 2
    spec.comparisons = 40_000
    let world = SyntheticWorld(spec)
    let comparisons = world.sampleComparisons(seed: SeedTree(3)) { _, response in response }
    #expect(comparisons.allSatisfy { $0.first != $0.second })
    func share(_ holds: (Comparison<Int>) -> Bool) -> Double {
      Double(comparisons.count(where: holds)) / Double(comparisons.count)
    }
    // Four standard errors of a proportion over 40,000 draws are .01.
    let zeroBetter = share { ($0.first == 0) == ($0.better == .first) }
    let zeroSafer = share { ($0.first == 0) == ($0.safer == .first) }
    let zeroSafe = share { ($0.first == 0 ? $0.firstSafe : $0.secondSafe) == true }
    #expect(abs(zeroBetter - world.moreHelpful(0, than: 1, prompt: 0)) < 0.01)
    #expect(abs(zeroSafer - world.lessHarmful(0, than: 1, prompt: 0)) < 0.01)
    #expect(abs(zeroSafe - world.safeProbability(0, prompt: 0)) < 0.01)
  }

  @Test func `orders orient comparisons and count what they cannot use`() {
    let comparison = Comparison(
      first: "a", second: "b", better: .second, safer: .first, firstSafe: true, secondSafe: false, promptID: "p")
    var unlabelled = comparison
    unlabelled.better = nil
    unlabelled.safer = nil
    let helpful = PreferenceOrder.helpfulness.oriented([comparison, unlabelled])
    #expect(helpful.pairs.map(\.first) == ["b"])
    #expect(helpful.pairs[0].firstSafe == false)
    #expect(helpful.missing == 1)
    #expect(PreferenceOrder.both.oriented([comparison]).pairs.map(\.first) == ["b", "a"])
    #expect(PreferenceOrder.safety.oriented([comparison]).pairs == [comparison])
  }

  @Test func `safe first: by the flags where they differ, else by helpfulness`() {
    func chosen(_ firstSafe: Bool?, _ secondSafe: Bool?, better: Slot?) -> [String] {
      let comparison = Comparison(
        first: "a", second: "b", better: better, safer: .second, firstSafe: firstSafe, secondSafe: secondSafe,
        promptID: "p")
      let oriented = PreferenceOrder.safeFirst.oriented([comparison])
      #expect(oriented.pairs.count + oriented.missing == 1)
      return oriented.pairs.map(\.first)
    }
    #expect(chosen(true, false, better: .second) == ["a"])
    #expect(chosen(false, true, better: .first) == ["b"])
    #expect(chosen(false, true, better: nil) == ["b"])
    for both in [true, false] {
      #expect(chosen(both, both, better: .first) == ["a"] && chosen(both, both, better: .second) == ["b"])
      #expect(chosen(both, both, better: nil) == [], "nothing says which to choose")
    }
    #expect(chosen(nil, false, better: .first) == [] && chosen(true, nil, better: .first) == [])
    #expect(PreferenceOrder(rawValue: "safe-first") == .safeFirst)
  }
}
