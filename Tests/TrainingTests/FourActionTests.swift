import Basics
import Objectives
import Policies
import Preferences
import TestSupport
import Testing
import Training

/// The four-action problem: a strict helpfulness order, two safe and two unsafe responses, six deterministic pairs.
@Suite struct FourActionTests {
  /// Most helpful first; which two are safe does not change the optimum up to relabelling.
  static let safeChoices = [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]

  @Test(arguments: safeChoices)
  func `BFPO recovers softmax(.625, .375, -.375, -.625) by Adam`(safe: [Int]) throws {
    let trained = try train(safe: safe, seed: 1)
    let unsafe = (0..<4).filter { !safe.contains($0) }
    let expected = softmax([0.625, 0.375, -0.375, -0.625])
    // Order: safe more helpful, safe less helpful, unsafe less helpful, unsafe more helpful.
    for (response, probability) in zip([safe[0], safe[1], unsafe[1], unsafe[0]], expected) {
      #expect(abs(trained[response] - probability) < 0.01)
    }
  }

  @Test func `the same seed gives the same bytes and another seed does not`() throws {
    #expect(try train(safe: [0, 3], seed: 5) == train(safe: [0, 3], seed: 5))
    #expect(try train(safe: [0, 3], seed: 5) != train(safe: [0, 3], seed: 6))
  }

  private func train(safe: [Int], seed: Int) throws -> [Double] {
    let uniform = [Double](repeating: -naturalLogarithm(4), count: 4)
    var policy = TabularPolicy(promptCount: 1, responseCount: 4, logits: [0, 0, 0, 0])
    var pairs: [PreparedPair<TabularQuery>] = []
    for better in 0..<4 {
      for worse in (better + 1)..<4 {
        pairs.append(
          PreparedPair(
            chosen: TabularQuery(prompt: 0, response: better), rejected: TabularQuery(prompt: 0, response: worse),
            referenceChosen: uniform[better], referenceRejected: uniform[worse], chosenTokens: 1, rejectedTokens: 1,
            label: PairLabel(chosenSafe: safe.contains(better), rejectedSafe: safe.contains(worse))))
      }
    }
    var objective = BFPO()
    objective.tau = 1
    _ = try trainOffline(
      &policy, streams: [PairStream(name: "pairs", pairs: pairs)], objective: objective,
      configuration: TrainingConfiguration(), seed: SeedTree(seed), stepZeroTolerance: 1e-9)
    return policy.logProbabilities(prompt: 0).map(exponential)
  }
}
