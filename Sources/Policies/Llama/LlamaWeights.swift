import Basics
import Kernels
import ModelFiles

/// The weights of one decoder layer. Products are x Wᵀ with W [out, in].
struct LlamaLayer<Scalar: KernelScalar>: Sendable {
  /// [heads · headSize, hidden].
  var query: [Scalar]
  /// [key-value heads · headSize, hidden].
  var key: [Scalar]
  /// [key-value heads · headSize, hidden].
  var value: [Scalar]
  /// [hidden, heads · headSize].
  var output: [Scalar]
  /// [feedForward, hidden].
  var gate: [Scalar]
  /// [feedForward, hidden].
  var up: [Scalar]
  /// [hidden, feedForward].
  var down: [Scalar]
  /// [hidden].
  var inputNorm: [Scalar]
  /// [hidden].
  var feedForwardNorm: [Scalar]
}

/// All weights of a Llama-family decoder.
///
/// Arrays are copied on write: clones share every tensor until one of them is trained.
struct LlamaWeights<Scalar: KernelScalar>: Sendable {
  /// [vocabulary, hidden].
  var embedding: [Scalar]
  var layers: [LlamaLayer<Scalar>]
  /// [hidden].
  var finalNorm: [Scalar]
  /// [vocabulary, hidden]; nil when the embedding serves as the output head.
  var untiedHead: [Scalar]?

  var head: [Scalar] { untiedHead ?? embedding }
}

extension LlamaWeights {
  /// Reads every tensor.
  ///
  /// - Throws: ``UserError`` of the source, or (65) at the first weight that is not finite.
  init(loading source: any TensorSource) throws {
    let configuration = source.configuration
    func read(_ tensor: LlamaTensor) throws -> [Scalar] {
      let values = try source.tensor(named: tensor.name, shape: tensor.shape(configuration))
      if let index = values.firstIndex(where: { !$0.isFinite }) {
        throw UserError(
          "a weight is not a finite number", at: "tensor `\(tensor.name)`, element \(index)",
          because: "it is \(values[index])", advice: "the file is damaged, or its training diverged: use another",
          exitCode: .badData)
      }
      return converted(values)
    }
    embedding = try read(.embedding)
    layers = try (0..<configuration.layerCount).map { layer in
      LlamaLayer(
        query: try read(.layer(layer, .query)), key: try read(.layer(layer, .key)),
        value: try read(.layer(layer, .value)), output: try read(.layer(layer, .output)),
        gate: try read(.layer(layer, .gate)), up: try read(.layer(layer, .up)), down: try read(.layer(layer, .down)),
        inputNorm: try read(.layer(layer, .inputNorm)),
        feedForwardNorm: try read(.layer(layer, .feedForwardNorm)))
    }
    finalNorm = try read(.finalNorm)
    untiedHead = configuration.tiedEmbeddings ? nil : try read(.head)
  }

  /// The same weights in another precision.
  init<Other: KernelScalar>(converting other: LlamaWeights<Other>) {
    func convert(_ values: [Other]) -> [Scalar] { converted(values) }
    embedding = convert(other.embedding)
    layers = other.layers.map {
      LlamaLayer(
        query: convert($0.query), key: convert($0.key), value: convert($0.value), output: convert($0.output),
        gate: convert($0.gate), up: convert($0.up), down: convert($0.down), inputNorm: convert($0.inputNorm),
        feedForwardNorm: convert($0.feedForwardNorm))
    }
    finalNorm = convert(other.finalNorm)
    untiedHead = other.untiedHead.map(convert)
  }

  /// One tensor, in place.
  subscript(tensor: LlamaTensor) -> [Scalar] {
    _read {
      switch tensor {
      case .embedding: yield embedding
      case .layer(let index, let part): yield layers[index][keyPath: part.path()]
      case .finalNorm: yield finalNorm
      case .head: yield untiedHead!
      }
    }
    _modify {
      switch tensor {
      case .embedding: yield &embedding
      case .layer(let index, let part): yield &layers[index][keyPath: part.path()]
      case .finalNorm: yield &finalNorm
      case .head: yield &untiedHead!
      }
    }
  }
}
