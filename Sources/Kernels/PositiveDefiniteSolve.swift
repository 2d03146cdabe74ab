import COpenBLAS

/// Solves A x = b for a symmetric positive definite A by its Cholesky factor.
///
/// - Parameters:
///   - matrix: A [size, size], row by row; only the lower triangle is read.
///   - right: b [size].
/// - Returns: x [size], or nil when A is not positive definite in double precision.
public func solvePositiveDefinite(_ matrix: [Double], _ right: [Double]) -> [Double]? {
  let size = right.count
  precondition(matrix.count == size * size, "A has \(matrix.count) elements, b has \(size)")
  if size == 0 { return [] }
  var factor = matrix
  var solution = right
  let code = unsafe LAPACKE_dposv(
    LAPACK_ROW_MAJOR, 0x4C, Int32(size), 1, &factor, Int32(size), &solution, 1)
  return code == 0 ? solution : nil
}

/// The eigenvalues of a symmetric matrix, ascending.
///
/// - Parameter matrix: A [size, size], row by row; only the lower triangle is read.
public func symmetricEigenvalues(_ matrix: [Double], size: Int) -> [Double] {
  precondition(matrix.count == size * size, "A has \(matrix.count) elements, not \(size) × \(size)")
  var work = matrix
  var values = [Double](repeating: 0, count: size)
  // 0x4E is N (no vectors), 0x4C is L (lower triangle).
  let code = unsafe LAPACKE_dsyev(LAPACK_ROW_MAJOR, 0x4E, 0x4C, Int32(size), &work, Int32(size), &values)
  precondition(code == 0, "LAPACK dsyev returned \(code)")
  return values
}
