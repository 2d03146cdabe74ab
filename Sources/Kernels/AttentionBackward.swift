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
///   - packs: of the group's spans for this key-value head, packed for the backward pass; nil leaves products to BLAS.
///   - scratch: at least ``AttentionGroup/backwardScratch`` elements, in one row.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func attentionBackward<Scalar: KernelScalar>(
  q: Tile<Scalar>, k: Tile<Scalar>, v: Tile<Scalar>, normaliser: Tile<Scalar>, dOut: Tile<Scalar>,
  group: AttentionGroup, keyValueHead: Int, shape: AttentionShape, dq: Tile<Scalar>, dk: Tile<Scalar>,
  dv: Tile<Scalar>, packs: [AttentionPacks]? = nil, scratch: Tile<Scalar>
) {
  shape.check(q: q, k: k, v: v)
  let shared = shape.columns(ofHead: keyValueHead)
  let (k, v) = (k.columns(shared), v.columns(shared))
  let (dk, dv) = (dk.columns(shared), dv.columns(shared))
  dk.rows(group.rows).fill(0)
  dv.rows(group.rows).fill(0)
  for index in 0..<shape.headsPerKeyValueHead {
    let head = keyValueHead * shape.headsPerKeyValueHead + index
    let columns = shape.columns(ofHead: head)
    let (q, dOut, dq) = (q.columns(columns), dOut.columns(columns), dq.columns(columns))
    for (index, span) in group.spans.enumerated() {
      let operands = SpanOperands(k: k, v: v, group: group, span: index, packs: packs, headSize: shape.headSize)
      for block in span.blocks {
        let size = block.queries.count * block.keyCount
        let p = scratch.reshaped(rows: block.queries.count, columns: block.keyCount)
        let ds = scratch.reshaped(rows: block.queries.count, columns: block.keyCount, offset: size)
        let (queries, d) = (q.rows(block.queries), dOut.rows(block.queries))
        operands.scores(queries, block, into: p)
        operands.weightCotangents(d, block, into: ds)
        softmaxBackward(p: p, ds: ds, block: block, normaliser: normaliser.columns(head..<head + 1))
        operands.queryCotangents(ds, block, into: dq.rows(block.queries))
        let key = BlockOperand(queries, scale: operands.scale, packs?.first?.blockQueries)
        let value = BlockOperand(d, scale: 1, packs?.first?.blockCotangents)
        func add(_ columns: Range<Int>, to keys: Range<Int>) {
          if keys.isEmpty { return }
          key.addTransposed(ds.columns(columns), into: dk.rows(keys))
          value.addTransposed(p.columns(columns), into: dv.rows(keys))
        }
        add(0..<block.shared.count, to: block.shared)
        add(block.shared.count..<block.keyCount, to: block.own)
      }
    }
  }
}

/// A block of rows that transposed weights are multiplied by, [queries, headSize].
private struct BlockOperand<Scalar: KernelScalar> {
  let tile: Tile<Scalar>
  let scale: Scalar
  let packed: PackedMatrix?

  init(_ tile: Tile<Scalar>, scale: Scalar, _ packed: PackedMatrix?) {
    self.tile = tile
    self.scale = scale
    self.packed = packed
    if let packed { fill(packed, tile, scale: scale) }
  }

  /// result += scale · weightsᵀ · tile.
  func addTransposed(_ weights: Tile<Scalar>, into result: Tile<Scalar>) {
    if let packed {
      Scalar.multiplyPacked(weights, transposed: true, packed, into: result, adding: true)
    } else {
      multiply(weights, tile, firstTransposed: true, into: result, alpha: scale, beta: 1)
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
