import Basics
import Objectives
import Policies
import TestSupport
import Testing
import Training

@Suite struct LinearCriticTests {
  /// One response of each of two prompts, told apart by their features alone; the bias starts to share the error.
  @Test func `critics that tell prompts apart learn each prompt's expectation`() throws {
    let features: [Int: [Float]] = [0: [1, 0], 1: [0, 1]]
    var critics = LinearCritics<Int>(reward: ([0, 0], 0), cost: ([0, 0], 0), rate: 0.5) { queries in
      queries.map { CriticFeatures(reward: [features[$0]!], cost: [features[$0]!]) }
    }
    let targets: [Int: (reward: Double, cost: Double)] = [0: (2, -1), 1: (-3, 4)]
    for _ in 0..<400 {
      let values = try critics.values([0, 1])
      let derivatives = values.enumerated().map { index, value in
        TokenStreams(reward: [value.reward[0] - targets[index]!.reward], cost: [value.cost[0] - targets[index]!.cost])
      }
      try critics.update([0, 1], derivatives: derivatives, weights: [0.5, 0.5])
    }
    let values = try critics.values([0, 1])
    for index in 0..<2 {
      #expect(abs(values[index].reward[0] - targets[index]!.reward) < 1e-6)
      #expect(abs(values[index].cost[0] - targets[index]!.cost) < 1e-6)
    }
  }

  /// With a constant feature vector h the step on V is rate · error: w and b move by rate · e · (h, 1)/(‖h‖² + 1).
  @Test func `the rate is the share of the error that one step takes away, whatever the features' scale`() throws {
    for scale in [0.01, 1, 30] as [Float] {
      var critics = LinearCritics<Int>(reward: ([0.1, 0.2], 0.3), cost: ([0, 0], 0), rate: 0.25) { _ in
        [CriticFeatures(reward: [[scale, 2 * scale], [scale, 2 * scale]], cost: [[0, 0], [0, 0]])]
      }
      let before = try critics.values([0])[0]
      let error = before.reward[0] - 7
      try critics.update(
        [0], derivatives: [TokenStreams(reward: [error, error], cost: [1, 1])], weights: [1])
      let after = try critics.values([0])[0]
      #expect(abs((after.reward[0] - 7) - 0.75 * error) < 1e-9)
      #expect(abs(after.cost[0] + 0.25) < 1e-12)
    }
  }
}
