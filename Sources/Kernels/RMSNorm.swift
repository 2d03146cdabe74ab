/// Root-mean-square normalisation of every row.
///
///     y = x · r · w,   r = 1 / √(mean(x²) + ε)
///
/// - Parameters:
///   - x: [rows, width].
///   - weight: w, [width].
///   - y: [rows, width].
///
/// Source: Zhang and Sennrich 2019, arXiv 1910.07467, equation 4.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func rmsNorm<Scalar: KernelScalar>(
  _ x: Tile<Scalar>, _ weight: [Scalar], epsilon: Double, into y: Tile<Scalar>
) {
  withTile(of: weight, columns: weight.count) { rmsNorm(x, $0, epsilon: epsilon, into: y) }
}

/// The same with a weight [1, width].
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func rmsNorm<Scalar: KernelScalar>(_ x: Tile<Scalar>, _ weight: Tile<Scalar>, epsilon: Double, into y: Tile<Scalar>) {
  precondition(
    weight.rows == 1 && weight.columns == x.columns && y.rows == x.rows && y.columns == x.columns,
    "[\(x.rows), \(x.columns)] normalised by [\(weight.columns)] into [\(y.rows), \(y.columns)]")
  let w = unsafe weight.base
  for row in 0..<x.rows {
    let (input, output) = unsafe (x.pointer(row: row), y.pointer(row: row))
    let r = unsafe reciprocalRootMeanSquare(input, count: x.columns, epsilon: epsilon)
    for i in 0..<x.columns { unsafe output[i] = input[i] * r * w[i] }
  }
}

/// The cotangent of the normalisation's input, added to what flows past it.
///
///     dx = residual + r · (w ∘ dy) − x · r³ · ⟨w ∘ dy, x⟩ / width
///
/// - Parameters:
///   - dy: [rows, width].
///   - x: the forward pass's input, [rows, width].
///   - residual: [rows, width]; must not be `dx`. Nil is zero.
///   - dx: [rows, width], overwritten.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func rmsNormBackward<Scalar: KernelScalar>(
  _ dy: Tile<Scalar>, _ x: Tile<Scalar>, _ weight: [Scalar], epsilon: Double, residual: Tile<Scalar>?,
  into dx: Tile<Scalar>
) {
  precondition(
    dy.rows == x.rows && dx.rows == x.rows && dy.columns == x.columns && dx.columns == x.columns
      && weight.count == x.columns, "a norm's cotangents have the shape of its input [\(x.rows), \(x.columns)]")
  let width = x.columns
  withTile(of: weight, columns: width) { weight in
    let w = unsafe weight.base
    for row in 0..<x.rows {
      let (input, output, cotangent) = unsafe (x.pointer(row: row), dx.pointer(row: row), dy.pointer(row: row))
      let r = unsafe reciprocalRootMeanSquare(input, count: width, epsilon: epsilon)
      for i in 0..<width { unsafe output[i] = cotangent[i] * w[i] }
      let projection = unsafe Scalar.dot(output, input, count: width) * r * r * r / Scalar(width)
      if let residual {
        let past = unsafe residual.pointer(row: row)
        for i in 0..<width { unsafe output[i] = past[i] + output[i] * r - input[i] * projection }
      } else {
        for i in 0..<width { unsafe output[i] = output[i] * r - input[i] * projection }
      }
    }
  }
}

/// dw += Σ_rows dy ∘ x · r: the gradient of the normalisation's weight, [1, width].
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func rmsNormWeightGradient<Scalar: KernelScalar>(
  _ dy: Tile<Scalar>, _ x: Tile<Scalar>, epsilon: Double, into gradient: Tile<Scalar>
) {
  precondition(
    dy.rows == x.rows && dy.columns == x.columns && gradient.rows * gradient.columns == x.columns,
    "a norm's weight gradient has its width, \(x.columns)")
  for row in 0..<x.rows {
    let (input, cotangent, output) = unsafe (x.pointer(row: row), dy.pointer(row: row), gradient.base)
    let r = unsafe reciprocalRootMeanSquare(input, count: x.columns, epsilon: epsilon)
    for i in 0..<x.columns { unsafe output[i] += cotangent[i] * input[i] * r }
  }
}

@inline(__always)
private func reciprocalRootMeanSquare<Scalar: KernelScalar>(
  _ x: UnsafePointer<Scalar>, count: Int, epsilon: Double
) -> Scalar {
  let meanSquare = unsafe Scalar.dot(x, x, count: count) / Scalar(count)
  return 1 / (meanSquare + Scalar(epsilon)).squareRoot()
}
