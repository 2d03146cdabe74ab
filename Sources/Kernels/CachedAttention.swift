/// Attention of one new row over a cache of keys and values, for the query heads that share a key-value head: what generation does
/// once per token.
///
/// - Parameters:
///   - q: rotated queries, [1, heads · headSize].
///   - k: rotated keys of all tokens up to the new one.
///   - v: values, as many.
///   - next: keys and values that will be read after these, to bring them near.
///   - out: [1, heads · headSize], overwritten.
///   - scratch: at least `heads` times tokens elements, in one row.
public func cachedAttention<Scalar: KernelScalar>(
  q: Tile<Scalar>, k: CachedRows<Scalar>, v: CachedRows<Scalar>,
  next: (k: CachedRows<Scalar>, v: CachedRows<Scalar>)? = nil, into out: Tile<Scalar>, scratch: Tile<Scalar>
) {
  let heads = q.columns / k.headSize
  precondition(
    q.rows == 1 && out.rows == 1 && k.rows == v.rows && k.rows > 0 && k.headSize == v.headSize && k.stride == v.stride
      && k.precision == v.precision && q.columns == heads * k.headSize && out.columns == q.columns,
    "\(q.columns) queries over \(k.rows) keys and \(v.rows) values of \(k.headSize) and \(v.headSize)")
  let scores = scratch.reshaped(rows: heads, columns: k.rows)
  unsafe Scalar.attend(
    q.base, heads: heads, k, v, next: next, scale: 1 / Scalar(k.headSize).squareRoot(), scores: scores.base,
    into: out.base)
}
