import Kernels
import ModelFiles

/// The keys and values of one sequence so far, in one piece of memory, those of a head one token after another.
struct KeyValueCache<Scalar: KernelScalar>: Sendable {
  private let memory = Matrix<Scalar>()
  private let layout: KeyValueLayout
  private(set) var length = 0

  /// - Parameter precision: of what is kept.
  init(_ sizes: LlamaConfiguration, capacity: Int, precision: Precision) {
    layout = KeyValueLayout(
      capacity: capacity, heads: sizes.keyValueHeadCount, headSize: sizes.headSize, precision: precision)
    memory.reshape(
      rows: 2 * sizes.layerCount * layout.heads * capacity,
      columns: CachedRows<Scalar>.width(headSize: sizes.headSize, precision: precision))
  }

  /// What reads and writes the cache; valid while it lives.
  var view: KeyValueView<Scalar> { KeyValueView(memory: memory.tile.borrowed, layout: layout, length: length) }

  /// Fills an empty cache's layer.
  ///
  /// - Parameter keys: rotated, [tokens, heads · headSize]; so are the values.
  func fill(_ layer: Int, keys: Tile<Scalar>, values: Tile<Scalar>) {
    let (view, keys, values) = (view, keys.borrowed, values.borrowed)
    for head in 0..<layout.heads {
      let columns = head * layout.headSize..<(head + 1) * layout.headSize
      let (ownKeys, ownValues) = (
        view.keys(layer, head: head, count: keys.rows), view.values(layer, head: head, count: keys.rows)
      )
      for row in 0..<keys.rows {
        ownKeys.store(keys.rows(row..<row + 1).columns(columns), at: row)
        ownValues.store(values.rows(row..<row + 1).columns(columns), at: row)
      }
    }
  }

  /// Says that keys and values of so many more tokens have been written, in every layer.
  mutating func advance(_ count: Int = 1) {
    length += count
    precondition(length <= layout.capacity, "\(length) tokens in a cache of \(layout.capacity)")
  }
}

/// How a cache's memory is divided: [layers][keys, values][heads][capacity] rows.
struct KeyValueLayout {
  let capacity: Int
  let heads: Int
  let headSize: Int
  let precision: Precision
}

/// A cache's memory, for the tasks of a step.
struct KeyValueView<Scalar: KernelScalar>: Sendable {
  fileprivate let memory: Tile<Scalar>
  fileprivate let layout: KeyValueLayout
  /// Tokens so far.
  let length: Int

  /// Rotated keys of a layer's head, of the first tokens.
  func keys(_ layer: Int, head: Int, count: Int) -> CachedRows<Scalar> { rows(2 * layer, head, count) }

  func values(_ layer: Int, head: Int, count: Int) -> CachedRows<Scalar> { rows(2 * layer + 1, head, count) }

  private func rows(_ index: Int, _ head: Int, _ count: Int) -> CachedRows<Scalar> {
    precondition(
      count <= layout.capacity && head < layout.heads,
      "\(count) tokens of head \(head) in a cache of \(layout.capacity)")
    let start = (index * layout.heads + head) * layout.capacity
    return CachedRows(
      memory.rows(start..<start + count), headSize: layout.headSize, precision: layout.precision)
  }
}
