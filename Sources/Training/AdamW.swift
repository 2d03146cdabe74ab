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
  private let workers: Int

  /// - Parameter gradient: any set of the policy's trainable shape.
  public init(like gradient: TensorSet<Scalar>, configuration: TrainingConfiguration, workers: Int = 1) {
    first = TensorSet(names: gradient.names, shapes: gradient.shapes)
    second = first
    self.configuration = configuration
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

  /// One update of every trainable tensor.
  ///
  /// - Parameters:
  ///   - scale: multiplies the gradient (clipping).
  public mutating func step<P: Policy & ~Copyable>(
    _ policy: inout P, gradient: TensorSet<Scalar>, scale: Double, learningRate: Double
  ) where P.Scalar == Scalar {
    stepCount += 1
    let update = AdamUpdate<Scalar>(
      configuration: configuration, stepCount: stepCount, scale: scale, learningRate: learningRate)
    policy.updateTrainable { index, tensor in
      update.apply(
        to: &tensor, gradient: gradient.values[index], first: &first.values[index], second: &second.values[index])
    }
  }
}

extension AdamW<Double> {
  /// One update of a table, the only tensor; the same numbers as of the general one.
  mutating func step(table: inout [Double], gradient: [Double], scale: Double, learningRate: Double) {
    stepCount += 1
    let update = AdamUpdate<Double>(
      configuration: configuration, stepCount: stepCount, scale: scale, learningRate: learningRate)
    update.applyVectorised(to: &table, gradient: gradient, first: &first.values[0], second: &second.values[0])
  }
}

extension AdamUpdate<Double> {
  fileprivate func applyVectorised(
    to parameters: inout [Double], gradient: [Double], first: inout [Double], second: inout [Double]
  ) {
    let constants = AdamConstants(
      beta1: beta1, beta2: beta2, epsilon: epsilon, scale: scale, decay: decay, stepSize: stepSize,
      correction: secondCorrection)
    var parameters = parameters.mutableSpan
    var first = first.mutableSpan
    var second = second.mutableSpan
    adamStep(constants, gradient: gradient.span, first: &first, second: &second, parameters: &parameters)
  }
}

/// The constants of one Adam step, in the model's precision.
struct AdamUpdate<Scalar: KernelScalar> {
  let beta1: Scalar
  let beta2: Scalar
  let epsilon: Scalar
  let scale: Scalar
  let decay: Scalar
  let stepSize: Scalar
  let secondCorrection: Scalar

  init(configuration: TrainingConfiguration, stepCount: Int, scale: Double, learningRate: Double) {
    beta1 = Scalar(configuration.beta1)
    beta2 = Scalar(configuration.beta2)
    epsilon = Scalar(configuration.epsilon)
    self.scale = Scalar(scale)
    decay = Scalar(1 - learningRate * configuration.weightDecay)
    stepSize = Scalar(learningRate / (1 - power(configuration.beta1, stepCount)))
    secondCorrection = Scalar((1 - power(configuration.beta2, stepCount)).squareRoot())
  }

  /// One tensor's update; all four arrays have the same length.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func apply(
    to parameters: inout [Scalar], gradient: [Scalar], first: inout [Scalar], second: inout [Scalar]
  ) {
    let count = parameters.count
    precondition(
      gradient.count == count && first.count == count && second.count == count,
      "\(gradient.count) gradients for \(count) parameters")
    let gradient = gradient.span
    var parameters = parameters.mutableSpan
    var first = first.mutableSpan
    var second = second.mutableSpan
    for i in 0..<count {
      let g = gradient[i] * scale
      first[i] = beta1 * first[i] + (1 - beta1) * g
      second[i] = beta2 * second[i] + (1 - beta2) * g * g
      let denominator = second[i].squareRoot() / secondCorrection + epsilon
      parameters[i] = parameters[i] * decay - stepSize * first[i] / denominator
    }
  }
}

/// x to a whole power, by squaring.
private func power(_ x: Double, _ exponent: Int) -> Double {
  var result = 1.0
  var base = x
  var remaining = exponent
  while remaining > 0 {
    if remaining & 1 == 1 { result *= base }
    base *= base
    remaining >>= 1
  }
  return result
}
