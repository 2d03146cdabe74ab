/// Copies the embedding of each token.
///
/// - Parameters:
///   - tokens: [rows].
///   - weight: [vocabulary, width].
///   - x: [rows, width], overwritten.
public func embed<Scalar: KernelScalar>(
  _ tokens: ArraySlice<Int32>, _ weight: [Scalar], into x: Tile<Scalar>
) {
  precondition(tokens.count == x.rows, "\(tokens.count) tokens for \(x.rows) rows")
  withTile(of: weight, columns: x.columns) { weight in
    for (row, token) in tokens.enumerated() {
      precondition(token >= 0 && Int(token) < weight.rows, "token \(token) of a vocabulary of \(weight.rows)")
      unsafe x.pointer(row: row).update(from: weight.pointer(row: Int(token)), count: x.columns)
    }
  }
}

/// gradient[token] += dx of every row with that token.
///
/// - Parameters:
///   - dx: [rows, width].
///   - gradient: [vocabulary, width].
public func embedBackward<Scalar: KernelScalar>(
  _ tokens: ArraySlice<Int32>, _ dx: Tile<Scalar>, into gradient: Tile<Scalar>
) {
  precondition(tokens.count == dx.rows && dx.columns == gradient.columns, "\(tokens.count) tokens for \(dx.rows) rows")
  for (row, token) in tokens.enumerated() {
    precondition(token >= 0 && Int(token) < gradient.rows, "token \(token) of a vocabulary of \(gradient.rows)")
    unsafe Scalar.addScaled(
      dx.pointer(row: row), to: gradient.pointer(row: Int(token)), count: dx.columns, factor: 1)
  }
}
