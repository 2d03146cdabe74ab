/// Memory for activations: allocated once, reused from step to step, shared by the tiles cut from it.
///
/// A reference type because tiles of one matrix are written by several threads at once. The element type is trivial, so
/// memory is handed out without being initialised: whoever reads a tile must have written it first.
public final class Matrix<Scalar: KernelScalar>: @unchecked Sendable {
  public private(set) var rows = 0
  public private(set) var columns = 0
  private var storage = TileStorage<Scalar>(capacity: 0)

  public init() {}

  /// A matrix holding the given elements [rows, columns].
  public convenience init(rows: Int, columns: Int, _ values: [Scalar]) {
    precondition(values.count == rows * columns, "\(values.count) values for [\(rows), \(columns)]")
    self.init()
    reshape(rows: rows, columns: columns)
    for i in values.indices { unsafe storage.base[i] = values[i] }
  }

  /// Changes the shape; the contents are undefined afterwards. Memory is only ever enlarged.
  public func reshape(rows: Int, columns: Int) {
    precondition(rows >= 0 && columns >= 0, "no matrix is [\(rows), \(columns)]")
    self.rows = rows
    self.columns = columns
    if rows * columns > storage.capacity { storage = TileStorage(capacity: rows * columns) }
  }

  /// All of it.
  public var tile: Tile<Scalar> { tile(offset: 0, rows: rows, columns: columns) }

  /// The elements from `offset` on, read as [rows, columns].
  public func tile(offset: Int, rows: Int, columns: Int) -> Tile<Scalar> {
    precondition(
      offset >= 0 && offset + rows * columns <= storage.capacity,
      "[\(rows), \(columns)] at \(offset) is outside a matrix of \(storage.capacity)")
    return unsafe Tile(
      owner: storage, base: storage.base + offset, rows: rows, columns: columns, stride: columns)
  }

  /// A copy of the elements, row-major.
  public var values: [Scalar] { tile.values }
}

/// The memory itself; freed when the matrix and its last tile are gone.
@safe
final class TileStorage<Scalar: KernelScalar>: @unchecked Sendable {
  let base: UnsafeMutablePointer<Scalar>
  let capacity: Int

  init(capacity: Int) {
    self.capacity = capacity
    let bytes = max(capacity, 1) * MemoryLayout<Scalar>.stride
    unsafe base = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
      .bindMemory(to: Scalar.self, capacity: max(capacity, 1))
  }

  deinit { unsafe UnsafeMutableRawPointer(base).deallocate() }
}
