import Basics
import Kernels
import ModelFiles

/// One forward or backward pass over a packed batch: the weights it reads and the memory it writes.
///
/// Work is cut into fixed tiles that workers take in any order; every tile writes its own rows, columns or heads.
struct LlamaPass<Scalar: KernelScalar>: Sendable {
  let sizes: LlamaConfiguration
  let weights: LlamaWeights<Scalar>
  /// Nil when products are left to BLAS.
  let packs: LlamaPacks?
  let rotary: RotaryTable<Scalar>
  let batch: PackedBatch
  let buffers: LlamaBuffers<Scalar>
  let workers: Int
  /// Layers whose result is looked up; nil to run every layer.
  var trunk: FrozenTrunk<Scalar>?

  var shape: AttentionShape {
    AttentionShape(
      headCount: sizes.headCount, keyValueHeadCount: sizes.keyValueHeadCount, headSize: sizes.headSize)
  }

  /// Runs `body` on blocks of rows.
  func forEachTile(of rows: Int, limit: Int = 256, _ body: @Sendable (Range<Int>) -> Void) {
    forEach(tiles(rows, limit: limit), body)
  }

  func forEach(_ blocks: [Range<Int>], _ body: @Sendable (Range<Int>) -> Void) {
    parallelForEach(blocks.count, workers: workers) { body(blocks[$0]) }
  }

  /// Where each group's scratch starts, in units of which a group needs `size(group)` per head.
  func scratchStarts(_ heads: Int, _ size: (AttentionGroup) -> Int) -> [Int] {
    var starts = [0]
    for group in batch.groups { starts.append(starts.last! + heads * size(group)) }
    return starts
  }
}
