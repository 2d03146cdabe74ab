import Basics
import Kernels
import ModelFiles
import Policies

/// The policy that step and scoring share, as the process would hold it in training.
final class LanguageModelWork {
  var step: PreferenceStep
  /// Largest resident memory of the process when the first two steps were done, bytes.
  let peakBytes: Int
  /// Loss of the second step: the same in every program that scores, differentiates and updates as this one does.
  let secondLoss: Double

  /// - Throws: ``UserError`` when a tensor cannot be read.
  init(_ source: any TensorSource, workers: Int, precision: Precision) throws {
    let policy = try loadPolicy(source, workers: workers, precision: precision)
    step = PreferenceStep(policy, work: .standard(source.configuration))
    step.run()
    secondLoss = step.run()
    peakBytes = peakResidentBytes()
  }
}

/// A policy that computes in a precision.
func loadPolicy(
  _ source: any TensorSource, workers: Int, precision: Precision
) throws -> LlamaPolicy<Float> {
  try LlamaPolicy<Float>(loading: source, precision: precision, workers: workers)
}

/// One DPO step; bare products are measured in the same round for its share of their rate.
final class StepPart: PartRunner {
  private let model: LanguageModelWork
  private let options: BenchmarkOptions

  init(_ model: LanguageModelWork, _ options: BenchmarkOptions) {
    self.model = model
    self.options = options
  }

  func sample(_ round: inout BenchmarkRound) {
    let work = model.step.work
    let products = work.secondsOfProducts(options)
    var memory = MemoryTraffic(allocations: nil, pageFaults: 0)
    let seconds = stopwatch { memory = MemoryTraffic.of { model.step.run() } }
    round.record("step.seconds", seconds, .seconds)
    round.record("step.pairs", Double(work.pairs) / seconds, .perSecond)
    round.record("step.rate", work.operations / seconds, .operationsPerSecond)
    round.record("step.productSeconds", products, .seconds)
    round.record("step.productRate", work.operations / products, .operationsPerSecond)
    round.record("step.shareOfProducts", products / seconds, .share)
    round.recordShare(
      "step.shareOfPeak", of: work.operations / seconds, limit: "roofline.\(options.precision.rawValue)")
    round.record("step.peakMemory", Double(model.peakBytes), .bytes)
    if let calls = memory.allocations { round.record("step.allocations", Double(calls), .count) }
    round.record("step.pageFaults", Double(memory.pageFaults), .count)
    round.record("step.secondLoss", model.secondLoss, .value)
  }
}

/// Log-probabilities of the step's responses without a gradient: two of a prompt together, and every one with its own prompt.
final class ScoringPart: PartRunner {
  private let model: LanguageModelWork
  private let apart: [TokenQuery]

  init(_ model: LanguageModelWork) {
    self.model = model
    let work = model.step.work
    apart = (0..<2 * work.pairs).map { index in
      TokenQuery(
        prompt: syntheticTokens(
          work.promptTokens, sequence: 100 + index, vocabulary: work.sizes.vocabularySize),
        response: model.step.queries[index].response)
    }
  }

  func sample(_ round: inout BenchmarkRound) {
    for (name, queries) in [("scoring", model.step.queries), ("scoringApart", apart)] {
      var total = 0.0
      let seconds = stopwatch { total = model.step.policy.score(queries).reduce(0, +) }
      let tokens = queries.reduce(0) { $0 + $1.response.count }
      round.record("\(name).seconds", seconds, .seconds)
      round.record("\(name).responses", Double(queries.count) / seconds, .perSecond)
      round.record("\(name).meanLogProbability", total / Double(tokens), .value)
    }
  }
}

/// Greedy decoding from prompts of 32 tokens, prefill included, with the model as its file has it: a trained tensor would no longer be
/// read in the file's blocks.
final class GenerationPart: PartRunner {
  private let policy: LlamaPolicy<Float>

  /// - Throws: ``UserError`` when a tensor cannot be read.
  init(_ source: any TensorSource, workers: Int, precision: Precision) throws {
    policy = try loadPolicy(source, workers: workers, precision: precision)
  }

  func sample(_ round: inout BenchmarkRound) {
    for (name, sequences, tokens) in [("single", 1, 128), ("batched", 16, 64)] {
      let seconds = secondsToGenerate(sequences: sequences, tokens: tokens, with: policy)
      round.record("generation.\(name).seconds", seconds, .seconds)
      round.record("generation.\(name).tokens", Double(sequences * tokens) / seconds, .perSecond)
    }
  }
}

/// Seconds of one call that extends that many prompts of 32 tokens greedily, without a stop token.
func secondsToGenerate(sequences: Int, tokens: Int, with policy: borrowing LlamaPolicy<Float>) -> Double {
  let vocabulary = policy.configuration.vocabularySize
  let prompts = (0..<sequences).map { syntheticTokens(32, sequence: 2000 + $0, vocabulary: vocabulary) }
  return stopwatch {
    _ = policy.generate(prompts: prompts, options: SamplingOptions(maxNewTokens: tokens), seed: SeedTree(0))
  }
}
