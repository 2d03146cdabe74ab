/// The keys and values of one span and one key-value head, packed for the products of attention.
///
/// Kept from layer to layer for its memory. Keys are scaled by 1 / √headSize.
public final class AttentionPacks: Sendable {
  /// [headSize, span] and [span, headSize]: for scores and results.
  let keysTransposed: PackedMatrix
  let values: PackedMatrix
  /// [span, headSize] and [headSize, span]: for the cotangents of queries and weights.
  let keys: PackedMatrix
  let valuesTransposed: PackedMatrix
  /// A block of queries and of the results' cotangents, [block, headSize]: for the cotangents of keys and values.
  let blockQueries: PackedMatrix
  let blockCotangents: PackedMatrix

  /// - Parameter engine: of all products but the scores, whose exponentials would magnify the rounding of bfloat16: they are formed
  ///   in single precision where the processor has an engine for it.
  public init(engine: MatrixEngine) {
    keysTransposed = PackedMatrix(engine: MatrixEngine.packedSingle ?? engine)
    values = PackedMatrix(engine: engine)
    keys = PackedMatrix(engine: engine)
    valuesTransposed = PackedMatrix(engine: engine)
    blockQueries = PackedMatrix(engine: engine)
    blockCotangents = PackedMatrix(engine: engine)
  }

  /// Packs one span.
  ///
  /// - Parameters:
  ///   - k: rotated keys, [rows, key-value heads · headSize].
  ///   - v: values, as `k`.
  ///   - side: which pass will read it.
  public func pack<Scalar: KernelScalar>(
    k: Tile<Scalar>, v: Tile<Scalar>, span: AttentionSpan, keyValueHead: Int, shape: AttentionShape,
    for side: WeightPacks.Side
  ) {
    let columns = shape.columns(ofHead: keyValueHead)
    let (k, v) = (k.rows(span.own).columns(columns), v.rows(span.own).columns(columns))
    let scale = 1 / Scalar(shape.headSize).squareRoot()
    fill(keysTransposed, k, transposed: true, scale: scale)
    if side == .backward {
      fill(keys, k, scale: scale)
      fill(valuesTransposed, v, transposed: true)
    } else {
      fill(values, v)
    }
  }
}

/// Packs scale · op(source) anew.
func fill<Scalar: KernelScalar>(
  _ packed: PackedMatrix, _ source: Tile<Scalar>, transposed: Bool = false, scale: Scalar = 1
) {
  packed.reshape(
    depth: transposed ? source.columns : source.rows, columns: transposed ? source.rows : source.columns)
  Scalar.pack(source, transposed: transposed, scale: scale, block: nil, into: packed)
}

/// The right-hand sides of one span's products: the rows it shares, then its own; packed, or as tiles for BLAS.
struct SpanOperands<Scalar: KernelScalar> {
  /// Rows of k and v, and their packed form.
  private struct Part {
    let k: Tile<Scalar>
    let v: Tile<Scalar>
    let packs: AttentionPacks?
  }

  private let shared: Part?
  private let own: Part
  let scale: Scalar

  /// - Parameters:
  ///   - k, v: this head's columns, all rows.
  ///   - packs: of every span of the group, or nil.
  init(
    k: Tile<Scalar>, v: Tile<Scalar>, group: AttentionGroup, span index: Int, packs: [AttentionPacks]?, headSize: Int
  ) {
    let span = group.spans[index]
    precondition(
      span.shared.isEmpty || packs == nil || group.spans[0].own == span.shared,
      "what a span shares is the group's first span")
    shared =
      span.shared.isEmpty ? nil : Part(k: k.rows(span.shared), v: v.rows(span.shared), packs: packs?[0])
    own = Part(k: k.rows(span.own), v: v.rows(span.own), packs: packs?[index])
    scale = 1 / Scalar(headSize).squareRoot()
  }

  /// Runs `body` on each part with the columns of a block's scores that belong to it.
  private func forEachPart(
    _ block: AttentionBlock, _ body: (_ part: Part, _ columns: Range<Int>, _ isFirst: Bool) -> Void
  ) {
    if let shared { body(shared, 0..<block.shared.count, true) }
    body(own, block.shared.count..<block.keyCount, shared == nil)
  }

  /// scores = q kᵀ / √headSize, [queries, shared keys | own keys]; keys after a row's own are formed too, and ignored later.
  func scores(_ q: Tile<Scalar>, _ block: AttentionBlock, into scores: Tile<Scalar>) {
    forEachPart(block) { part, columns, _ in
      let result = scores.columns(columns)
      if let packs = part.packs {
        Scalar.multiplyPacked(q, transposed: false, packs.keysTransposed, into: result, adding: false)
      } else {
        multiply(q, part.k.rows(0..<columns.count), secondTransposed: true, into: result, alpha: scale)
      }
    }
  }

  /// result = weights · v.
  func weigh(_ weights: Tile<Scalar>, _ block: AttentionBlock, into result: Tile<Scalar>) {
    forEachPart(block) { part, columns, isFirst in
      let weights = weights.columns(columns)
      if let packs = part.packs {
        Scalar.multiplyPacked(weights, transposed: false, packs.values, into: result, adding: !isFirst)
      } else {
        multiply(weights, part.v.rows(0..<columns.count), into: result, beta: isFirst ? 0 : 1)
      }
    }
  }

  /// ⟨doutᵢ, vⱼ⟩, [queries, keys].
  func weightCotangents(_ dOut: Tile<Scalar>, _ block: AttentionBlock, into dp: Tile<Scalar>) {
    forEachPart(block) { part, columns, _ in
      let result = dp.columns(columns)
      if let packs = part.packs {
        Scalar.multiplyPacked(dOut, transposed: false, packs.valuesTransposed, into: result, adding: false)
      } else {
        multiply(dOut, part.v.rows(0..<columns.count), secondTransposed: true, into: result)
      }
    }
  }

  /// dq = ds · k / √headSize.
  func queryCotangents(_ ds: Tile<Scalar>, _ block: AttentionBlock, into dq: Tile<Scalar>) {
    forEachPart(block) { part, columns, isFirst in
      let ds = ds.columns(columns)
      if let packs = part.packs {
        Scalar.multiplyPacked(ds, transposed: false, packs.keys, into: dq, adding: !isFirst)
      } else {
        multiply(ds, part.k.rows(0..<columns.count), into: dq, alpha: scale, beta: isFirst ? 0 : 1)
      }
    }
  }
}
