import Basics
import Foundation
import Objectives
import Policies
import TestSupport
import Testing
import Theory
import Training

/// Safe RLHF on a table against its exact fixed points.
@Suite struct OnPolicyTrainingTests {
  static let exact: [KLPlacement: (multiplier: Double, reward: Double, kl: Double)] = {
    guard let both = TwoPromptRun.problem.safeRLHFOptimum().fixedPoint,
      let rewardOnly = TwoPromptRun.problem.solve().solution
    else { preconditionFailure("the budget can be kept") }
    return [
      .both: (both.multiplier, both.outcome.reward, both.outcome.kl),
      .rewardOnly: (rewardOnly.multiplier, rewardOnly.outcome.reward, rewardOnly.outcome.kl),
    ]
  }()

  @Test(
    arguments: [(KLPlacement.both, 1.430235), (.rewardOnly, 0.959596)], AdvantageSource.allCases.filter { $0 != .grpo })
  func `with exact gradients λ is that of the placement`(
    known: (placement: KLPlacement, multiplier: Double), advantage: AdvantageSource
  ) throws {
    let result = try TwoPromptRun(steps: 4000) {
      ($0.samples, $0.klPlacement, $0.advantage) = (0, known.placement, advantage)
    }.run()
    let exact = try #require(Self.exact[known.placement])
    #expect(abs(result.multiplier - known.multiplier) < 1e-4)
    #expect(abs(result.outcome.cost + 0.2) < 1e-4 && abs(result.outcome.reward - exact.reward) < 1e-4)
    #expect(abs(result.outcome.kl - exact.kl) < 1e-4)
    // The curve's numbers are exact too, for the policy before the last update.
    let last = try #require(result.curve.points.last?.rollouts)
    #expect(abs(last.kl - exact.kl) < 1e-3 && abs(last.cost + 0.2) < 1e-3 && last.clipFraction == 0)
  }

  @Test(arguments: [MultiplierUpdate.projected, .pid]) func `every law of λ ends at the same one`(
    update: MultiplierUpdate
  ) throws {
    let result = try TwoPromptRun(steps: 6000) { ($0.samples, $0.lambdaUpdate) = (0, update) }.run()
    #expect(abs(result.multiplier - 1.430235) < 2e-3 && abs(result.outcome.cost + 0.2) < 1e-3)
  }

  /// Measured independently in NumPy: λ 1.445 ± 0.050, E r 0.5852 ± 0.0017 (both), λ 0.956 ± 0.043, E r 0.6591 ± 0.0023 (rewardOnly).
  @Test(arguments: KLPlacement.allCases) func `sampled, it keeps the budget and finds λ over five seeds`(
    placement: KLPlacement
  ) throws {
    let runs = try (0..<5).map { try TwoPromptRun(steps: 4000) { $0.klPlacement = placement }.run(seed: $0) }
    func mean(_ value: (CurvePoint) -> Double) -> Double { runs.reduce(0) { $0 + $1.lateMean(value) } / 5 }
    let exact = try #require(Self.exact[placement])
    #expect(abs(mean { $0.rollouts?.cost ?? .nan } + 0.2) < 0.01)
    #expect(abs(mean { $0.rollouts?.reward ?? .nan } - exact.reward) < 0.01)
    #expect(abs(mean { $0.multiplier ?? .nan } / exact.multiplier - 1) < 0.15)
    #expect(abs(mean { $0.rollouts?.kl ?? .nan } - exact.kl) < 0.01)
    #expect(runs.allSatisfy { $0.curve.points.allSatisfy { $0.rollouts?.rewardExplainedVariance != nil } })
    #expect(runs[0].curve.diagnosis.hasPrefix("normal"), "\(runs[0].curve.diagnosis)")
  }

  @Test func `four inner epochs are clipped at times and end at the same place`() throws {
    let result = try TwoPromptRun(steps: 2000) { ($0.innerEpochs, $0.clipRatio, $0.lambdaRate) = (4, 0.05, 0.05) }.run()
    #expect(abs(result.lateMean { $0.multiplier ?? .nan } / 1.430235 - 1) < 0.15)
    #expect(abs(result.outcome.reward - 0.58411) < 0.02)
    #expect(result.curve.points.contains { ($0.rollouts?.clipFraction ?? 0) > 0 })
  }

