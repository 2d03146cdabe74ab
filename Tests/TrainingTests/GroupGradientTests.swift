import Basics
import Objectives
import Policies
import TestSupport
import Testing
import Training

/// The average gradient of sampled groups against the exact one, ∂J/∂θ_y = p(x) π_y (s_y − E s).
@Suite struct GroupGradientTests {
  static let lambda = 1.2

  private static func gradient(_ objective: SafeRLHF, groups: [RolloutGroup<TabularQuery>]) -> [Double] {
    let policy = moved()
    var tape = policy.makeTape()
    var gradient = policy.zeroGradient()
    var cotangents: [Double] = []
    let queries = groups.flatMap(\.queries)
    for group in groups {
      let rollouts = zip(group.queries, group.weights).map { query, weight in
        ScoredRollout(
          logProbabilities: [policy.logProbabilities(prompt: query.prompt)[query.response]],
          reference: [TwoPromptRun.reference[query.prompt][query.response]],
          scores: TwoPromptRun.scores[query.prompt][query.response], weight: weight, isExact: group.isExact)
      }
      let targets = objective.targets(rollouts, under: ConstraintSignal(multiplier: lambda, isViolated: true))
      for (rollout, target) in zip(rollouts, targets) { cotangents.append(rollout.weight * target.advantages[0]) }
    }
    _ = policy.score(queries, tape: &tape)
    policy.pullback(cotangents, tape: &tape, into: &gradient)
    return gradient.values[0]
  }

  /// A policy away from the reference, so that the KL term has a gradient.
  private static func moved() -> TabularPolicy {
    TabularPolicy(promptCount: 2, responseCount: 4, logits: [0.3, -0.2, 0.5, 0, -0.4, 0.9, 0.1, 0.2])
  }

  private static func objective(_ source: AdvantageSource) -> SafeRLHF {
    var objective = TwoPromptRun(steps: 1).objective
    (objective.advantage, objective.groupSize, objective.samples) = (source, 4, 160_000)
    return objective
  }

  private static func exactGradient() -> [Double] {
    let policy = moved()
    let objective = objective(.rloo)
    return (0..<2).flatMap { prompt in
      let logs = policy.logProbabilities(prompt: prompt)
      let signals = (0..<4).map { y -> Double in
        let scores = TwoPromptRun.scores[prompt][y]
        let ratio = logs[y] - TwoPromptRun.reference[prompt][y]
        return (scores.reward - lambda * scores.cost) / (1 + lambda) - objective.tau * ratio
      }
      let mean = zip(logs, signals).reduce(0) { $0 + exponential($1.0) * $1.1 }
      return zip(logs, signals).map { 0.5 * exponential($0) * ($1 - mean) }
    }
  }

  private static func sampledGradient(_ source: AdvantageSource) -> [Double] {
    let objective = objective(source)
    return gradient(objective, groups: tabularRollouts(moved(), objective.collection, SeedTree(8)))
  }

  @Test func `all responses with their probabilities give the exact gradient`() {
    var objective = Self.objective(.rloo)
    objective.samples = 0
    let whole = Self.gradient(objective, groups: tabularRollouts(Self.moved(), objective.collection, SeedTree(8)))
    for (value, exact) in zip(whole, Self.exactGradient()) { #expect(abs(value - exact) < 1e-14) }
  }

  @Test func `leave-one-out averages to the exact gradient, the group mean to (k − 1)/k of it`() {
    let exact = Self.exactGradient()
    for (source, factor) in [(AdvantageSource.rloo, 1.0), (.groupMean, 0.75)] {
      for (value, expected) in zip(Self.sampledGradient(source), exact) {
        // 160,000 responses: a standard error of about 0.001.
        #expect(abs(value - factor * expected) < 0.005, "\(source)")
      }
    }
  }

  @Test func `division by the group's spread is not a multiple of the exact gradient`() {
    let exact = Self.exactGradient()
    func misfit(_ gradient: [Double]) -> Double {
      let scale = zip(gradient, exact).reduce(0) { $0 + $1.0 * $1.1 } / exact.reduce(0) { $0 + $1 * $1 }
      let error = zip(gradient, exact).reduce(0) { $0 + ($1.0 - scale * $1.1) * ($1.0 - scale * $1.1) }
      return (error / gradient.reduce(0) { $0 + $1 * $1 }).squareRoot()
    }
    #expect(misfit(Self.sampledGradient(.rloo)) < 0.03)
    #expect(misfit(Self.sampledGradient(.grpo)) > 0.1)
  }
}
