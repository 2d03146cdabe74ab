/// A block of a row-major matrix, [rows, columns], that a kernel reads or writes.
///
/// A tile is a reference to memory, which it keeps alive. Threads may work on tiles of one matrix at once as long as no
/// element that one writes is touched by another.
@safe
public struct Tile<Scalar: KernelScalar>: @unchecked Sendable {
  let owner: TileStorage<Scalar>?
  let base: UnsafeMutablePointer<Scalar>
  public let rows: Int
  public let columns: Int
  /// Elements from one row's start to the next.
  public let stride: Int

  init(
    owner: TileStorage<Scalar>?, base: UnsafeMutablePointer<Scalar>, rows: Int, columns: Int, stride: Int
  ) {
    self.owner = owner
    unsafe self.base = base
    self.rows = rows
    self.columns = columns
    self.stride = stride
  }

  /// The same block without a hold on its memory, which the caller has: for loops whose threads would otherwise wait for one another
  /// to count references.
  public var borrowed: Tile { unsafe Tile(owner: nil, base: base, rows: rows, columns: columns, stride: stride) }

  /// Whether both are the same block of the same memory.
  public func isSame(as other: Tile) -> Bool {
    unsafe base == other.base && rows == other.rows && columns == other.columns && stride == other.stride
  }

  /// The given rows, all columns.
  public func rows(_ range: Range<Int>) -> Tile {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of \(rows)")
    return unsafe Tile(
      owner: owner, base: base + range.lowerBound * stride, rows: range.count, columns: columns, stride: stride)
  }

  /// The given columns, all rows.
  public func columns(_ range: Range<Int>) -> Tile {
    precondition(range.lowerBound >= 0 && range.upperBound <= columns, "columns \(range) of \(columns)")
    return unsafe Tile(
      owner: owner, base: base + range.lowerBound, rows: rows, columns: range.count, stride: stride)
  }

  /// One element.
  public subscript(row: Int, column: Int) -> Scalar {
    get {
      precondition(
        row >= 0 && row < rows && column >= 0 && column < columns, "[\(row), \(column)] of [\(rows), \(columns)]")
      return unsafe base[row * stride + column]
    }
    nonmutating set {
      precondition(
        row >= 0 && row < rows && column >= 0 && column < columns, "[\(row), \(column)] of [\(rows), \(columns)]")
      unsafe base[row * stride + column] = newValue
    }
  }

  /// The first element of a row; unchecked, for the kernels' loops.
  @inline(__always)
  func pointer(row: Int) -> UnsafeMutablePointer<Scalar> { unsafe base + row * stride }

  /// Sets every element.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func fill(_ value: Scalar) {
    for row in 0..<rows { unsafe pointer(row: row).update(repeating: value, count: columns) }
  }

  /// Copies another tile of the same shape.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func copy(from source: Tile) {
    precondition(
      source.rows == rows && source.columns == columns,
      "[\(source.rows), \(source.columns)] copied to [\(rows), \(columns)]")
    for row in 0..<rows { unsafe pointer(row: row).update(from: source.pointer(row: row), count: columns) }
  }

  /// A copy of the elements, row-major.
  public var values: [Scalar] {
    var result: [Scalar] = []
    result.reserveCapacity(rows * columns)
    for row in 0..<rows {
      unsafe result.append(contentsOf: UnsafeBufferPointer(start: pointer(row: row), count: columns))
    }
    return result
  }
}

extension Tile {
  /// The elements in double precision, row-major.
  public var doubles: [Double] { convertToDoubles(self) }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func convertToDoubles<Scalar: KernelScalar>(_ tile: Tile<Scalar>) -> [Double] {
  var result: [Double] = []
  result.reserveCapacity(tile.rows * tile.columns)
  for row in 0..<tile.rows {
    let values = unsafe tile.pointer(row: row)
    for column in 0..<tile.columns { unsafe result.append(Double(values[column])) }
  }
  return result
}

/// Runs `body` on an array's elements as a tile of the given width, to be read only.
func withTile<Scalar: KernelScalar, Result>(
  of values: [Scalar], columns: Int, _ body: (Tile<Scalar>) -> Result
) -> Result {
  precondition(columns > 0 && values.count % columns == 0, "\(values.count) elements in rows of \(columns)")
  return unsafe values.withUnsafeBufferPointer { buffer in
    let base = unsafe UnsafeMutablePointer(mutating: buffer.baseAddress!)
    return unsafe body(
      Tile(owner: nil, base: base, rows: values.count / columns, columns: columns, stride: columns))
  }
}

/// Runs `body` on an array's elements as a writable tile [rows, columns].
public func withMutableTile<Scalar: KernelScalar>(
  of values: inout [Scalar], rows: Int, columns: Int, _ body: (Tile<Scalar>) -> Void
) {
  precondition(values.count == rows * columns, "\(values.count) elements as [\(rows), \(columns)]")
  unsafe values.withUnsafeMutableBufferPointer { buffer in
    unsafe body(
      Tile(owner: nil, base: buffer.baseAddress!, rows: rows, columns: columns, stride: columns))
  }
}
