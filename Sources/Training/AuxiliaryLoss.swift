import Basics
import Kernels
import Policies

/// The auxiliary loss of a run: its head, and how it reads and moves a policy that has features.
///
/// The head is a function of the steps taken, so a run that is repeated with the same seed repeats it. Equations: ``AuxiliarySpec``.
public struct AuxiliaryLoss<P: Policy & ~Copyable> {
  private let spec: AuxiliarySpec
  private let configuration: TrainingConfiguration
  private let features: (borrowing P, [P.Query], inout P.Tape) -> [Double]
  private let pullback: (borrowing P, [Double], inout P.Tape, inout TensorSet<P.Scalar>) -> Void
  /// All that the loss remembers between steps.
  var head: LinearHead
  private var totals = StepTotals()

  private struct StepTotals {
    var loss = 0.0
    var accuracy = 0.0
    var streams = 0.0
  }

  /// Adds the gradient of γ (CE_w + CE_l), averaged over some pairs of a stream, to the policy's gradient, one pair at a time, so
  /// that memory does not grow with the batch.
  ///
  /// - Throws: ``UserError`` (3) when the loss is not finite.
  mutating func accumulate(
    _ stream: PairStream<P.Query>, indices: [Int], policy: borrowing P, tape: inout P.Tape,
    gradient: inout TensorSet<P.Scalar>, step: Int
  ) throws {
    for index in indices {
      guard let graded = stream.graded[index] else {
        preconditionFailure("pair \(index) of stream `\(stream.name)` has no graded responses")
      }
      let share = stream.pairs[index].weight / Double(indices.count)
      let values = features(policy, (graded.chosen + graded.rejected).map(\.query), &tape)
      var cotangents: [Double] = []
      cotangents.reserveCapacity(values.count)
      for response in [graded.chosen, graded.rejected] {
        let levelShare = share / Double(response.count)
        for variant in response {
          let result = head.accumulate(
            values[cotangents.count..<cotangents.count + head.width], target: variant.level, share: levelShare)
          guard result.loss.isFinite else { throw nonFinite(result.loss, step: step, pair: index, stream: stream.name) }
          totals.loss += levelShare * result.loss
          totals.accuracy += result.accuracy / Double(2 * response.count * indices.count)
          cotangents += result.cotangent.map { spec.weight * levelShare * $0 }
        }
      }
      // Nothing comes back when γ = 0, nor from a head that is still zero.
      if cotangents.contains(where: { $0 != 0 }) { pullback(policy, cotangents, &tape, &gradient) }
    }
    totals.streams += 1
  }

  /// Moves the head and starts the next step.
  ///
  /// - Parameter learningRate: the policy's at this step.
  /// - Returns: CE_w + CE_l summed over streams, without γ, and the share of responses whose level the head told, averaged over them.
  mutating func finishStep(learningRate: Double) -> (loss: Double, accuracy: Double) {
    head.step(
      configuration: configuration,
      learningRate: spec.headLearningRate * learningRate / configuration.learningRate)
    defer { totals = StepTotals() }
    return (totals.loss, totals.accuracy / totals.streams)
  }

  private func nonFinite(_ loss: Double, step: Int, pair: Int, stream: String) -> UserError {
    .numerical(
      "a number is no longer finite", at: "step \(step), pair \(pair) of stream `\(stream)`",
      because: "the auxiliary loss is \(loss)", advice: "lower the learning rate or headLearningRate")
  }
}

extension AuxiliaryLoss where P: FeaturePolicy & ~Copyable {
  /// The auxiliary loss at the start of a run.
  ///
  /// - Parameters:
  ///   - featureCount: of the policy, ``FeaturePolicy/featureCount``.
  public init(_ spec: AuxiliarySpec, configuration: TrainingConfiguration, featureCount: Int) {
    self.spec = spec
    self.configuration = configuration
    features = { policy, queries, tape in policy.features(queries, tape: &tape) }
    pullback = { policy, cotangent, tape, gradient in
      policy.pullbackFeatures(cotangent, tape: &tape, into: &gradient)
    }
    head = LinearHead(width: featureCount, classes: spec.levels)
  }
}
