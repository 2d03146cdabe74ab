import Basics
import Kernels
import Policies
import TestSupport
import Testing

/// What bfloat16 products do to SmolLM2-135M-Instruct, by every engine of this processor, against Transformers in float64.
@Suite(
  "SmolLM2 in bfloat16", .enabled(if: smolModel != nil && sharedFolder != nil, "\(needsModel); \(needsSharedFolder)"),
  .serialized)
struct SmolPrecisionTests {
  static let engines = MatrixEngine.allCases.filter {
    $0.isSupported && $0.precision == .bfloat16 && $0 != .amxEmulated
  }

  @Test(.enabled(if: !engines.isEmpty, "this processor multiplies no bfloat16"), arguments: engines)
  func `log-probabilities per token and gradients`(_ engine: MatrixEngine) throws {
    let golden = try sharedGolden("chat_logprobs.json", as: SmolModelTests.ChatCases.self)
    let policy = try SmolModelTests.load(engine: engine)
    let exact = try SmolModelTests.load()
    var errors: [Double] = []
    for (index, chat) in golden.cases.enumerated() {
      for (response, values) in zip(chat.responses, policy.tokenLogProbabilities(golden.queries(index))) {
        let span = response.responseSpan
        errors += zip(values, response.logProbabilities[span[0] - 1..<span[1] - 1]).map { abs($0 - $1) }
      }
    }
    // As the project promises; a rounding that truncated, or one operand of the wrong layer, would be far beyond.
    let mean = errors.reduce(0, +) / Double(errors.count)
    #expect(mean < 0.02, "mean |Δ log p| per token \(mean) over \(errors.count) tokens")
    func gradient(_ policy: borrowing LlamaPolicy<Float>) -> TensorSet<Float> {
      var tape = policy.makeTape()
      _ = policy.score((0..<4).flatMap { golden.queries($0) }, tape: &tape)
      var gradient = policy.zeroGradient()
      policy.pullback((0..<8).map { $0 % 2 == 0 ? -0.0125 : 0.0125 }, tape: &tape, into: &gradient)
      return gradient
    }
    for (half, single) in zip(gradient(policy).values, gradient(exact).values) {
      func dot(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
      let cosine = dot(half, single) / (dot(half, half) * dot(single, single)).squareRoot()
      #expect(cosine > 0.995, "cosine of a layer's gradients \(cosine)")
    }
  }
  @Test(.enabled(if: !engines.isEmpty, "this processor multiplies no bfloat16"), arguments: engines)
  func `log-probabilities while decoding from the file's blocks`(_ engine: MatrixEngine) throws {
    let golden = try sharedGolden("chat_logprobs.json", as: SmolModelTests.ChatCases.self)
    let policy = try SmolModelTests.load(engine: engine)
    let exact = try SmolModelTests.load()
    #expect(policy.decodesFromBlocks == MatrixEngine.avx512BF16.isSupported)
    let prompts = golden.cases.indices.map { golden.queries($0)[0].prompt }
    let drawn = policy.generate(
      prompts: prompts, options: SamplingOptions(temperature: 1, maxNewTokens: 64), seed: SeedTree(0))
    let scored = exact.tokenLogProbabilities(zip(prompts, drawn).map { TokenQuery(prompt: $0, response: $1.tokens) })
    let errors = zip(drawn, scored).flatMap { zip($0.logProbabilities, $1).map { abs($0 - $1) } }
    let mean = errors.reduce(0, +) / Double(errors.count)
    #expect(mean < 0.02, "mean |Δ log p| per token \(mean) over \(errors.count) tokens")
  }
}
