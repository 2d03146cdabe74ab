/// y = x Wᵀ, or y += x Wᵀ.
///
/// - Parameters:
///   - x: [rows, in].
///   - weight: [out, in].
///   - outputs: which rows of the weight to use; all when nil.
///   - y: [rows, out].
public func linear<Scalar: KernelScalar>(
  _ x: Tile<Scalar>, _ weight: [Scalar], outputs: Range<Int>? = nil, into y: Tile<Scalar>, adding: Bool = false
) {
  withTile(of: weight, columns: x.columns) { weight in
    let weight = outputs.map { weight.rows($0) } ?? weight
    multiply(x, weight, secondTransposed: true, into: y, beta: adding ? 1 : 0)
  }
}

/// dx = dy W, or dx += dy W: the cotangent of a linear layer's input.
///
/// - Parameters:
///   - dy: [rows, out].
///   - weight: [out, in].
///   - outputs: which rows of the weight `dy` belongs to; all when nil.
///   - dx: [rows, in].
public func linearInputGradient<Scalar: KernelScalar>(
  _ dy: Tile<Scalar>, _ weight: [Scalar], outputs: Range<Int>? = nil, into dx: Tile<Scalar>, adding: Bool = false
) {
  withTile(of: weight, columns: dx.columns) { weight in
    let weight = outputs.map { weight.rows($0) } ?? weight
    multiply(dy, weight, into: dx, beta: adding ? 1 : 0)
  }
}

/// dW += dyᵀ x: the gradient of a linear layer's weight, for some of its output rows.
///
/// - Parameters:
///   - dy: [rows, out].
///   - x: [rows, in].
///   - outputs: the rows of `gradient` to add to.
///   - gradient: [out, in].
public func linearWeightGradient<Scalar: KernelScalar>(
  _ dy: Tile<Scalar>, _ x: Tile<Scalar>, outputs: Range<Int>, into gradient: Tile<Scalar>
) {
  multiply(dy.columns(outputs), x, firstTransposed: true, into: gradient.rows(outputs), beta: 1)
}
