import Kernels
import ModelFiles

/// A layer's weights as decoding reads them; a reference, because every task takes hold of one.
final class DecodingLayer<Scalar: KernelScalar>: Sendable {
  let query, key, value, output, gate, up, down: DecodingWeight<Scalar>
  let inputNorm, feedForwardNorm: [Scalar]

  init(_ index: Int, weights: LlamaWeights<Scalar>, packs: LlamaPacks?, _ sizes: LlamaConfiguration) {
    let layer = weights.layers[index]
    func weight(_ part: LlamaTensor.LayerTensor) -> DecodingWeight<Scalar> {
      let tensor = LlamaTensor.layer(index, part)
      return DecodingWeight(
        LinearWeight(layer[part], packs: packs?[tensor]), outputs: tensor.shape(sizes)[0], blocks: packs?.blocks(tensor)
      )
    }
    (query, key, value, output) = (weight(.query), weight(.key), weight(.value), weight(.output))
    (gate, up, down) = (weight(.gate), weight(.up), weight(.down))
    (inputNorm, feedForwardNorm) = (layer.inputNorm, layer.feedForwardNorm)
  }
}

/// A worker's own copy of a stage's normalised input: to compute it once per worker is cheaper than to wait for one another.
final class WorkerNorm<Scalar: KernelScalar>: @unchecked Sendable {
  private let matrix = Matrix<Scalar>()
  private var stage: Int?

  func reshape(rows: Int, columns: Int) {
    matrix.reshape(rows: rows, columns: columns)
    stage = nil
  }

  /// norm(x) for a stage, [rows, hidden].
  func normed(_ stage: Int, _ x: Tile<Scalar>, _ weight: [Scalar], _ sizes: LlamaConfiguration) -> Tile<Scalar> {
    if self.stage != stage {
      rmsNorm(x, weight, epsilon: sizes.rmsNormEpsilon, into: matrix.tile)
      self.stage = stage
    }
    return matrix.tile
  }
}
