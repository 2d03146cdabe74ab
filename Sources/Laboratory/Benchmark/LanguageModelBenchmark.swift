import Basics
import Kernels
import Objectives
import Policies
import Training

#if canImport(Glibc)
  import Glibc
#endif

/// How fast a language model of SmolLM2's size trains, scores and generates on this machine.
public struct LanguageModelBenchmark: Codable, Sendable {
  /// Seconds of one DPO step: forward, backward and AdamW; median.
  public var stepSeconds: Double
  public var pairsPerSecond: Double
  /// Floating-point operations of the step's matrix products, attention's own left out.
  public var stepOperations: Double
  /// What BLAS alone does at the shapes of these products, in operations per second; median.
  public var productRate: Double
  /// Time that the products alone would take, as a share of the step's; median of the rounds' shares.
  public var shareOfProductRate: Double
  /// Largest resident memory of the process up to the last step, bytes.
  public var stepPeakBytes: Int
  /// Tokens scored per second, prompts included once each.
  public var scoredTokensPerSecond: Double
  /// New tokens per second, one sequence at a time, greedy.
  public var generatedTokensPerSecond: Double
  /// New tokens per second, eight sequences together, greedy.
  public var batchedTokensPerSecond: Double

  /// Rounds interleave steps and bare products, so that both see the same machine.
  public static func measure(rounds: Int, workers: Int) throws -> LanguageModelBenchmark {
    let model = SyntheticModel.smolLM2
    let work = PreferenceStepWork(pairs: 4, promptTokens: 128, responseTokens: 128, sizes: model.configuration)
    var step = PreferenceStep(try LlamaPolicy<Float>(loading: model, workers: workers), work: work)
    step.run()
    step.run()
    let peak = peakResidentBytes()
    var (steps, products): ([Double], [Double]) = ([], [])
    for _ in 0..<rounds {
      products.append(
        work.products.reduce(0) { $0 + secondsOfProduct($1.key, workers: workers) * Double($1.value) })
      steps.append(stopwatch { step.run() })
    }
    let scoring = (0..<rounds).map { _ in scoredTokensPerSecond(step) }
    let single = (0..<rounds).map { _ in generatedTokensPerSecond(step, sequences: 1) }
    let batched = (0..<rounds).map { _ in generatedTokensPerSecond(step, sequences: 8) }
    return LanguageModelBenchmark(
      stepSeconds: median(steps), pairsPerSecond: Double(work.pairs) / median(steps),
      stepOperations: work.operations, productRate: work.operations / median(products),
      shareOfProductRate: median(zip(products, steps).map { $0 / $1 }), stepPeakBytes: peak,
      scoredTokensPerSecond: median(scoring), generatedTokensPerSecond: median(single),
      batchedTokensPerSecond: median(batched))
  }

  private static func scoredTokensPerSecond(_ step: borrowing PreferenceStep) -> Double {
    Double(step.work.rows) / stopwatch { _ = step.policy.score(step.queries) }
  }

  private static func generatedTokensPerSecond(_ step: borrowing PreferenceStep, sequences: Int) -> Double {
    let prompts = (0..<sequences).map { Array(step.queries[$0].prompt.prefix(16)) }
    func seconds(_ tokens: Int) -> Double {
      stopwatch {
        _ = step.policy.generate(
          prompts: prompts, options: SamplingOptions(maxNewTokens: tokens), seed: SeedTree(0))
      }
    }
    let start = seconds(1)
    return Double(sequences * 32) / (seconds(33) - start)
  }
}

/// One DPO step on random tokens, against a reference whose log-probabilities are known.
private struct PreferenceStep: ~Copyable {
  var policy: LlamaPolicy<Float>
  let work: PreferenceStepWork
  let queries: [TokenQuery]
  private let reference: [Double]
  private var tape: LlamaPolicy<Float>.Tape
  private var gradient: TensorSet<Float>
  private var optimiser: AdamW<Float>

  init(_ policy: consuming LlamaPolicy<Float>, work: PreferenceStepWork) {
    self.work = work
    let vocabulary = policy.configuration.vocabularySize
    queries = (0..<2 * work.pairs).map { index in
      func tokens(_ count: Int, _ name: String, _ number: Int) -> [Int32] {
        var stream = SeedTree(0).child(name).child(number).generator()
        return (0..<count).map { _ in Int32(stream.below(vocabulary)) }
      }
      return TokenQuery(
        prompt: tokens(work.promptTokens, "prompt", index / 2),
        response: tokens(work.responseTokens, "response", index))
    }
    reference = policy.score(queries)
    tape = policy.makeTape()
    gradient = policy.zeroGradient()
    var configuration = TrainingConfiguration()
    configuration.learningRate = 1e-6
    optimiser = AdamW(like: gradient, configuration: configuration, workers: policy.workers)
    self.policy = policy
  }

  mutating func run() {
    gradient.setZero()
    let scores = policy.score(queries, tape: &tape)
    let objective = DPO()
    var cotangents = [Double](repeating: 0, count: queries.count)
    for pair in 0..<work.pairs {
      let value = objective.evaluate(
        PairSample(
          policyChosen: scores[2 * pair], policyRejected: scores[2 * pair + 1], referenceChosen: reference[2 * pair],
          referenceRejected: reference[2 * pair + 1], label: PairLabel()))
      cotangents[2 * pair] = value.dChosen / Double(work.pairs)
      cotangents[2 * pair + 1] = value.dRejected / Double(work.pairs)
    }
    policy.pullback(cotangents, tape: &tape, into: &gradient)
    optimiser.step(&policy, gradient: gradient, scale: 1, learningRate: 1e-6)
  }
}

private func median(_ values: [Double]) -> Double { quantile(0.5, ofSorted: values.sorted()) }
