/// The cotangents of the queries, keys and values of one key-value head over one group of rows.
///
///     dvⱼ = Σᵢ pᵢⱼ doutᵢ
///     dsᵢⱼ = pᵢⱼ (⟨doutᵢ, vⱼ⟩ − Σₘ pᵢₘ ⟨doutᵢ, vₘ⟩) / √headSize
///     dqᵢ = Σⱼ dsᵢⱼ kⱼ,   dkⱼ = Σᵢ dsᵢⱼ qᵢ,   sums over all query heads that read the key-value head
///
/// - Parameters:
///   - q, k, v, normaliser: as the forward pass left them.
///   - dOut: [rows, heads · headSize].
///   - dq: [rows, heads · headSize]; the columns of this key-value head's query heads are overwritten in the group's rows.
///   - dk: [rows, key-value heads · headSize]; this head's columns are overwritten in the group's rows.
///   - dv: as `dk`.
///   - scratch: at least ``AttentionGroup/backwardScratch`` elements, in one row.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func attentionBackward<Scalar: KernelScalar>(
  q: Tile<Scalar>, k: Tile<Scalar>, v: Tile<Scalar>, normaliser: Tile<Scalar>, dOut: Tile<Scalar>,
  group: AttentionGroup, keyValueHead: Int, shape: AttentionShape, dq: Tile<Scalar>, dk: Tile<Scalar>,
  dv: Tile<Scalar>, scratch: Tile<Scalar>
) {
  let shared = shape.columns(ofHead: keyValueHead)
  let (dk, dv) = (dk.columns(shared), dv.columns(shared))
  dk.rows(group.rows).fill(0)
  dv.rows(group.rows).fill(0)
  for index in 0..<shape.headsPerKeyValueHead {
    let head = keyValueHead * shape.headsPerKeyValueHead + index
    let forward = HeadTiles(q: q, k: k, v: v, head: head, shape: shape)
    let columns = shape.columns(ofHead: head)
    let cotangents = HeadCotangents(dOut: dOut.columns(columns), dq: dq.columns(columns), dk: dk, dv: dv)
    for span in group.spans {
      for block in span.blocks {
        let size = block.queries.count * block.keyCount
        let p = scratch.reshaped(rows: block.queries.count, columns: block.keyCount)
        let ds = scratch.reshaped(rows: block.queries.count, columns: block.keyCount, offset: size)
        forward.scores(block, into: p)
        cotangents.weightCotangents(block, values: forward.v, into: ds)
        softmaxBackward(p: p, ds: ds, block: block, normaliser: normaliser.columns(head..<head + 1))
        cotangents.accumulate(block, p: p, ds: ds, forward: forward)
      }
    }
  }
}

/// Turns scores into softmax weights p, and cotangents of the weights into cotangents of the scores, in place.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func softmaxBackward<Scalar: KernelScalar>(
  p: Tile<Scalar>, ds: Tile<Scalar>, block: AttentionBlock, normaliser: Tile<Scalar>
) {
  for (i, row) in block.queries.enumerated() {
    let visible = block.visible(row)
    let (weights, cotangents) = unsafe (p.pointer(row: i), ds.pointer(row: i))
    _ = unsafe Scalar.exponentials(of: weights, into: weights, count: visible, shift: normaliser[row, 0])
    let average = unsafe Scalar.dot(weights, cotangents, count: visible)
    for j in 0..<visible { unsafe cotangents[j] = weights[j] * (cotangents[j] - average) }
    unsafe (weights + visible).update(repeating: 0, count: block.keyCount - visible)
    unsafe (cotangents + visible).update(repeating: 0, count: block.keyCount - visible)
  }
}

/// The cotangents that belong to one query head.
private struct HeadCotangents<Scalar: KernelScalar> {
  let dOut: Tile<Scalar>
  let dq: Tile<Scalar>
  let dk: Tile<Scalar>
  let dv: Tile<Scalar>

  /// ⟨doutᵢ, vⱼ⟩ for a block, [queries, keys].
  func weightCotangents(_ block: AttentionBlock, values v: Tile<Scalar>, into dp: Tile<Scalar>) {
    let d = dOut.rows(block.queries)
    multiply(d, v.rows(block.shared), secondTransposed: true, into: dp.columns(0..<block.shared.count))
    multiply(d, v.rows(block.own), secondTransposed: true, into: dp.columns(block.shared.count..<block.keyCount))
  }

  /// Writes the block's dq and adds to dk and dv.
  func accumulate(_ block: AttentionBlock, p: Tile<Scalar>, ds: Tile<Scalar>, forward: HeadTiles<Scalar>) {
    let (queries, d) = (forward.q.rows(block.queries), dOut.rows(block.queries))
    let parts = [
      (block.shared, 0..<block.shared.count), (block.own, block.shared.count..<block.keyCount),
    ]
    for (part, (keys, columns)) in parts.enumerated() {
      let (weights, scores) = (p.columns(columns), ds.columns(columns))
      multiply(
        scores, forward.k.rows(keys), into: dq.rows(block.queries), alpha: forward.scale, beta: part == 0 ? 0 : 1)
      multiply(scores, queries, firstTransposed: true, into: dk.rows(keys), alpha: forward.scale, beta: 1)
      multiply(weights, d, firstTransposed: true, into: dv.rows(keys), beta: 1)
    }
  }
}
