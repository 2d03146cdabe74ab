import Basics
import Kernels
import ModelFiles

/// A layer's weights as decoding reads them; valid while their ``DecodingWeights`` live.
struct DecodingLayer<Scalar: KernelScalar>: Sendable {
  let query, key, value, output, gate, up, down: DecodingWeight<Scalar>
  /// [1, hidden].
  let inputNorm, feedForwardNorm: Tile<Scalar>
}

/// Keeps the weights that decoding reads, packed, and knows where they are.
final class DecodingWeights<Scalar: KernelScalar>: Sendable {
  private let owners: [DecodingWeightOwner<Scalar>]
  /// Of all norms, [2 · layers + 1, hidden].
  private let norms: Matrix<Scalar>
  let layers: [DecodingLayer<Scalar>]
  let head: DecodingWeight<Scalar>
  /// [1, hidden].
  let finalNorm: Tile<Scalar>

  init(_ weights: LlamaWeights<Scalar>, _ packs: LlamaPacks?, _ sizes: LlamaConfiguration, workers: Int) {
    let matrices = (0..<sizes.layerCount).flatMap { layer in
      LlamaTensor.LayerTensor.matrices.map { (LlamaTensor.layer(layer, $0), weights.layers[layer][$0]) }
    }
    let head = (sizes.tiedEmbeddings ? LlamaTensor.embedding : .head, weights.head)
    let all = matrices + [head]
    let owners = parallelMap(all.count, workers: workers) { index in
      let (tensor, values) = all[index]
      return DecodingWeightOwner(
        LinearWeight(values, packs: packs?[tensor]), shape: tensor.shape(sizes), blocks: packs?.blocks(tensor))
    }
    let norms = Matrix(
      rows: 2 * sizes.layerCount + 1, columns: sizes.hiddenSize,
      weights.layers.flatMap { $0.inputNorm + $0.feedForwardNorm } + weights.finalNorm)
    func norm(_ index: Int) -> Tile<Scalar> { norms.tile.rows(index..<index + 1).borrowed }
    layers = (0..<sizes.layerCount).map { layer in
      let parts = LlamaTensor.LayerTensor.matrices.count
      let own = owners[layer * parts..<(layer + 1) * parts].map(\.addressed)
      return DecodingLayer(
        query: own[0], key: own[1], value: own[2], output: own[3], gate: own[4], up: own[5], down: own[6],
        inputNorm: norm(2 * layer), feedForwardNorm: norm(2 * layer + 1))
    }
    self.head = owners[owners.count - 1].addressed
    finalNorm = norm(2 * sizes.layerCount)
    (self.owners, self.norms) = (owners, norms)
  }
}
