/// y = x Wᵀ, or y += x Wᵀ.
///
/// - Parameters:
///   - x: [rows, in].
///   - weight: [out, in].
///   - outputs: which rows of the weight to use, from a multiple of 32 on; all when nil.
///   - y: [rows, out].
public func linear<Scalar: KernelScalar>(
  _ x: Tile<Scalar>, _ weight: LinearWeight<Scalar>, outputs: Range<Int>? = nil, into y: Tile<Scalar>,
  adding: Bool = false
) {
  linear(x, [(weight, y)], outputs: outputs, adding: adding)
}

/// Several layers with one input, which is brought into the engine's form once.
public func linear<Scalar: KernelScalar>(
  _ x: Tile<Scalar>, _ products: [(weight: LinearWeight<Scalar>, y: Tile<Scalar>)], outputs: Range<Int>? = nil,
  adding: Bool = false
) {
  if products.allSatisfy({ $0.weight.packs != nil }) {
    Scalar.multiplyPacked(
      x,
      products.map { weight, y in
        PackedProduct(
          weight: weight, side: .forward, inputs: x.columns, rows: nil, columns: outputs, result: y, adding: adding)
      })
    return
  }
  for (weight, y) in products {
    withTile(of: weight.values, columns: x.columns) { weight in
      let weight = outputs.map { weight.rows($0) } ?? weight
      multiply(x, weight, secondTransposed: true, into: y, beta: adding ? 1 : 0)
    }
  }
}

/// dx = dy W, or dx += dy W: the cotangent of a linear layer's input.
///
/// - Parameters:
///   - dy: [rows, out].
///   - weight: [out, in].
///   - outputs: which rows of the weight `dy` belongs to, from a multiple of 32 on; all when nil.
///   - dx: [rows, in].
public func linearInputGradient<Scalar: KernelScalar>(
  _ dy: Tile<Scalar>, _ weight: LinearWeight<Scalar>, outputs: Range<Int>? = nil, into dx: Tile<Scalar>,
  adding: Bool = false
) {
  if weight.packs != nil {
    Scalar.multiplyPacked(
      dy,
      [
        PackedProduct(
          weight: weight, side: .backward, inputs: dx.columns, rows: outputs, columns: nil, result: dx, adding: adding)
      ])
    return
  }
  withTile(of: weight.values, columns: dx.columns) { weight in
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
///   - packed: x packed by ``GradientInput``, if an engine is to be used.
public func linearWeightGradient<Scalar: KernelScalar>(
  _ dy: Tile<Scalar>, _ x: Tile<Scalar>, outputs: Range<Int>, into gradient: Tile<Scalar>, packed: PackedMatrix? = nil
) {
  if let packed {
    Scalar.multiplyPacked(
      dy.columns(outputs), transposed: true, packed, into: gradient.rows(outputs), adding: true)
  } else {
    multiply(dy.columns(outputs), x, firstTransposed: true, into: gradient.rows(outputs), beta: 1)
  }
}

/// A product with one side of a weight.
public struct PackedProduct<Scalar: KernelScalar> {
  let weight: LinearWeight<Scalar>
  let side: WeightPacks.Side
  /// Width of the layer's input.
  let inputs: Int
  /// Rows and columns of the packed side; all when nil.
  let rows: Range<Int>?
  let columns: Range<Int>?
  let result: Tile<Scalar>
  let adding: Bool
}
