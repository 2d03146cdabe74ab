import Kernels
import ModelFiles

/// The keys and values of one sequence so far, in one piece of memory.
struct KeyValueCache<Scalar: KernelScalar>: Sendable {
  private let memory = Matrix<Scalar>()
  private let capacity: Int
  private let width: Int
  private(set) var length = 0

  init(_ sizes: LlamaConfiguration, capacity: Int) {
    self.capacity = capacity
    width = sizes.keyValueHeadCount * sizes.headSize
    memory.reshape(rows: 2 * sizes.layerCount * capacity, columns: width)
  }

  /// Rotated keys of a layer, of the first tokens, [tokens, key-value heads · headSize].
  func keys(_ layer: Int, count: Int) -> Tile<Scalar> { tile(2 * layer, count) }

  /// [tokens, key-value heads · headSize].
  func values(_ layer: Int, count: Int) -> Tile<Scalar> { tile(2 * layer + 1, count) }

  /// Says that keys and values of so many more tokens have been written, in every layer.
  mutating func advance(_ count: Int = 1) {
    length += count
    precondition(length <= capacity, "\(length) tokens in a cache of \(capacity)")
  }

  private func tile(_ index: Int, _ count: Int) -> Tile<Scalar> {
    precondition(count <= capacity, "\(count) tokens of a cache of \(capacity)")
    return memory.tile(offset: index * capacity * width, rows: count, columns: width)
  }
}