  @Test func `leave-one-out advantages need no critics`() throws {
    let result = try TwoPromptRun(steps: 3000) {
      ($0.advantage, $0.groupSize, $0.lambdaRate) = (.rloo, 4, 0.05)
    }.run()
    #expect(abs(result.lateMean { $0.multiplier ?? .nan } / 1.430235 - 1) < 0.15)
    #expect(abs(result.outcome.reward - 0.58411) < 0.02)
    #expect(result.curve.points.allSatisfy { $0.rollouts?.rewardExplainedVariance == nil })
  }

  @Test func `a fixed ν is reward shaping: the policy tilts by r − νc`() throws {
    let result = try TwoPromptRun(steps: 4000) {
      ($0.samples, $0.combiner, $0.lambdaInitial, $0.klPlacement) = (0, .shaping, 2, .rewardOnly)
    }.run()
    let exact = TwoPromptRun.problem.dual(at: 2).outcome
    #expect(abs(result.outcome.reward - exact.reward) < 1e-4 && abs(result.outcome.cost - exact.cost) < 1e-4)
    #expect(result.curve.points.allSatisfy { $0.multiplier == nil })
  }

  /// κ ≥ λ* recovers the constrained optimum, κ < λ* gives π_κ.
  @Test func `an exact penalty above λ* keeps the budget, one below does not`() throws {
    func run(_ penalty: Double) throws -> TwoPromptRun.Result {
      try TwoPromptRun(steps: 4000) {
        ($0.samples, $0.combiner, $0.lambdaInitial, $0.klPlacement) = (0, .exactPenalty, penalty, .rewardOnly)
      }.run()
    }
    let (enough, short) = (try run(2), try run(0.9595958979225899 / 2))
    #expect(abs(enough.outcome.cost + 0.2) < 0.01 && abs(enough.outcome.reward - 0.6580249074) < 0.01)
    #expect(abs(short.outcome.cost - 0.5799333581) < 1e-3)
  }

  @Test func `switching between reward and cost keeps the budget`() throws {
    let result = try TwoPromptRun(steps: 4000) {
      ($0.samples, $0.combiner, $0.klPlacement) = (0, .switching, .both)
    }.run()
    #expect(abs(result.outcome.cost + 0.2) < 0.02)
  }

  @Test func `a run is a function of its seed, and stops where its observer says`() throws {
    struct Stop: Error {}
    let spec = TwoPromptRun(steps: 60) { $0.lambdaRate = 0.01 }
    let (first, again, other) = (try spec.run(seed: 3), try spec.run(seed: 3), try spec.run(seed: 4))
    #expect(first.logits == again.logits && first.curve == again.curve && first.logits != other.logits)
    var steps: [Int] = []
    #expect(throws: Stop.self) {
      try spec.run { step, _ in
        steps.append(step)
        if step == 7 { throw Stop() }
      }
    }
    #expect(steps == Array(1...7))
  }

  @Test func `a curve survives its record, and pairs' numbers are not in it`() throws {
    let curve = try TwoPromptRun(steps: 40) { $0.lambdaRate = 0.01 }.run().curve
    let data = try JSONEncoder().encode(curve)
    let back = try JSONDecoder().decode(TrainingCurve.self, from: data)
    #expect(back.points == curve.points)
    let text = String(decoding: data, as: UTF8.self)
    #expect(text.contains("\"entropy\"") && !text.contains("accuracy") && !text.contains("LogRatio"))
  }

  @Test func `a reference that is not the policy fails the step-0 check`() throws {
    var policy = TwoPromptRun.policy()
    var reference = TwoPromptRun.reference
    reference[1][2] -= 0.1
    let run = TwoPromptRun(steps: 5)
    let error = #expect(throws: UserError.self) {
      try trainOnPolicy(
        &policy, source: .table(reference: reference, scores: TwoPromptRun.scores),
        critics: TabularCritics(promptCount: 2, rate: 0.1), objective: run.objective,
        configuration: run.configuration, seed: SeedTree(0), stepZeroTolerance: 1e-9)
    }
    #expect(error?.exitCode == .numericalFailure && error?.what.contains("step-0") == true)
  }
}
