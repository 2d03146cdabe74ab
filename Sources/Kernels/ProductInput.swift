import CMatrixEngine

/// An input of products, [rows, in], and its rounded form for weights in blocks that want one.
///
/// Valid while the memory that it was made from is.
@safe
public struct ProductInput<Scalar: KernelScalar>: @unchecked Sendable {
  let tile: Tile<Scalar>
  let rounded: UnsafeRawPointer?
}

/// A worker's own copy of a stage's input in the form that products read: to form it once per worker is cheaper than to wait for one
/// another, and much cheaper than once per task.
public final class WorkerInput<Scalar: KernelScalar>: @unchecked Sendable {
  private let normed = Matrix<Scalar>()
  private var rounded = TileStorage<Float>(capacity: 0)
  private var stage: Int?
  private var input: ProductInput<Scalar>?

  public init() {}

  /// Makes room for inputs of up to so many columns, and forgets the last.
  public func reshape(rows: Int, columns: Int) {
    normed.reshape(rows: rows, columns: columns)
    let count = (bfpo_half_operand_size(rows, columns) + 3) / 4
    if count > rounded.capacity { rounded = TileStorage(capacity: count) }
    stage = nil
  }

  /// The input of a stage, formed when first asked for.
  ///
  /// - Parameters:
  ///   - stage: tells inputs apart.
  ///   - rounding: whether a product wants the rounded form.
  ///   - x: [rows, in].
  ///   - norm: the weight of a root-mean-square norm that comes first, [1, in].
  public func input(
    stage: Int, rounding: Bool, _ x: Tile<Scalar>, norm: (weight: Tile<Scalar>, epsilon: Double)? = nil
  ) -> ProductInput<Scalar> {
    if self.stage == stage, let input { return input }
    var tile = x
    if let norm {
      tile = normed.tile(offset: 0, rows: x.rows, columns: x.columns).borrowed
      rmsNorm(x, norm.weight, epsilon: norm.epsilon, into: tile)
    }
    let made = unsafe ProductInput(tile: tile, rounded: rounding ? round(tile) : nil)
    (self.stage, input) = (stage, made)
    return made
  }

  private func round(_ x: Tile<Scalar>) -> UnsafeRawPointer {
    precondition(
      x.columns % Int(BFPO_BLOCK) == 0 && bfpo_half_operand_size(x.rows, x.columns) <= 4 * rounded.capacity,
      "[\(x.rows), \(x.columns)] is too large, or no whole number of blocks")
    let memory = unsafe UnsafeMutableRawPointer(rounded.base)
    unsafe Scalar.roundForBlocks(x, into: memory)
    return UnsafeRawPointer(memory)
  }
}
