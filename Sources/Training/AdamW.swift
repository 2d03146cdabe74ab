import Basics
import Kernels
import Policies

/// Adam with bias correction and decoupled weight decay; Adam when the decay is 0.
///
///     m ← β₁ m + (1 − β₁) g          v ← β₂ v + (1 − β₂) g²
///     θ ← θ − η λ θ − η · m̂ / (√v̂ + ε),   m̂ = m / (1 − β₁ᵗ),  v̂ = v / (1 − β₂ᵗ)
///
/// Source: Kingma and Ba 2015, arXiv 1412.6980; Loshchilov and Hutter 2019, arXiv 1711.05101; order of operations as in PyTorch.
public struct AdamW<Scalar: KernelScalar>: Sendable {
  /// First and second moments, shaped like the gradient.
  public private(set) var first: TensorSet<Scalar>
  public private(set) var second: TensorSet<Scalar>
  /// Steps taken.
  public private(set) var stepCount = 0
  private let configuration: TrainingConfiguration
  private let corrections: BiasCorrections
  private let workers: Int

  /// - Parameter gradient: any set of the policy's trainable shape.
  public init(like gradient: TensorSet<Scalar>, configuration: TrainingConfiguration, workers: Int = 1) {
    first = TensorSet(names: gradient.names, shapes: gradient.shapes)
    second = first
    self.configuration = configuration
    corrections = .of(configuration)
    self.workers = workers
  }

  /// Goes on from a saved state.
  mutating func restore(_ state: TrainingState<Scalar>) {
    precondition(
      state.firstMoments.map(\.count) == first.values.map(\.count)
        && state.secondMoments.map(\.count) == second.values.map(\.count), "the checkpoint is of another policy")
    first.values = state.firstMoments
    second.values = state.secondMoments
    stepCount = state.optimiserSteps
  }

  /// Bias corrections of the step that is being taken.
  private var correction: BiasCorrections.Step { corrections.step(stepCount, of: configuration) }

  /// One update of every trainable tensor.
  ///
  /// - Parameters:
  ///   - scale: multiplies the gradient (clipping).
  public mutating func step<P: Policy & ~Copyable>(
    _ policy: inout P, gradient: TensorSet<Scalar>, scale: Double, learningRate: Double
  ) where P.Scalar == Scalar {
    stepCount += 1
    let update = AdamUpdate<Scalar>(
      configuration: configuration, correction: correction, scale: scale, learningRate: learningRate)
    policy.updateTrainable { index, tensor in
      update.apply(
        to: &tensor, gradient: gradient.values[index], first: &first.values[index], second: &second.values[index],
        workers: workers)
    }
  }
}

extension AdamW<Double> {
  /// One update of a table, the only tensor.
  mutating func step(table: inout [Double], gradient: [Double], scale: Double, learningRate: Double) {
    stepCount += 1
    let update = AdamUpdate<Double>(
      configuration: configuration, correction: correction, scale: scale, learningRate: learningRate)
    update.apply(to: &table, gradient: gradient, first: &first.values[0], second: &second.values[0])
  }
}

/// One Adam step, in the model's precision.
struct AdamUpdate<Scalar: KernelScalar> {
  let constants: AdamConstants

  init(
    configuration: TrainingConfiguration, correction: BiasCorrections.Step, scale: Double, learningRate: Double
  ) {
    constants = AdamConstants(
      beta1: configuration.beta1, beta2: configuration.beta2, epsilon: configuration.epsilon, scale: scale,
      decay: 1 - learningRate * configuration.weightDecay, stepSize: learningRate / correction.first,
      correction: correction.second)
  }

  init(configuration: TrainingConfiguration, stepCount: Int, scale: Double, learningRate: Double) {
    self.init(
      configuration: configuration,
      correction: BiasCorrections.step(stepCount, beta1: configuration.beta1, beta2: configuration.beta2), scale: scale,
      learningRate: learningRate)
  }

  /// One tensor's update; all four arrays have the same length.
  func apply(
    to parameters: inout [Scalar], gradient: [Scalar], first: inout [Scalar], second: inout [Scalar], workers: Int = 1
  ) {
    Scalar.adamStep(
      constants, gradient: gradient, first: &first, second: &second, parameters: &parameters, workers: workers)
  }
}
