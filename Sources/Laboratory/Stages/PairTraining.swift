import Basics
import Objectives
import Policies
import Training

/// A stage that is about to learn from pairs: the arguments of ``trainOffline``.
struct PairTraining<P: Policy & ~Copyable> {
  var objective: any Objective
  var streams: [PairStream<P.Query>]
  var configuration: TrainingConfiguration
  var seed: SeedTree
  var stepZeroTolerance: Double
  var multiplier: Multiplier<P>
  var auxiliary: AuxiliaryLoss<P>?
  var checkpointing: Checkpointing<P.Scalar>

  /// Trains any policy.
  func train(_ policy: inout P, afterStep: (Int) throws -> Void) throws -> TrainingCurve {
    // Opened once, so that the training loop is called with the objective's concrete type.
    func opened<O: Objective>(_ objective: O) throws -> TrainingCurve {
      try trainOffline(
        &policy, streams: streams, objective: objective, configuration: configuration, seed: seed,
        stepZeroTolerance: stepZeroTolerance, multiplier: multiplier, auxiliary: auxiliary,
        checkpointing: checkpointing
      ) { step, _ in try afterStep(step) }
    }
    return try opened(objective)
  }
}

extension PairTraining<TabularPolicy> {
  /// Trains a table, in the loop that is made for it.
  func trainTable(_ policy: inout TabularPolicy, afterStep: (Int) throws -> Void) throws -> TrainingCurve {
    precondition(auxiliary == nil, "a table has no features")
    func opened<O: Objective>(_ objective: O) throws -> TrainingCurve {
      try trainOffline(
        &policy, streams: streams, objective: objective, configuration: configuration, seed: seed,
        stepZeroTolerance: stepZeroTolerance, multiplier: multiplier, checkpointing: checkpointing
      ) { step, _ in try afterStep(step) }
    }
    return try opened(objective)
  }
}
