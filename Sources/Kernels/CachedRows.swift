import CVectorMath

/// Keys or values of one head in a cache, [tokens, headSize]: as they are, or rounded to bfloat16, which halves what decoding reads.
///
/// Valid while the memory is.
@safe
public struct CachedRows<Scalar: KernelScalar>: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let rows: Int
  let headSize: Int
  /// Bytes from row to row.
  let stride: Int
  let precision: Precision

  /// Elements of memory that a row takes.
  public static func width(headSize: Int, precision: Precision) -> Int {
    precision == .float32 ? headSize : bfpo_cached_row_bytes(headSize, 1) / MemoryLayout<Scalar>.stride
  }

  /// - Parameters:
  ///   - memory: [tokens, at least ``width(headSize:precision:)``].
  ///   - precision: bfloat16 for Float alone.
  public init(_ memory: Tile<Scalar>, headSize: Int, precision: Precision) {
    precondition(
      memory.columns >= Self.width(headSize: headSize, precision: precision),
      "rows of \(headSize) in a cache of \(memory.columns) columns")
    unsafe base = UnsafeMutableRawPointer(memory.base)
    rows = memory.rows
    self.headSize = headSize
    stride = memory.stride * MemoryLayout<Scalar>.stride
    self.precision = precision
  }

  /// Writes a token's row.
  ///
  /// - Parameter x: [1, headSize].
  public func store(_ x: Tile<Scalar>, at row: Int) {
    precondition(
      x.rows == 1 && x.columns == headSize && row >= 0 && row < rows,
      "[\(x.rows), \(x.columns)] stored as row \(row) of [\(rows), \(headSize)]")
    let target = unsafe base + row * stride
    if precision == .float32 {
      unsafe target.assumingMemoryBound(to: Scalar.self).update(from: x.base, count: headSize)
    } else {
      unsafe Scalar.storeHalves(x.base, count: headSize, into: target)
    }
  }
}
