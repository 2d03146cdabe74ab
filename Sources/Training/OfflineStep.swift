import Basics
import Kernels
import Objectives

/// What a run on pairs remembers between steps beside the policy and its optimiser.
struct OfflineMemory: Codable {
  var curve: TrainingCurve.State
  /// λ.
  var multiplier: Double
  var auxiliaryHead: LinearHead?
}

/// Sums over a step's batch.
struct BatchTotals {
  var work = TrainingWork()
  var loss = 0.0
  var chosenLogRatio = 0.0
  var rejectedLogRatio = 0.0
  var correct = 0.0
  var streams = 0.0

  @inline(__always)
  mutating func add(_ sample: PairSample, loss: Double, share: Double) {
    let chosen = sample.chosenLogRatio(.sum)
    let rejected = sample.rejectedLogRatio(.sum)
    self.loss += loss * share
    chosenLogRatio += chosen * share
    rejectedLogRatio += rejected * share
    correct += (chosen > rejected ? 1 : chosen == rejected ? 0.5 : 0) * share
  }

  /// Losses add over streams; what is watched is averaged over them.
  func point(step: Int, gradientNorm: Double, learningRate: Double) -> CurvePoint {
    CurvePoint(
      step: step, loss: loss, chosenLogRatio: chosenLogRatio / streams, rejectedLogRatio: rejectedLogRatio / streams,
      accuracy: correct / streams, gradientNorm: gradientNorm, learningRate: learningRate)
  }
}

func nonFiniteLoss(
  _ sample: PairSample, _ value: PairEvaluation, step: Int, pair: Int, stream: String
) -> UserError {
  .numerical(
    "a number is no longer finite", at: "step \(step), pair \(pair) of stream `\(stream)`",
    because: "log π(chosen) = \(sample.policyChosen), log π(rejected) = \(sample.policyRejected), loss = \(value.loss)",
    advice: "lower the learning rate, raise tau, or set maxGradientNorm")
}

func nonFiniteGradient<Scalar>(_ gradient: TensorSet<Scalar>, step: Int) -> UserError {
  let tensor = gradient.firstNonFiniteTensor() ?? "global norm"
  return .numerical(
    "a gradient is no longer finite", at: "step \(step), tensor `\(tensor)`",
    because: "the backward pass overflowed", advice: "lower the learning rate, or set maxGradientNorm")
}
