import Basics
import Foundation
import Kernels
import ModelFiles
import Policies
import TestSupport
import Testing

/// Parity with PyTorch and Transformers on SmolLM2-135M-Instruct.
@Suite(
  "SmolLM2 parity", .enabled(if: smolModel != nil && sharedFolder != nil, "\(needsModel); \(needsSharedFolder)"),
  .serialized)
struct SmolModelTests {
  struct ChatCases: Decodable {
    struct Response: Decodable {
      var ids: [Int32]
      var responseSpan: [Int]
      var logProbabilities: [Double]
      var sum: Double

      enum CodingKeys: String, CodingKey {
        case ids
        case responseSpan = "response_span"
        case logProbabilities = "logprob_fp64"
        case sum = "sum_response_fp64"
      }
    }
    struct Case: Decodable {
      var prompt: [Int32]
      var responses: [Response]
      var greedy: [Int32]
      var margins: [Double]

      enum CodingKeys: String, CodingKey {
        case responses
        case prompt = "prompt_ids"
        case greedy = "greedy_ids"
        case margins = "greedy_top2_margin"
      }
    }
    var cases: [Case]

    func queries(_ index: Int) -> [TokenQuery] {
      cases[index].responses.map { response in
        let span = response.responseSpan
        return TokenQuery(
          prompt: Array(response.ids[..<span[0]]), response: Array(response.ids[span[0]..<span[1]]))
      }
    }
  }

  static func load(engine: MatrixEngine? = nil) throws -> LlamaPolicy<Float> {
    try LlamaPolicy(loading: GGUFModel(smolModel!), engine: engine)
  }

  @Test func `log-probability of every response token, and of every token`() throws {
    let golden = try sharedGolden("chat_logprobs.json", as: ChatCases.self)
    let policy = try Self.load()
    var worst = 0.0
    for (index, chat) in golden.cases.enumerated() {
      let scored = policy.tokenLogProbabilities(golden.queries(index))
      for (response, values) in zip(chat.responses, scored) {
        let expected = response.logProbabilities[response.responseSpan[0] - 1..<response.responseSpan[1] - 1]
        #expect(expected.count == values.count)
        for (ours, theirs) in zip(values, expected) { worst = max(worst, abs(ours - theirs)) }
        #expect(abs(values.reduce(0, +) - response.sum) < 2e-3)
      }
      let whole = chat.responses.map { TokenQuery(prompt: [$0.ids[0]], response: Array($0.ids.dropFirst())) }
      for (response, values) in zip(chat.responses, policy.tokenLogProbabilities(whole)) {
        for (ours, theirs) in zip(values, response.logProbabilities) { worst = max(worst, abs(ours - theirs)) }
      }
    }
    #expect(worst < 2e-4, "largest difference \(worst) nats")
  }

  @Test(arguments: [
    ("model.layers.3.self_attn.k_proj.weight", [192, 576]), ("model.embed_tokens.weight", [49152, 576]),
  ])
  func `blocks of the file are the weights`(name: String, shape: [Int]) throws {
    let model = try GGUFModel(try #require(smolModel))
    let blocks = try #require(model.blocks(named: name))
    let stored = dequantised(blocks.bytes.span, as: blocks.packing, count: shape[0] * shape[1])
    let expected = try model.tensor(named: name, shape: shape)
    #expect(blocks.rows == shape[0] && blocks.columns == shape[1])
    for row in stride(from: 0, to: shape[0], by: 5) {
      let source = blocks.order.map { Int($0[row]) } ?? row
      #expect(stored[source * 576..<(source + 1) * 576] == expected[row * 576..<(row + 1) * 576])
    }
    #expect(model.blocks(named: "model.norm.weight") == nil)
  }

  @Test func `greedy continuations`() throws {
    let golden = try sharedGolden("chat_logprobs.json", as: ChatCases.self)
    let policy = try Self.load()
    let drawn = policy.generate(
      prompts: golden.cases.map(\.prompt), options: SamplingOptions(maxNewTokens: 48), seed: SeedTree(0))
    for (chat, generation) in zip(golden.cases, drawn) {
      let difference = zip(generation.tokens, chat.greedy).enumerated().first { $1.0 != $1.1 }?.offset
      #expect(
        difference == nil,
        "token \(difference!), where the two best logits were \(chat.margins[difference!]) apart")
    }
  }

  @Test func `residual stream of every layer`() throws {
    struct States: Decodable {
      struct Layer: Decodable {
        var last: [Double]
        var rms: Double

        enum CodingKeys: String, CodingKey {
          case last = "last_first8"
          case rms
        }
      }
      var ids: [Int32]
      var hidden: [Layer]
    }
    let golden = try sharedGolden("hidden_states.json", as: States.self)
    let stream = try Self.load().residualStream(of: golden.ids)
    #expect(stream.count == golden.hidden.count)
    for (values, expected) in zip(stream, golden.hidden) {
      for (ours, theirs) in zip(values.suffix(576).prefix(8), expected.last) {
        #expect(abs(ours - theirs) < 1e-3 * max(1, expected.rms))
      }
      let rms = (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()
      #expect(abs(rms - expected.rms) < 1e-4 * expected.rms)
    }
  }

  @Test func `gradient of the first preference step, layer by layer`() throws {
    struct Steps: Decodable {
      struct Step: Decodable {
        var norms: [Double]
        var firstLayer: [Double]
        var lastLayer: [Double]

        enum CodingKeys: String, CodingKey {
          case norms = "grad_norm_by_layer"
          case firstLayer = "grad_first4_layer0"
          case lastLayer = "grad_first4_layer29"
        }
      }
      var objectives: [String: [Step]]
    }
    let golden = try sharedGolden("chat_logprobs.json", as: ChatCases.self)
    let expected = try sharedGolden("preference_steps.json", as: Steps.self).objectives["dpo_beta0p1"]![0]
    let policy = try Self.load()
    var tape = policy.makeTape()
    _ = policy.score((0..<4).flatMap { golden.queries($0) }, tape: &tape)
    var gradient = policy.zeroGradient()
    // DPO at the reference: d loss / d log π = ∓ β σ(0), averaged over four pairs.
    policy.pullback((0..<8).map { $0 % 2 == 0 ? -0.1 * 0.5 / 4 : 0.1 * 0.5 / 4 }, tape: &tape, into: &gradient)
    let ours = gradient.values.map { tensor in tensor.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() }
    for (ours, theirs) in zip(ours, expected.norms) { #expect(abs(ours - theirs) < 1e-4 * theirs) }
    #expect(ours.count == expected.norms.count)
    for (layer, values) in [(0, expected.firstLayer), (29, expected.lastLayer)] {
      for (ours, theirs) in zip(gradient.values[layer], values) { #expect(abs(Double(ours) - theirs) < 1e-6) }
    }
  }
}
