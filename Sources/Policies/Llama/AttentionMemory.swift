import Basics
import Kernels

/// Memory for packed keys and values, reused from layer to layer and from step to step.
final class AttentionMemory: @unchecked Sendable {
  private var all: [AttentionPacks] = []

  /// The first `count`; their contents are those of their last use.
  func packs(_ count: Int, engine: MatrixEngine) -> [AttentionPacks] {
    while all.count < count { all.append(AttentionPacks(engine: engine)) }
    return Array(all.prefix(count))
  }
}

extension LlamaPass {
  /// A layer's keys and values packed for attention, [groups][key-value heads][spans]; nil when products are left to BLAS.
  func packedKeysAndValues(_ own: LayerBuffers<Scalar>, for side: WeightPacks.Side) -> [[[AttentionPacks]]]? {
    guard let packs else { return nil }
    let heads = sizes.keyValueHeadCount
    let tasks = batch.groups.indices.flatMap { group in
      (0..<heads).flatMap { head in batch.groups[group].spans.map { (group: group, head: head, span: $0) } }
    }
    let memory = buffers.attentionMemory.packs(tasks.count, engine: packs.engine)
    parallelForEach(tasks.count, workers: workers) { task in
      memory[task].pack(
        k: own.k.tile, v: own.v.tile, span: tasks[task].span, keyValueHead: tasks[task].head, shape: shape, for: side)
    }
    var result = batch.groups.map { _ in [[AttentionPacks]](repeating: [], count: heads) }
    for (task, pack) in zip(tasks, memory) { result[task.group][task.head].append(pack) }
    return result
  }
}
