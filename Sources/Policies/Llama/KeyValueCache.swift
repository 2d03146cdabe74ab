import Kernels
import ModelFiles

/// The keys and values of one sequence so far, in one piece of memory, those of a head one token after another.
struct KeyValueCache<Scalar: KernelScalar>: Sendable {
  private let memory = Matrix<Scalar>()
  private let capacity: Int
  private let heads: Int
  private let headSize: Int
  private(set) var length = 0

  init(_ sizes: LlamaConfiguration, capacity: Int) {
    self.capacity = capacity
    heads = sizes.keyValueHeadCount
    headSize = sizes.headSize
    memory.reshape(rows: 2 * sizes.layerCount * heads * capacity, columns: headSize)
  }

  /// Rotated keys of a layer's head, of the first tokens, [tokens, headSize].
  func keys(_ layer: Int, head: Int, count: Int) -> Tile<Scalar> { tile(2 * layer, head, count) }

  /// [tokens, headSize].
  func values(_ layer: Int, head: Int, count: Int) -> Tile<Scalar> { tile(2 * layer + 1, head, count) }

  /// Fills an empty cache's layer.
  ///
  /// - Parameter keys: rotated, [tokens, heads · headSize]; so are the values.
  func fill(_ layer: Int, keys: Tile<Scalar>, values: Tile<Scalar>) {
    for head in 0..<heads {
      let columns = head * headSize..<(head + 1) * headSize
      self.keys(layer, head: head, count: keys.rows).copy(from: keys.columns(columns))
      self.values(layer, head: head, count: keys.rows).copy(from: values.columns(columns))
    }
  }

  /// Says that keys and values of so many more tokens have been written, in every layer.
  mutating func advance(_ count: Int = 1) {
    length += count
    precondition(length <= capacity, "\(length) tokens in a cache of \(capacity)")
  }

  private func tile(_ index: Int, _ head: Int, _ count: Int) -> Tile<Scalar> {
    precondition(count <= capacity && head < heads, "\(count) tokens of head \(head) in a cache of \(capacity)")
    return memory.tile(offset: (index * heads + head) * capacity * headSize, rows: count, columns: headSize)
  }
}
