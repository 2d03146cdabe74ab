import Basics
import Kernels
import ModelFiles

/// Packed copies of a decoder's matrices for an engine, by tensor.
///
/// Clones of a policy share them until one of them trains a tensor.
struct LlamaPacks: Sendable {
  let engine: MatrixEngine
  private var tensors: [LlamaTensor: WeightPacks] = [:]
  /// Frozen matrices in the blocks of their file.
  private var blocks: [LlamaTensor: LazyBlocks] = [:]

  /// No copies yet, for every matrix of a model; nil when the engine packs nothing ahead.
  init?(engine: MatrixEngine, _ sizes: LlamaConfiguration) {
    if engine == .openBLAS { return nil }
    self.engine = engine
    for tensor in LlamaTensor.all(sizes) where tensor.shape(sizes).count == 2 {
      tensors[tensor] = WeightPacks(engine: engine)
    }
  }

  subscript(tensor: LlamaTensor) -> WeightPacks? { tensors[tensor] }

  /// The copies of the lowest layers' matrices alone.
  func lowest(_ depth: Int) -> LlamaPacks {
    var result = self
    result.tensors = tensors.filter { tensor, _ in
      if case .layer(let layer, _) = tensor { layer < depth } else { false }
    }
    return result
  }

  /// Takes another model's copies of matrices that have the same bits.
  mutating func share(_ other: LlamaPacks) { tensors.merge(other.tensors) { $1 } }

  /// Lets decoding read matrices in the blocks of their file, which must hold the model's weights.
  mutating func useBlocks(of source: any TensorSource, _ sizes: LlamaConfiguration) {
    guard PackedBlocks.serve(engine) else { return }
    for tensor in tensors.keys {
      if let matrix = source.blocks(named: tensor.name) { blocks[tensor] = LazyBlocks(matrix, engine) }
    }
  }

  var hasBlocks: Bool { !blocks.isEmpty }

  /// A matrix in the blocks of its file; nil when it came from no such file, or has been trained.
  func blocks(_ tensor: LlamaTensor) -> PackedBlocks? { blocks[tensor]?.packed }

  /// A tensor has been trained: what was packed of it is no longer true. Its memory is kept unless a clone still uses it.
  mutating func invalidate(_ tensor: LlamaTensor) {
    guard tensors[tensor] != nil else { return }
    blocks[tensor] = nil
    if isKnownUniquelyReferenced(&tensors[tensor]) {
      tensors[tensor]?.invalidate()
    } else {
      tensors[tensor] = WeightPacks(engine: engine)
    }
  }
}

extension LlamaPass {
  /// A matrix of a layer as products read it.
  func weight(_ layer: Int, _ part: LlamaTensor.LayerTensor) -> LinearWeight<Scalar> {
    LinearWeight(weights.layers[layer][part], packs: packs?[.layer(layer, part)])
  }

  /// The output head, which may be the embedding.
  var head: LinearWeight<Scalar> {
    LinearWeight(weights.head, packs: packs?[sizes.tiedEmbeddings ? .embedding : .head])
  }

  /// Packs what a forward pass reads and has not been packed, all workers at once.
  ///
  /// - Parameters:
  ///   - layers: the layers that will run.
  ///   - predicts: whether logits will be formed.
  ///   - recording: whether the logits' gradient will be needed.
  func prepareForward(layers: Range<Int>, predicts: Bool, recording: Bool) {
    var needed: [Preparation] = layers.flatMap { layer in
      LlamaTensor.LayerTensor.matrices.map { Preparation(weight(layer, $0), .forward, inputs(of: $0)) }
    }
    if predicts { needed.append(Preparation(head, .forward, sizes.hiddenSize)) }
    if predicts && recording { needed.append(Preparation(head, .backward, sizes.hiddenSize)) }
    prepare(needed)
  }

  /// Packs what the backward pass of a plan reads and has not been packed.
  func prepareBackward(_ plan: BackwardPlan) {
    prepare(
      plan.depths.indices.flatMap { layer -> [Preparation] in
        let parts: [LlamaTensor.LayerTensor] =
          switch plan.depths[layer] {
          case .none, .down: []
          case .feedForward: [.gate, .up, .down]
          case .whole: LlamaTensor.LayerTensor.matrices
          }
        return parts.map { Preparation(weight(layer, $0), .backward, inputs(of: $0)) }
      })
  }

  private struct Preparation: Sendable {
    let weight: LinearWeight<Scalar>
    let side: WeightPacks.Side
    let inputs: Int

    init(_ weight: LinearWeight<Scalar>, _ side: WeightPacks.Side, _ inputs: Int) {
      self.weight = weight
      self.side = side
      self.inputs = inputs
    }
  }

  private func prepare(_ needed: [Preparation]) {
    guard packs != nil else { return }
    let missing = needed.filter { !$0.weight.isPrepared($0.side) }
    parallelForEach(missing.count, workers: workers) { index in
      missing[index].weight.prepare(missing[index].side, inputs: missing[index].inputs)
    }
  }

  private func inputs(of part: LlamaTensor.LayerTensor) -> Int {
    LlamaTensor.layer(0, part).shape(sizes)[1]
  }
}

extension LlamaTensor.LayerTensor {
  /// Those that are matrices.
  static let matrices: [LlamaTensor.LayerTensor] = [.query, .key, .value, .output, .gate, .up, .down]
}

extension LlamaLayer {
  /// A tensor of the layer.
  subscript(part: LlamaTensor.LayerTensor) -> [Scalar] {
    switch part {
    case .query: query
    case .key: key
    case .value: value
    case .output: output
    case .gate: gate
    case .up: up
    case .down: down
    case .inputNorm: inputNorm
    case .feedForwardNorm: feedForwardNorm
    }
  }
}
