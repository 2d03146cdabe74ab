/// Attention of one new row over a cache of keys and values: what generation does once per token.
///
/// - Parameters:
///   - q: the rotated query, [1, heads · headSize].
///   - k: rotated keys of all tokens up to the new one, [tokens, key-value heads · headSize].
///   - v: values, [tokens, key-value heads · headSize].
///   - out: [1, heads · headSize], overwritten.
///   - scratch: at least `tokens` elements, in one row.
public func cachedAttention<Scalar: KernelScalar>(
  q: Tile<Scalar>, k: Tile<Scalar>, v: Tile<Scalar>, shape: AttentionShape, into out: Tile<Scalar>,
  scratch: Tile<Scalar>
) {
  precondition(q.rows == 1 && out.rows == 1 && k.rows == v.rows, "one query row over a cache")
  let weights = scratch.reshaped(rows: 1, columns: k.rows)
  let scale = 1 / Scalar(shape.headSize).squareRoot()
  for head in 0..<shape.headCount {
    let (columns, shared) = (shape.columns(ofHead: head), shape.columns(ofHead: head / shape.headsPerKeyValueHead))
    multiply(q.columns(columns), k.columns(shared), secondTransposed: true, into: weights, alpha: scale)
    let high = unsafe Scalar.largest(weights.base, count: k.rows)
    let sum = unsafe Scalar.exponentials(of: weights.base, into: weights.base, count: k.rows, shift: high)
    multiply(weights, v.columns(shared), into: out.columns(shape.columns(ofHead: head)), alpha: 1 / sum)
  }
}
