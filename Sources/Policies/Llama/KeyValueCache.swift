import Kernels
import ModelFiles

/// The keys and values of one sequence so far, in one piece of memory, those of a head one token after another.
struct KeyValueCache<Scalar: KernelScalar>: Sendable {
  private let memory = Matrix<Scalar>()
  private let capacity: Int
  private let heads: Int
  private(set) var length = 0

  init(_ sizes: LlamaConfiguration, capacity: Int) {
    self.capacity = capacity
    heads = sizes.keyValueHeadCount
    memory.reshape(rows: 2 * sizes.layerCount * heads * capacity, columns: sizes.headSize)
  }

  /// What reads and writes the cache; valid while it lives.
  var view: KeyValueView<Scalar> {
    KeyValueView(memory: memory.tile.borrowed, capacity: capacity, heads: heads, length: length)
  }

  /// Fills an empty cache's layer.
  ///
  /// - Parameter keys: rotated, [tokens, heads · headSize]; so are the values.
  func fill(_ layer: Int, keys: Tile<Scalar>, values: Tile<Scalar>) {
    let size = memory.columns
    for head in 0..<heads {
      let columns = head * size..<(head + 1) * size
      view.keys(layer, head: head, count: keys.rows).copy(from: keys.columns(columns))
      view.values(layer, head: head, count: keys.rows).copy(from: values.columns(columns))
    }
  }

  /// Says that keys and values of so many more tokens have been written, in every layer.
  mutating func advance(_ count: Int = 1) {
    length += count
    precondition(length <= capacity, "\(length) tokens in a cache of \(capacity)")
  }
}

/// A cache's memory, for the tasks of a step.
struct KeyValueView<Scalar: KernelScalar>: Sendable {
  /// [layers · 2 · heads · capacity, headSize].
  fileprivate let memory: Tile<Scalar>
  fileprivate let capacity: Int
  fileprivate let heads: Int
  /// Tokens so far.
  let length: Int

  /// Rotated keys of a layer's head, of the first tokens, [tokens, headSize].
  func keys(_ layer: Int, head: Int, count: Int) -> Tile<Scalar> { tile(2 * layer, head, count) }

  /// [tokens, headSize].
  func values(_ layer: Int, head: Int, count: Int) -> Tile<Scalar> { tile(2 * layer + 1, head, count) }

  private func tile(_ index: Int, _ head: Int, _ count: Int) -> Tile<Scalar> {
    precondition(count <= capacity && head < heads, "\(count) tokens of head \(head) in a cache of \(capacity)")
    let start = (index * heads + head) * capacity
    return memory.rows(start..<start + count)
  }
}
