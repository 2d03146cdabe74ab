import Basics
import Kernels
import Policies

/// Where a run stands after some steps: with the data and the seed, all that the next step depends on.
///
/// Randomness is counted from (seed, step), so no generator has to be kept.
public struct TrainingState<Scalar: KernelScalar>: Sendable {
  /// Optimiser steps done.
  public var step: Int
  /// The trainable tensors, in the order of ``Policy/updateTrainable(_:)``.
  public var parameters: [[Scalar]]
  /// AdamW's moments, in the same order.
  public var firstMoments: [[Scalar]]
  public var secondMoments: [[Scalar]]
  /// AdamW's steps: more than `step` where a step has several inner epochs.
  public var optimiserSteps: Int
  /// The curve, the multiplier and whatever else the loop remembers.
  public var memory: JSONValue

  public init(
    step: Int, parameters: [[Scalar]], firstMoments: [[Scalar]], secondMoments: [[Scalar]], optimiserSteps: Int,
    memory: JSONValue
  ) {
    self.step = step
    self.parameters = parameters
    self.firstMoments = firstMoments
    self.secondMoments = secondMoments
    self.optimiserSteps = optimiserSteps
    self.memory = memory
  }
}

/// How a run is saved between steps and taken up again. A struct of functions, as ``RolloutSource`` is.
public struct Checkpointing<Scalar: KernelScalar> {
  /// Where to go on; nil for a run from the beginning.
  public var restored: TrainingState<Scalar>?
  /// Whether the state after this many steps is to be saved.
  public var isDue: (Int) -> Bool
  public var save: (TrainingState<Scalar>) throws -> Void

  public init(
    restored: TrainingState<Scalar>? = nil, isDue: @escaping (Int) -> Bool,
    save: @escaping (TrainingState<Scalar>) throws -> Void
  ) {
    self.restored = restored
    self.isDue = isDue
    self.save = save
  }

  /// Keeps nothing.
  public static var none: Checkpointing { Checkpointing(isDue: { _ in false }, save: { _ in }) }

  /// Brings a policy and its optimiser to the saved state.
  ///
  /// - Returns: the memory of the loop; nil for a run from the beginning.
  func restore<P: Policy & ~Copyable, Memory: Decodable>(
    _ policy: inout P, _ optimiser: inout AdamW<Scalar>, as type: Memory.Type
  ) throws -> (step: Int, memory: Memory)? where P.Scalar == Scalar {
    guard let restored else { return nil }
    policy.updateTrainable { index, tensor in
      precondition(tensor.count == restored.parameters[index].count, "the checkpoint is of another policy")
      tensor = restored.parameters[index]
    }
    optimiser.restore(restored)
    return (restored.step, try restored.memory.decode(type))
  }

  /// Ends a step: saves the state where that is due, and also when `afterStep` stops the run.
  func finishStep<P: Policy & ~Copyable>(
    _ step: Int, _ policy: inout P, _ optimiser: AdamW<Scalar>, memory: () -> some Encodable,
    afterStep: (Int, borrowing P) throws -> Void
  ) throws where P.Scalar == Scalar {
    let isDue = isDue(step)
    if isDue { try save(&policy, optimiser, step: step, memory: memory()) }
    do {
      try afterStep(step, policy)
    } catch {
      if !isDue { try save(&policy, optimiser, step: step, memory: memory()) }
      throw error
    }
  }

  private func save<P: Policy & ~Copyable>(
    _ policy: inout P, _ optimiser: AdamW<Scalar>, step: Int, memory: some Encodable
  ) throws where P.Scalar == Scalar {
    var parameters: [[Scalar]] = []
    policy.updateTrainable { _, tensor in parameters.append(tensor) }
    try save(
      TrainingState(
        step: step, parameters: parameters, firstMoments: optimiser.first.values,
        secondMoments: optimiser.second.values, optimiserSteps: optimiser.stepCount,
        memory: try JSONValue(encoding: memory)))
  }
}
