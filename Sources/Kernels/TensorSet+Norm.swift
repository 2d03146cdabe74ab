import Basics

extension TensorSet {
  /// √ Σ x² over every tensor, accumulated in Double; workers take a tensor each, and do not change the result.
  public func globalNorm(workers: Int = 1) -> Double {
    parallelMap(values.count, workers: workers) { sumOfSquares(values[$0]) }.reduce(0, +).squareRoot()
  }

  /// The name of the first tensor that holds a non-finite number, if any.
  public func firstNonFiniteTensor() -> String? {
    zip(names, values).first { !sumOfSquares($1).isFinite }?.0
  }
}

/// √ Σ x², the ``TensorSet/globalNorm()`` of a single tensor.
public func norm(_ values: [Double]) -> Double { sumOfSquares(values).squareRoot() }

/// Σ xᵢ² in Double, in eight interleaved partial sums.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func sumOfSquares<Scalar: KernelScalar>(_ values: [Scalar]) -> Double {
  var partial = SIMD8<Double>.zero
  let span = values.span
  let whole = span.count - span.count % 8
  for start in stride(from: 0, to: whole, by: 8) {
    var lane = SIMD8<Double>.zero
    for i in 0..<8 { lane[i] = Double(span[start + i]) }
    partial += lane * lane
  }
  var total = partial.sum()
  for i in whole..<span.count { total += Double(span[i]) * Double(span[i]) }
  return total
}
