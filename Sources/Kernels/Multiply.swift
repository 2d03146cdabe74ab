/// c = alpha · op(a) · op(b) + beta · c, with op transposing where asked.
///
/// - Parameters:
///   - a: op(a) is [rows, depth].
///   - b: op(b) is [depth, columns].
///   - c: [rows, columns]; need not be initialised when `beta` is 0.
public func multiply<Scalar: KernelScalar>(
  _ a: Tile<Scalar>, _ b: Tile<Scalar>, firstTransposed: Bool = false, secondTransposed: Bool = false,
  into c: Tile<Scalar>, alpha: Scalar = 1, beta: Scalar = 0
) {
  let (rows, depth) = firstTransposed ? (a.columns, a.rows) : (a.rows, a.columns)
  let (inner, columns) = secondTransposed ? (b.columns, b.rows) : (b.rows, b.columns)
  precondition(
    depth == inner && c.rows == rows && c.columns == columns,
    "[\(rows), \(depth)] times [\(inner), \(columns)] into [\(c.rows), \(c.columns)]")
  if rows == 0 || columns == 0 { return }
  if depth == 0 {
    precondition(beta == 0 || beta == 1, "a product of depth 0 is added or written")
    if beta == 0 { c.fill(0) }
    return
  }
  if rows == 1 && !firstTransposed {
    // BLAS may read a vector that it multiplies by zero, and 0 · NaN is NaN.
    if beta == 0 { c.fill(0) }
    unsafe Scalar.multiplyMatrixVector(
      rows: b.rows, columns: b.columns, alpha: alpha, b.base, stride: b.stride, transposed: !secondTransposed, a.base,
      beta: beta == 0 ? 1 : beta, c.base)
    return
  }
  unsafe Scalar.multiplyMatrices(
    rows: rows, columns: columns, depth: depth, alpha: alpha, a.base, stride: a.stride, transposed: firstTransposed,
    b.base, stride: b.stride, transposed: secondTransposed, beta: beta, c.base, stride: c.stride)
}

/// A size as BLAS wants it.
@inline(__always)
func blasInt(_ value: Int) -> Int32 { Int32(value) }
