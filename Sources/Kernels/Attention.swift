/// Causal attention of one query head over one group of rows.
///
///     outᵢ = Σⱼ pᵢⱼ vⱼ,   pᵢ = softmaxⱼ(⟨qᵢ, kⱼ⟩ / √headSize),   j over the shared prefix and the span's rows up to i
///
/// Scores exist for 48 query rows at a time; only their log-sum-exp is kept, from which the backward pass forms them again.
///
/// - Parameters:
///   - q: rotated queries, [rows, heads · headSize].
///   - k: rotated keys, [rows, key-value heads · headSize].
///   - v: values, [rows, key-value heads · headSize].
///   - packs: of the group's spans for this head's key-value head, packed for the forward pass; nil leaves products to BLAS.
///   - out: [rows, heads · headSize]; this head's columns of the group's rows are overwritten.
///   - normaliser: log Σⱼ e^score, [rows, heads]; this head's column is overwritten.
///   - scratch: at least ``AttentionGroup/forwardScratch`` elements, in one row.
///
/// Source: Ainslie et al. 2023, arXiv 2305.13245 (grouped queries); Dao et al. 2022, arXiv 2205.14135 (recomputation).
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func attention<Scalar: KernelScalar>(
  q: Tile<Scalar>, k: Tile<Scalar>, v: Tile<Scalar>, group: AttentionGroup, head: Int, shape: AttentionShape,
  packs: [AttentionPacks]? = nil, into out: Tile<Scalar>, normaliser: Tile<Scalar>, scratch: Tile<Scalar>
) {
  shape.check(q: q, k: k, v: v)
  let scales = scratch.reshaped(rows: attentionBlock, columns: 1, offset: scratch.columns - attentionBlock)
  let columns = shape.columns(ofHead: head)
  let (q, output) = (q.columns(columns), out.columns(columns))
  let shared = shape.columns(ofHead: head / shape.headsPerKeyValueHead)
  let (k, v) = (k.columns(shared), v.columns(shared))
  for (index, span) in group.spans.enumerated() {
    let operands = SpanOperands(k: k, v: v, group: group, span: index, packs: packs, headSize: shape.headSize)
    for block in span.blocks {
      let weights = scratch.reshaped(rows: block.queries.count, columns: block.keyCount)
      operands.scores(q.rows(block.queries), block, into: weights)
      let result = output.rows(block.queries)
      for (i, row) in block.queries.enumerated() {
        let (scale, logSum) = unsafe exponentiate(
          weights.pointer(row: i), visible: block.visible(row), count: block.keyCount)
        scales[i, 0] = scale
        normaliser[row, head] = logSum
      }
      operands.weigh(weights, block, into: result)
      for i in 0..<block.queries.count {
        let values = unsafe result.pointer(row: i)
        for column in 0..<shape.headSize { unsafe values[column] *= scales[i, 0] }
      }
    }
  }
}

/// Replaces a row of scores by e^(score − maximum), zero beyond the visible ones.
///
/// - Returns: 1 / Σ e^(score − maximum), and log Σ e^score.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func exponentiate<Scalar: KernelScalar>(
  _ row: UnsafeMutablePointer<Scalar>, visible: Int, count: Int
) -> (scale: Scalar, logSum: Scalar) {
  let high = unsafe Scalar.largest(row, count: visible)
  let sum = unsafe Scalar.exponentials(of: row, into: row, count: visible, shift: high)
  unsafe (row + visible).update(repeating: 0, count: count - visible)
  return (1 / sum, high + Scalar.naturalLogarithm(sum))
}

extension Tile {
  /// The first elements of a one-row tile, read as [rows, columns].
  func reshaped(rows: Int, columns: Int, offset: Int = 0) -> Tile {
    precondition(
      self.rows == 1 && offset + rows * columns <= self.columns,
      "[\(rows), \(columns)] at \(offset) in \(self.columns) elements")
    return unsafe Tile(owner: owner, base: base + offset, rows: rows, columns: columns, stride: columns)
  }
}
