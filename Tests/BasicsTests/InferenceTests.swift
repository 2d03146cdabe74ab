import Basics
import TestSupport
import Testing

/// Statistics over seeds against SciPy, NumPy and statsmodels (`Tests/Peers/inference.py`), and by hand.
@Suite struct InferenceTests {
  @Test func `interquartile means equal SciPy's trimmed mean`() throws {
    for row in try rows(of: "iqm") {
      let value = interquartileMean(try row.numbers("values"))
      #expect(abs(value - (try row.number("value"))) < 1e-12)
    }
    #expect(interquartileMean([]).isNaN)
    #expect(interquartileMean([1, 2, 3, 4, 5, 6, 7, 1000]) == 4.5)
  }

  /// 40,000 resamples know an end to about a hundredth of the interval's width.
  @Test func `stratified intervals equal NumPy's resamples within strata`() throws {
    for row in try rows(of: "stratified") {
      let strata = try #require(row["strata"]?.array).map { $0.array?.compactMap(\.number) ?? [] }
      let statistic: PooledStatistic = row["statistic"]?.string == "mean" ? .mean : .interquartileMean
      let estimate = stratifiedBootstrap(strata, statistic, resamples: 40_000, seed: SeedTree(5))
      try expect(estimate, equals: row)
      #expect(estimate.n == 20)
    }
  }

  @Test func `one value a stratum has an interval of width zero, and an empty stratum counts for nothing`() {
    let estimate = stratifiedBootstrap([[1], [], [3]], .mean, seed: SeedTree(0))
    #expect(estimate == Estimate(mean: 2, low: 2, high: 2, n: 2))
    #expect(stratifiedBootstrap([], .interquartileMean, seed: SeedTree(0)).mean.isNaN)
  }

  @Test func `strata are not mixed: two constant strata have no spread`() {
    let estimate = stratifiedBootstrap([[0, 0, 0], [1, 1, 1]], .mean, seed: SeedTree(0))
    #expect(estimate.low == 0.5 && estimate.high == 0.5)
  }

  @Test func `paired differences equal SciPy's bootstrap`() throws {
    for row in try rows(of: "paired") {
      let differences = try zip(row.numbers("x"), row.numbers("y")).map { $0 - $1 }
      try expect(pairedDifference(differences, resamples: 40_000, seed: SeedTree(5)), equals: row)
    }
  }

  @Test func `sign flips equal SciPy's exact permutation test`() throws {
    for row in try rows(of: "signs") {
      let value = signFlipProbability(try row.numbers("differences"), seed: SeedTree(0))
      #expect(abs(value - (try row.number("value"))) < 1e-12, "\(row)")
    }
    #expect(signFlipProbability([], seed: SeedTree(0)).isNaN)
  }

  @Test func `many sign flips are sampled, near the normal approximation`() {
    let differences = (0..<40).map { $0 % 2 == 0 ? 0.9 : -0.5 }
    // Σ d = 8, Σ d² = 21.2: z = 1.7375, two-sided 0.0823; the lattice of sums widens it.
    let value = signFlipProbability(differences, seed: SeedTree(1))
    #expect(abs(value - 0.083) < 0.02, "\(value)")
    #expect(value == signFlipProbability(differences, seed: SeedTree(1)))
  }

  @Test func `probability of improvement is Mann and Whitney's U over mn`() throws {
    for row in try rows(of: "improvement") {
      let x = try row.numbers("x")
      let y = try row.numbers("y")
      let estimate = probabilityOfImprovementEstimate(x, over: y, resamples: 40_000, seed: SeedTree(5))
      #expect(abs(estimate.mean - (try row.number("value"))) < 1e-12)
      // Of 25 possible steps the ends are known to one.
      #expect(abs(estimate.low - (try row.number("low"))) < 0.021)
      #expect(abs(estimate.high - (try row.number("high"))) < 0.021)
      #expect(abs(probabilityOfImprovement(y, over: x) + estimate.mean - 1) < 1e-12)
    }
    #expect(probabilityOfImprovement([], over: [1]).isNaN)
  }

  @Test func `Holm's adjustment equals statsmodels', and what is not known is no member`() throws {
    for row in try rows(of: "holm") {
      let adjusted = holmAdjusted(try row.numbers("values"))
      for (a, b) in zip(adjusted, try row.numbers("adjusted")) { #expect(abs(a - b) < 1e-12) }
    }
    let adjusted = holmAdjusted([0.02, .nan, 0.01])
    #expect(adjusted[0] == 0.02 && adjusted[1].isNaN && adjusted[2] == 0.02)
  }

  @Test func `CRC-32C has the check values of RFC 3720`() throws {
    for row in try rows(of: "crc") {
      #expect(crc32c(try row.numbers("bytes").map { UInt8($0) }) == UInt32(try row.number("value")))
    }
  }

  private func expect(_ estimate: Estimate, equals row: JSONValue) throws {
    let (low, high) = (try row.number("low"), try row.number("high"))
    #expect(abs(estimate.mean - (try row.number("value"))) < 1e-12)
    #expect(abs(estimate.low - low) < 0.025 * (high - low), "\(estimate) \(low)")
    #expect(abs(estimate.high - high) < 0.025 * (high - low), "\(estimate) \(high)")
  }

  private func rows(of kind: String) throws -> [JSONValue] {
    let rows = try golden("inference.json", as: JSONValue.self)["rows"]?.array ?? []
    let chosen = rows.filter { $0["kind"]?.string == kind }
    try #require(!chosen.isEmpty)
    return chosen
  }
}

extension JSONValue {
  fileprivate func number(_ key: String) throws -> Double { try #require(self[key]?.number) }
  fileprivate func numbers(_ key: String) throws -> [Double] {
    try #require(self[key]?.array).map { try #require($0.number) }
  }
}
