import COpenBLAS

/// Whether LAPACKE answers: it solves the system 2x + y = 5, x + 3y = 10, whose solution is x = 1, y = 3.
public func lapackeSolvesASystem() -> Bool {
  var matrix: [Double] = [2, 1, 1, 3]
  var right: [Double] = [5, 10]
  var pivots: [Int32] = [0, 0]
  let code = unsafe LAPACKE_dgesv(LAPACK_ROW_MAJOR, 2, 1, &matrix, 2, &pivots, &right, 1)
  return code == 0 && abs(right[0] - 1) < 1e-12 && abs(right[1] - 3) < 1e-12
}
