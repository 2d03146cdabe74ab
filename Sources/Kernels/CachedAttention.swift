/// Attention of one new row over a cache of keys and values: what generation does once per token.
///
/// The query heads that share a key-value head are done together; a shape of one key-value head is one task of several.
///
/// - Parameters:
///   - q: the rotated query, [1, heads · headSize].
///   - k: rotated keys of all tokens up to the new one, [tokens, key-value heads · headSize].
///   - v: values, [tokens, key-value heads · headSize].
///   - next: keys and values that will be read after these, to bring them near.
///   - out: [1, heads · headSize], overwritten.
///   - scratch: at least `tokens` elements for every query head of a key-value head, in one row.
public func cachedAttention<Scalar: KernelScalar>(
  q: Tile<Scalar>, k: Tile<Scalar>, v: Tile<Scalar>, shape: AttentionShape,
  next: (k: Tile<Scalar>, v: Tile<Scalar>)? = nil, into out: Tile<Scalar>, scratch: Tile<Scalar>
) {
  precondition(
    q.rows == 1 && out.rows == 1 && k.rows == v.rows && k.rows > 0 && k.stride == v.stride
      && q.columns == shape.queryWidth && out.columns == shape.queryWidth && k.columns == shape.keyValueWidth
      && v.columns == shape.keyValueWidth, "one query row over a cache of \(k.rows) rows for \(shape)")
  let heads = shape.headsPerKeyValueHead
  let scores = scratch.reshaped(rows: heads, columns: k.rows)
  let scale = 1 / Scalar(shape.headSize).squareRoot()
  for head in 0..<shape.keyValueHeadCount {
    let (first, shared) = (head * heads * shape.headSize, head * shape.headSize)
    unsafe Scalar.attend(
      q.base + first, heads: heads, headSize: shape.headSize, k.base + shared, v.base + shared, stride: k.stride,
      tokens: k.rows, nextKeys: next?.k.base, nextValues: next?.v.base, scale: scale, scores: scores.base,
      into: out.base + first)
  }
}
