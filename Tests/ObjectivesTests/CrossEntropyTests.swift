import Objectives
import TestSupport
import Testing

@Suite struct CrossEntropyTests {
  @Test(arguments: 0..<4)
  func `the derivative is softmax minus one-hot, by finite differences`(target: Int) {
    let logits = [0.3, -1.2, 2.5, 0.9]
    let derivative = softmaxCrossEntropy(logits, target: target).derivative
    for index in logits.indices {
      let numeric = centralDifference(at: logits[index]) { moved in
        var logits = logits
        logits[index] = moved
        return softmaxCrossEntropy(logits, target: target).loss
      }
      #expect(relativeError(derivative[index], numeric) < 1e-9)
    }
    #expect(abs(derivative.reduce(0, +)) < 1e-15)
  }

  @Test func `equal logits cost log K, and large logits do not overflow`() {
    let even = softmaxCrossEntropy([7, 7, 7, 7], target: 2)
    #expect(abs(even.loss - 1.3862943611198906) < 1e-15)
    #expect(even.derivative.map { ($0 * 1e15).rounded() / 1e15 } == [0.25, 0.25, -0.75, 0.25])
    let large = softmaxCrossEntropy([1000, 0], target: 1)
    #expect(large.loss == 1000 && large.derivative == [1, -1])
  }
}
