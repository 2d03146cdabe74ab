import Basics
import Objectives
import Testing

/// BFPO's label g for the four cases of the safety flags.
@Suite struct LabelTableTests {
  private func bfpo(alpha: Double, b1: Double) -> BFPO {
    var objective = BFPO()
    objective.alpha = alpha
    objective.b1 = b1
    return objective
  }

  /// The label of (safe, safe), (safe, unsafe), (unsafe, unsafe), (unsafe, safe).
  private func table(_ objective: BFPO) -> [Double] {
    [(true, true), (true, false), (false, false), (false, true)].map {
      objective.target(PairLabel(chosenSafe: $0, rejectedSafe: $1))
    }
  }

  @Test func `the paper's constants give ½, 1, −½, −1`() {
    #expect(table(BFPO()) == [0.5, 1, -0.5, -1])
  }

  /// Written out by hand: 1 − α, B₁/(B₁ − 1) − α, −α, −1/(B₁ − 1) − α.
  @Test(arguments: [
    (0.0, 3.0, [1.0, 1.5, 0, -0.5]), (0.25, 3, [0.75, 1.25, -0.25, -0.75]), (0.75, 3, [0.25, 0.75, -0.75, -1.25]),
    (1, 3, [0, 0.5, -1, -1.5]), (0.5, 2, [0.5, 1.5, -0.5, -1.5]), (0.5, 5, [0.5, 0.75, -0.5, -0.75]),
    (0.3, 11, [0.7, 0.8, -0.3, -0.4]), (0.5, 1.5, [0.5, 2.5, -0.5, -2.5]),
  ])
  func `general α and B₁`(alpha: Double, b1: Double, expected: [Double]) {
    for (value, expected) in zip(table(bfpo(alpha: alpha, b1: b1)), expected) { #expect(abs(value - expected) < 1e-15) }
  }

  @Test func `the authors' form B₃(B₁ s_w − s_l + B₂) is the same label`() {
    for alpha in [0, 0.2, 0.5, 0.9] {
      for b1 in [1.2, 2, 3, 8] {
        let (b3, b2) = (1 / (b1 - 1), -alpha * (b1 - 1))
        let authors = [(1.0, 1.0), (1, 0), (0, 0), (0, 1)].map { b3 * (b1 * $0 - $1 + b2) }
        for (value, expected) in zip(table(bfpo(alpha: alpha, b1: b1)), authors) {
          #expect(abs(value - expected) < 1e-14)
        }
      }
    }
  }

  @Test func `0 < α < 1 raises a safe chosen response and lowers an unsafe one, whatever B₁`() {
    for alpha in [0.01, 0.3, 0.5, 0.99] {
      for b1 in [1.01, 2, 3, 50] {
        let labels = table(bfpo(alpha: alpha, b1: b1))
        #expect(labels[0] > 0 && labels[1] > labels[0] && labels[2] < 0 && labels[3] < labels[2])
      }
    }
  }

  /// The signed target of "safe over unsafe" is then (B₁ + 1)/(2 (B₁ − 1)), whoever is more helpful.
  @Test(arguments: [1.5, 2, 3, 5, 11]) func `α = ½ makes the safety preference independent of helpfulness`(b1: Double) {
    let labels = table(bfpo(alpha: 0.5, b1: b1))
    #expect(abs(labels[1] + labels[3]) < 1e-14)
    #expect(abs(labels[1] - (b1 + 1) / (2 * (b1 - 1))) < 1e-14)
  }
}
