import Basics
import Kernels
import ModelFiles

/// Reads prompts by the products that scoring uses, all prompts in one batch.
struct LlamaPrefill<Scalar: KernelScalar>: Sendable {
  let sizes: LlamaConfiguration
  let weights: LlamaWeights<Scalar>
  let packs: LlamaPacks?
  let rotary: RotaryTable<Scalar>
  let workers: Int
  private let buffers: LlamaBuffers<Scalar>

  init(
    sizes: LlamaConfiguration, weights: LlamaWeights<Scalar>, packs: LlamaPacks?, rotary: RotaryTable<Scalar>,
    workers: Int
  ) {
    self.sizes = sizes
    self.weights = weights
    self.packs = packs
    self.rotary = rotary
    self.workers = workers
    var buffers = LlamaBuffers<Scalar>(kept: [Bool](repeating: false, count: sizes.layerCount))
    for layer in 0..<sizes.layerCount { buffers.keep(layer, keys: Matrix(), values: Matrix()) }
    self.buffers = buffers
  }

  /// Fills empty caches.
  ///
  /// - Parameters:
  ///   - prompts: the same one several times in a row is read once.
  ///   - last: the residual stream after the last layer at each prompt's last token, [prompts, hidden].
  func read(_ prompts: [[Int32]], into caches: inout [KeyValueCache<Scalar>], last: Tile<Scalar>) {
    let queries = prompts.map { TokenQuery(prompt: $0, response: []) }[...]
    let batch = PackedBatch(queries)
    LlamaPass(
      sizes: sizes, weights: weights, packs: packs, rotary: rotary, batch: batch, buffers: buffers, workers: workers
    )
    .forwardLayers()
    for (group, members) in zip(batch.groups, PackedBatch.groups(of: queries)) {
      let end = group.rows.upperBound
      for member in members {
        last.rows(member..<member + 1).copy(from: buffers.final.tile.rows(end - 1..<end))
        for (layer, own) in buffers.layers.enumerated() {
          caches[member].fill(layer, keys: own.k.tile.rows(group.rows), values: own.v.tile.rows(group.rows))
        }
        caches[member].advance(group.rows.count)
      }
    }
  }
}
