import Basics
import Testing

@Suite struct StatisticsTests {
  @Test func `Wilson intervals equal SciPy's`() throws {
    for row in try basicsRows(of: "wilson", as: WilsonRow.self) {
      let estimate = wilson(successes: row.successes, of: row.n)
      #expect(abs(estimate.low - row.low) < 1e-12)
      #expect(abs(estimate.high - row.high) < 1e-12)
      #expect(estimate.mean == row.successes / Double(row.n) && estimate.n == row.n)
    }
  }

  @Test func `a proportion of nothing is unknown, and a tie counts one half`() {
    let nothing = wilson(successes: 0, of: 0)
    #expect(nothing.mean.isNaN && nothing.low == 0 && nothing.high == 1)
    #expect(wilson(successes: 0.5, of: 1).mean == 0.5)
  }

  @Test func `quantiles equal NumPy's`() throws {
    for row in try basicsRows(of: "quantiles", as: QuantileRow.self) {
      #expect(abs(quantile(row.q, ofSorted: row.values) - row.value) < 1e-12)
    }
    #expect(quantile(0.5, ofSorted: []).isNaN)
  }

  /// Our resamples are random: with 40,000 of them an end is known to about a hundredth of the interval's width.
  @Test func `bootstrap intervals equal enumeration and SciPy`() throws {
    for row in try basicsRows(of: "bootstrap", as: BootstrapRow.self) {
      let estimate = bootstrapMean(row.values, confidence: row.confidence, resamples: 40_000, seed: SeedTree(3))
      let width = row.high - row.low
      #expect(abs(estimate.low - row.low) < 0.025 * width, "\(row.values) \(row.confidence) \(row.by)")
      #expect(abs(estimate.high - row.high) < 0.025 * width, "\(row.values) \(row.confidence) \(row.by)")
      #expect(estimate.mean == mean(row.values) && estimate.n == row.values.count)
    }
  }

  @Test func `a bootstrap is repeatable, and one value has an interval of width zero`() {
    let values = (0..<20).map { Double($0 * $0) + 0.1 * Double($0) }
    #expect(bootstrapMean(values, seed: SeedTree(1)) == bootstrapMean(values, seed: SeedTree(1)))
    #expect(bootstrapMean(values, seed: SeedTree(1)) != bootstrapMean(values, seed: SeedTree(2)))
    #expect(bootstrapMean([4], seed: SeedTree(1)) == Estimate(mean: 4, low: 4, high: 4, n: 1))
    #expect(bootstrapMean([], seed: SeedTree(1)).mean.isNaN)
  }

  @Test func `mean and standard deviation by hand`() {
    #expect(mean([2, 4, 4, 4, 5, 5, 7, 9]) == 5)
    #expect(abs(standardDeviation([2, 4, 4, 4, 5, 5, 7, 9]) - (32.0 / 7).squareRoot()) < 1e-15)
    #expect(standardDeviation([3]) == 0 && mean([]).isNaN)
  }

  private struct WilsonRow: Decodable {
    var successes: Double
    var n: Int
    var low, high: Double
  }

  private struct QuantileRow: Decodable {
    var values: [Double]
    var q, value: Double
  }

  private struct BootstrapRow: Decodable {
    var values: [Double]
    var confidence, low, high: Double
    var by: String
  }
}
