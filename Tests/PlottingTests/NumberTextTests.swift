import Plotting
import Testing

@Suite struct NumberTextTests {
  @Test(arguments: [
    (0.0, 2, "0.00"), (-0.0, 2, "0.00"), (-0.001, 2, "0.00"), (1.005, 1, "1.0"), (0.125, 2, "0.12"),
    (0.375, 2, "0.38"), (12.0, 0, "12"), (-3.14159, 3, "-3.142"), (99.999, 2, "100.00"), (0.05, 1, "0.0"),
    (1e12, 2, "1000000000000.00"),
  ])
  func `fixed decimals`(value: Double, decimals: Int, text: String) {
    #expect(fixed(value, decimals: decimals) == text)
  }

  @Test func `readers see a true minus sign`() {
    #expect(displayed(-0.5, decimals: 1) == "\u{2212}0.5")
    #expect(compact(-2) == "\u{2212}2")
  }

  @Test(arguments: [
    (0.0, "0"), (0.01, "0.01"), (0.0001, "0.0001"), (0.00001, "1e\u{2212}5"), (2.5, "2.5"), (1.0 / 3, "0.333333"),
    (100_000, "100000"), (1e6, "1e6"), (1.5e-7, "1.5e\u{2212}7"), (999_999.9, "1e6"), (0.3, "0.3"), (1e300, "1e300"),
    (2e-300, "2e\u{2212}300"), (.infinity, "∞"),
  ])
  func `compact values`(value: Double, text: String) {
    #expect(compact(value) == text)
  }

  @Test func `compact values with few digits`() {
    #expect(compact(0.036_98, digits: 3) == "0.037")
    #expect(compact(123.456, digits: 2) == "120")
    #expect(compact(0.000_123_456, digits: 15) == "0.000123456")
  }

  @Test func `a number that is not finite is refused`() async {
    await #expect(processExitsWith: .failure) { _ = fixed(.nan, decimals: 2) }
    await #expect(processExitsWith: .failure) { _ = fixed(1e20, decimals: 2) }
  }
}
