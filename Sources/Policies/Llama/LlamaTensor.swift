import Basics
import Kernels
import ModelFiles

/// A tensor of a Llama-family decoder, by place.
enum LlamaTensor: Hashable, Sendable {
  case embedding
  case layer(Int, LayerTensor)
  case finalNorm
  /// The output head, when it is not the embedding.
  case head

  /// A tensor of one layer, in the order of Hugging Face's state dictionary.
  enum LayerTensor: CaseIterable, Hashable, Sendable {
    case query, key, value, output, gate, up, down, inputNorm, feedForwardNorm
  }

  /// Hugging Face's name.
  var name: String {
    switch self {
    case .embedding: "model.embed_tokens.weight"
    case .layer(let index, let part): "model.layers.\(index).\(part.name).weight"
    case .finalNorm: "model.norm.weight"
    case .head: "lm_head.weight"
    }
  }

  /// Row-major dimensions.
  func shape(_ sizes: LlamaConfiguration) -> [Int] {
    let queryWidth = sizes.headCount * sizes.headSize
    let keyValueWidth = sizes.keyValueHeadCount * sizes.headSize
    return switch self {
    case .embedding, .head: [sizes.vocabularySize, sizes.hiddenSize]
    case .finalNorm, .layer(_, .inputNorm), .layer(_, .feedForwardNorm): [sizes.hiddenSize]
    case .layer(_, .query): [queryWidth, sizes.hiddenSize]
    case .layer(_, .key), .layer(_, .value): [keyValueWidth, sizes.hiddenSize]
    case .layer(_, .output): [sizes.hiddenSize, queryWidth]
    case .layer(_, .gate), .layer(_, .up): [sizes.feedForwardSize, sizes.hiddenSize]
    case .layer(_, .down): [sizes.hiddenSize, sizes.feedForwardSize]
    }
  }

  /// Every tensor of a model, in the order of Hugging Face's state dictionary.
  static func all(_ sizes: LlamaConfiguration) -> [LlamaTensor] {
    [.embedding] + (0..<sizes.layerCount).flatMap { layer in LayerTensor.allCases.map { .layer(layer, $0) } }
      + [.finalNorm] + (sizes.tiedEmbeddings ? [] : [.head])
  }

  /// The tensors whose names contain one of the fragments; `all` is every tensor.
  ///
  /// - Throws: ``UserError`` (64) when a fragment matches nothing.
  static func selected(by fragments: [String], of sizes: LlamaConfiguration) throws -> [LlamaTensor] {
    let all = all(sizes)
    for fragment in fragments where fragment != "all" && !all.contains(where: { $0.name.contains(fragment) }) {
      let known = ["all"] + LayerTensor.allCases.map(\.shortName) + ["embed_tokens", "lm_head", "model.norm"]
      throw UserError(
        "no tensor to train is called `\(fragment)`", because: "it is part of no tensor's name in this model",
        advice: suggestion(for: fragment, among: known), exitCode: .usage)
    }
    return all.filter { tensor in fragments.contains { $0 == "all" || tensor.name.contains($0) } }
  }
}

extension LlamaTensor.LayerTensor {
  var name: String {
    switch self {
    case .query, .key, .value, .output: "self_attn.\(shortName)"
    case .gate, .up, .down: "mlp.\(shortName)"
    case .inputNorm, .feedForwardNorm: shortName
    }
  }

  var shortName: String {
    switch self {
    case .query: "q_proj"
    case .key: "k_proj"
    case .value: "v_proj"
    case .output: "o_proj"
    case .gate: "gate_proj"
    case .up: "up_proj"
    case .down: "down_proj"
    case .inputNorm: "input_layernorm"
    case .feedForwardNorm: "post_attention_layernorm"
    }
  }

  func path<Scalar: KernelScalar>() -> WritableKeyPath<LlamaLayer<Scalar>, [Scalar]> {
    switch self {
    case .query: \.query
    case .key: \.key
    case .value: \.value
    case .output: \.output
    case .gate: \.gate
    case .up: \.up
    case .down: \.down
    case .inputNorm: \.inputNorm
    case .feedForwardNorm: \.feedForwardNorm
    }
  }
}
