/// Causal attention of one query head over one group of rows.
///
///     outᵢ = Σⱼ pᵢⱼ vⱼ,   pᵢ = softmaxⱼ(⟨qᵢ, kⱼ⟩ / √headSize),   j over the shared prefix and the span's rows up to i
///
/// Scores exist for 64 query rows at a time; only their log-sum-exp is kept, from which the backward pass forms them again.
///
/// - Parameters:
///   - q: rotated queries, [rows, heads · headSize].
///   - k: rotated keys, [rows, key-value heads · headSize].
///   - v: values, [rows, key-value heads · headSize].
///   - out: [rows, heads · headSize]; this head's columns of the group's rows are overwritten.
///   - normaliser: log Σⱼ e^score, [rows, heads]; this head's column is overwritten.
///   - scratch: at least ``AttentionGroup/forwardScratch`` elements, in one row.
///
/// Source: Ainslie et al. 2023, arXiv 2305.13245 (grouped queries); Dao et al. 2022, arXiv 2205.14135 (recomputation).
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func attention<Scalar: KernelScalar>(
  q: Tile<Scalar>, k: Tile<Scalar>, v: Tile<Scalar>, group: AttentionGroup, head: Int, shape: AttentionShape,
  into out: Tile<Scalar>, normaliser: Tile<Scalar>, scratch: Tile<Scalar>
) {
  let heads = HeadTiles(q: q, k: k, v: v, head: head, shape: shape)
  let output = out.columns(shape.columns(ofHead: head))
  for span in group.spans {
    for block in span.blocks {
      let weights = scratch.reshaped(rows: block.queries.count, columns: block.keyCount)
      heads.scores(block, into: weights)
      var scales: [Scalar] = []
      for (i, row) in block.queries.enumerated() {
        let (scale, logSum) = unsafe exponentiate(
          weights.pointer(row: i), visible: block.visible(row), count: block.keyCount)
        scales.append(scale)
        normaliser[row, head] = logSum
      }
      let result = output.rows(block.queries)
      multiply(weights.columns(0..<block.shared.count), heads.v.rows(block.shared), into: result)
      multiply(
        weights.columns(block.shared.count..<block.keyCount), heads.v.rows(block.own), into: result, beta: 1)
      for (i, scale) in scales.enumerated() {
        let values = unsafe result.pointer(row: i)
        for column in 0..<shape.headSize { unsafe values[column] *= scale }
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

/// The columns of one query head, and of the key-value head it reads.
struct HeadTiles<Scalar: KernelScalar> {
  let q: Tile<Scalar>
  let k: Tile<Scalar>
  let v: Tile<Scalar>
  let scale: Scalar

  init(q: Tile<Scalar>, k: Tile<Scalar>, v: Tile<Scalar>, head: Int, shape: AttentionShape) {
    precondition(
      q.columns == shape.queryWidth && k.columns == shape.keyValueWidth && v.columns == shape.keyValueWidth,
      "queries of \(q.columns), keys of \(k.columns), values of \(v.columns) columns for \(shape)")
    let shared = shape.columns(ofHead: head / shape.headsPerKeyValueHead)
    self.q = q.columns(shape.columns(ofHead: head))
    self.k = k.columns(shared)
    self.v = v.columns(shared)
    scale = 1 / Scalar(shape.headSize).squareRoot()
  }

  /// Scaled scores of a block, [queries, shared keys | own keys]; keys after a row's own are formed too, and ignored later.
  func scores(_ block: AttentionBlock, into scores: Tile<Scalar>) {
    let queries = q.rows(block.queries)
    multiply(
      queries, k.rows(block.shared), secondTransposed: true, into: scores.columns(0..<block.shared.count), alpha: scale)
    multiply(
      queries, k.rows(block.own), secondTransposed: true, into: scores.columns(block.shared.count..<block.keyCount),
      alpha: scale)
  }
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
