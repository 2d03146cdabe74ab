import Basics
import Objectives
import Policies
import Preferences
import TestSupport
import Testing
import Training

private struct Stop: Error {}

/// A run that was saved and taken up again, against one that was not disturbed.
@Suite struct CheckpointTests {
  @Test(arguments: [1, 7, 29, 60]) func `Safe RLHF goes on from a checkpoint to the same bits`(stop: Int) throws {
    let run = TwoPromptRun(steps: 61) { $0.innerEpochs = 2 }
    let whole = try train(run, .none)
    var saved: TrainingState<Double>?
    #expect(throws: Stop.self) {
      try train(run, Checkpointing(isDue: { _ in false }, save: { saved = $0 })) { if $0 == stop { throw Stop() } }
    }
    let state = try #require(saved)
    #expect(state.step == stop && state.optimiserSteps == 2 * stop)
    let resumed = try train(run, Checkpointing(restored: state, isDue: { _ in false }, save: { _ in }))
    #expect(resumed.logits == whole.logits)
    #expect(try canonicalJSON(resumed.curve) == canonicalJSON(whole.curve))
  }

  @Test(arguments: [1, 30, 69]) func `a run on pairs goes on from a checkpoint to the same bits`(stop: Int) throws {
    let whole = try offline(.none)
    var saved: [TrainingState<Double>] = []
    _ = try offline(Checkpointing(isDue: { $0 == stop }, save: { saved.append($0) }))
    #expect(saved.map(\.step) == [stop])
    let resumed = try offline(Checkpointing(restored: saved[0], isDue: { _ in false }, save: { _ in }))
    #expect(resumed.logits == whole.logits && resumed.curve.points == whole.curve.points)
    #expect(whole.curve.points.compactMap(\.expectedCost).count > 3)
  }

  @Test func `a state without its moments does not go on to the same bits`() throws {
    let whole = try offline(.none)
    var saved: TrainingState<Double>?
    _ = try offline(Checkpointing(isDue: { $0 == 20 }, save: { saved = $0 }))
    var state = try #require(saved)
    state.firstMoments = state.firstMoments.map { $0.map { _ in 0 } }
    let resumed = try offline(Checkpointing(restored: state, isDue: { _ in false }, save: { _ in }))
    #expect(resumed.logits != whole.logits)
  }

  private func train(
    _ run: TwoPromptRun, _ checkpointing: Checkpointing<Double>, afterStep: (Int) throws -> Void = { _ in }
  ) throws -> (curve: TrainingCurve, logits: [Double]) {
    var policy = TwoPromptRun.policy()
    let curve = try trainOnPolicy(
      &policy, source: .table(reference: TwoPromptRun.reference, scores: TwoPromptRun.scores),
      critics: TabularCritics(promptCount: 2, rate: 0.1), objective: run.objective, configuration: run.configuration,
      seed: SeedTree(5), stepZeroTolerance: 1e-12, checkpointing: checkpointing
    ) { step, _ in try afterStep(step) }
    return (curve, policy.logits)
  }

  private func offline(_ checkpointing: Checkpointing<Double>) throws -> (curve: TrainingCurve, logits: [Double]) {
    var policy = TabularPolicy(promptCount: 1, responseCount: 3, logits: [0, 0, 0])
    let reference = naturalLogarithm(1.0 / 3)
    let pairs = [(0, 1), (1, 2), (0, 2)].map { first, second in
      PreparedPair(
        chosen: TabularQuery(prompt: 0, response: first), rejected: TabularQuery(prompt: 0, response: second),
        referenceChosen: reference, referenceRejected: reference, chosenTokens: 1,
        rejectedTokens: 1, label: PairLabel())
    }
    var configuration = TrainingConfiguration()
    (configuration.steps, configuration.batchSize) = (70, 2)
    let ascent = DualAscent(budget: 0.1, initial: 1, rate: 0.3, interval: 10, maximum: 5)
    let curve = try trainOffline(
      &policy, streams: [PairStream(name: "pairs", pairs: pairs)], objective: DPO(), configuration: configuration,
      seed: SeedTree(4), stepZeroTolerance: 1e-9,
      multiplier: .ascent(ascent) { policy, _ in policy.logProbabilities(prompt: 0)[0] }, checkpointing: checkpointing)
    return (curve, policy.logits)
  }
}
