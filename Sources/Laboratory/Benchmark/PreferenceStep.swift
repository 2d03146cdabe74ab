import Basics
import Kernels
import Objectives
import Policies
import Training

/// One DPO step on made-up tokens, against a reference whose log-probabilities are known.
struct PreferenceStep: ~Copyable {
  var policy: LlamaPolicy<Float>
  let work: PreferenceStepWork
  let queries: [TokenQuery]
  private let reference: [Double]
  private var tape: LlamaPolicy<Float>.Tape
  private var gradient: TensorSet<Float>
  private var optimiser: AdamW<Float>

  init(_ policy: consuming LlamaPolicy<Float>, work: PreferenceStepWork) {
    self.work = work
    queries = work.queries(vocabulary: policy.configuration.vocabularySize)
    reference = policy.score(queries)
    tape = policy.makeTape()
    gradient = policy.zeroGradient()
    var configuration = TrainingConfiguration()
    configuration.learningRate = 1e-6
    optimiser = AdamW(like: gradient, configuration: configuration, workers: policy.workers)
    self.policy = policy
  }

  /// Forward, backward and AdamW, in the passes that training takes.
  ///
  /// - Returns: the loss before the update, mean over pairs; log 2 in the first step.
  @discardableResult
  mutating func run() -> Double {
    gradient.setZero()
    let objective = DPO()
    var loss = 0.0
    for part in policy.passes(of: queries) {
      let scores = policy.score(Array(queries[part]), tape: &tape)
      let known = reference[part]
      var cotangents = [Double](repeating: 0, count: part.count)
      for chosen in stride(from: 0, to: part.count, by: 2) {
        let value = objective.evaluate(
          PairSample(
            policyChosen: scores[chosen], policyRejected: scores[chosen + 1],
            referenceChosen: known[known.startIndex + chosen], referenceRejected: known[known.startIndex + chosen + 1],
            label: PairLabel()))
        loss += value.loss / Double(work.pairs)
        cotangents[chosen] = value.dChosen / Double(work.pairs)
        cotangents[chosen + 1] = value.dRejected / Double(work.pairs)
      }
      policy.pullback(cotangents, tape: &tape, into: &gradient)
    }
    optimiser.step(&policy, gradient: gradient, scale: 1, learningRate: 1e-6)
    return loss
  }
}

extension PreferenceStepWork {
  /// Two responses to each prompt, prompts first in both.
  func queries(vocabulary: Int) -> [TokenQuery] {
    (0..<2 * pairs).map { index in
      TokenQuery(
        prompt: syntheticTokens(promptTokens, sequence: index / 2, vocabulary: vocabulary),
        response: syntheticTokens(responseTokens, sequence: 1000 + index, vocabulary: vocabulary))
    }
  }
}

/// Token ids that any program can make again, above the first three, which are special in SmolLM2's vocabulary:
///
///     3 + (7919 s + 104729 i + 12345) mod (vocabulary − 3)
///
/// for place i of sequence s.
package func syntheticTokens(_ count: Int, sequence: Int, vocabulary: Int) -> [Int32] {
  (0..<count).map { 3 + Int32((7919 * sequence + 104_729 * $0 + 12345) % (vocabulary - 3)) }
}
