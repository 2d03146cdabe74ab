import Basics
import Testing

@Suite struct CalibrationTests {
  /// By hand: bins [0, ½) with 0.1, 0.3 (one true) and [½, 1] with 0.5, 0.9, 1 (two true).
  /// |1/2 − 0.2| · 2/5 + |2/3 − 0.8| · 3/5 = 0.12 + 0.08.
  @Test func `a table of two bins worked out by hand`() {
    let table = Calibration(
      [(0.1, 0), (0.3, 1), (0.5, 1), (0.9, 0), (1, 1)].map { (probability: $0.0, outcome: $0.1) }, bins: 2)
    #expect(table.bins.map(\.count) == [2, 3] && table.count == 5)
    #expect(table.bins.map(\.low) == [0, 0.5] && table.bins.map(\.high) == [0.5, 1])
    #expect(abs((table.bins[0].probability ?? .nan) - 0.2) < 1e-15 && table.bins[0].frequency == 0.5)
    #expect(abs((table.bins[1].probability ?? .nan) - 0.8) < 1e-15)
    #expect(abs((table.bins[1].frequency ?? .nan) - 2 / 3.0) < 1e-15)
    #expect(abs(table.expectedError - 0.2) < 1e-15)
  }

  @Test func `an empty bin has no numbers, and no prediction no error`() {
    let table = Calibration([(probability: 0.75, outcome: 0.5)], bins: 5, range: 0.5...1)
    #expect(table.bins.map(\.count) == [0, 0, 1, 0, 0])
    #expect(table.bins[0].probability == nil && table.bins[0].frequency == nil)
    #expect(table.expectedError == 0.25)
    #expect(Calibration([]).expectedError == 0 && Calibration([]).bins.count == 10)
  }

  @Test func `probabilities that come true as often as they say have no error`() {
    var predictions: [(probability: Double, outcome: Double)] = []
    for tenth in 1...9 { for i in 0..<10 { predictions.append((Double(tenth) / 10, i < tenth ? 1 : 0)) } }
    #expect(Calibration(predictions).expectedError < 1e-15)
    #expect(abs(Calibration(predictions.map { ($0.probability, 1 - $0.outcome) }).expectedError - 4 / 9.0) < 1e-12)
  }
}
