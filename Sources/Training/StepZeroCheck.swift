import Basics
import Objectives

/// Before the first update the policy is the reference: log-ratios are 0 and the loss is the objective's at h = 0.
///
/// A failure means another precision, another code path, a stale reference cache, or dropout.
///
/// - Parameters:
///   - samples: the first batch, scored by the untrained policy.
///   - tolerance: largest |log π − log π_ref| allowed, nats per response.
/// - Throws: ``UserError`` (3) naming the worst pair.
func checkStepZero<O: Objective>(_ samples: [PairSample], objective: O, tolerance: Double) throws {
  for (index, sample) in samples.enumerated() {
    let worst = max(abs(sample.chosenLogRatio(.sum)), abs(sample.rejectedLogRatio(.sum)))
    var atReference = sample
    atReference.policyChosen = sample.referenceChosen
    atReference.policyRejected = sample.referenceRejected
    let expected = objective.evaluate(atReference)
    let value = objective.evaluate(sample)
    let slope = abs(expected.dChosen) + abs(expected.dRejected)
    let lossError = abs(value.loss - expected.loss)
    if worst <= tolerance, lossError <= tolerance * slope + tolerance * tolerance + 1e-9 * abs(expected.loss) {
      continue
    }
    throw UserError.numerical(
      "the step-0 self-check failed", at: "pair \(index) of the first batch",
      because: """
        before training the policy must equal the reference, but a log-ratio is \(worst) nats (allowed \(tolerance)) and \
        the loss is \(value.loss) instead of \(expected.loss)
        """,
      advice: "check that the reference is the same model and file, and delete the reference cache")
  }
}
