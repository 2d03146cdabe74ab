import Basics
import TestSupport
import Testing

@Suite struct ScalarFunctionTests {
  @Test(arguments: [
    (0.0, 0.5), (1, 0.731_058_578_630_004_9), (-1, 0.268_941_421_369_995_1), (40, 1), (-40, 4.248_354_255_291_589e-18),
    (1000, 1), (-1000, 0),
  ])
  func `sigmoid at known values`(x: Double, expected: Double) {
    #expect(abs(sigmoid(x) - expected) <= 1e-15 * expected)
  }

  @Test(arguments: [-1e4, -745, -100, -3.2, -1e-9, 0, 1e-9, 0.7, 30, 800, 1e4])
  func `softplus and log-sigmoid stay finite and agree`(x: Double) {
    #expect(softplus(x).isFinite && softplus(x) >= 0)
    #expect(logSigmoid(x) == -softplus(-x))
    #expect(abs(softplus(x) - softplus(-x) - x) <= 1e-15 * max(1, abs(x)), "softplus(x) − softplus(−x) = x")
  }

  @Test func `softplus has sigmoid as its derivative`() {
    for x in stride(from: -8.0, through: 8, by: 0.37) {
      #expect(abs(centralDifference(at: x) { softplus($0) } - sigmoid(x)) < 1e-9)
    }
  }

  @Test func `logit undoes sigmoid`() {
    for x in stride(from: -12.0, through: 12, by: 0.73) { #expect(abs(logit(sigmoid(x)) - x) < 1e-9) }
  }

  @Test func `log-sum-exp: shift, empty, and infinite terms`() {
    #expect(abs(logSumExp([0, 0, 0, 0]) - 1.386_294_361_119_890_6) < 1e-15)
    #expect(abs(logSumExp([1e4, 1e4]) - 1e4 - 0.693_147_180_559_945_3) < 1e-11)
    #expect(logSumExp([Double]()) == -.infinity)
    #expect(logSumExp([-.infinity, 2]) == 2)
    #expect(logAddExp(-.infinity, 3) == 3 && logAddExp(-.infinity, -.infinity) == -.infinity)
    #expect(abs(logAddExp(1, 2) - logSumExp([1, 2])) < 1e-15)
  }

  @Test func `softmax of the four-action example`() {
    let expected = [0.410_983_953_7, 0.320_074_625_0, 0.151_192_547_2, 0.117_748_874_2]
    for (a, b) in zip(softmax([0.625, 0.375, -0.375, -0.625]), expected) { #expect(abs(a - b) < 1e-9) }
    for (a, b) in zip(softmax([1000.625, 1000.375, 999.625, 999.375]), expected) { #expect(abs(a - b) < 1e-9) }
  }
}
