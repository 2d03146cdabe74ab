/// The number type of a model: `Float` runs, `Double` is checked by finite differences.
///
/// The requirements are the innermost loops, on raw memory: BLAS and hand-vectorised C for `Float`, BLAS and the standard
/// library for `Double`. Nothing outside this module calls them; the kernels built on them take ``Tile``s and arrays.
public protocol KernelScalar: BinaryFloatingPoint, Sendable where RawSignificand: FixedWidthInteger {
  /// c = alpha · op(a) · op(b) + beta · c, row-major, with op(a) [rows, depth], op(b) [depth, columns], c [rows, columns].
  ///
  /// When beta is 0, c need not be initialised.
  @unsafe static func multiplyMatrices(
    rows: Int, columns: Int, depth: Int, alpha: Self, _ a: UnsafePointer<Self>, stride aStride: Int,
    transposed aTransposed: Bool, _ b: UnsafePointer<Self>, stride bStride: Int, transposed bTransposed: Bool,
    beta: Self, _ c: UnsafeMutablePointer<Self>, stride cStride: Int)

  /// y = alpha · op(a) · x + beta · y for a [rows, columns], row-major.
  @unsafe static func multiplyMatrixVector(
    rows: Int, columns: Int, alpha: Self, _ a: UnsafePointer<Self>, stride: Int, transposed: Bool,
    _ x: UnsafePointer<Self>, beta: Self, _ y: UnsafeMutablePointer<Self>)

  /// y[i] = exp(x[i] − shift); returns Σ y[i].
  @unsafe static func exponentials(
    of x: UnsafePointer<Self>, into y: UnsafeMutablePointer<Self>, count: Int, shift: Self
  ) -> Self

  /// The largest element; NaN when one is NaN.
  @unsafe static func largest(_ x: UnsafePointer<Self>, count: Int) -> Self

  /// Σ x[i] y[i].
  @unsafe static func dot(_ x: UnsafePointer<Self>, _ y: UnsafePointer<Self>, count: Int) -> Self

  /// y[i] += factor · x[i].
  @unsafe static func addScaled(
    _ x: UnsafePointer<Self>, to y: UnsafeMutablePointer<Self>, count: Int, factor: Self)

  /// out[i] = silu(gate[i]) · up[i].
  @unsafe static func gate(
    _ gate: UnsafePointer<Self>, _ up: UnsafePointer<Self>, into out: UnsafeMutablePointer<Self>, count: Int)

  /// Recomputes out, and dGate = d · up · silu′(gate), dUp = d · silu(gate); dGate may be the buffer of d.
  @unsafe static func gateBackward(
    _ gate: UnsafePointer<Self>, _ up: UnsafePointer<Self>, _ d: UnsafePointer<Self>,
    into out: UnsafeMutablePointer<Self>, _ dGate: UnsafeMutablePointer<Self>, _ dUp: UnsafeMutablePointer<Self>,
    count: Int)

  /// The products of one input with packed weights; only called for weights that have packs, which those of `Double` never have.
  static func multiplyPacked(_ x: Tile<Self>, _ products: [PackedProduct<Self>])

  /// c (+)= op(a) · packed, of which the first rows and columns are used that a and c have.
  static func multiplyPacked(
    _ a: Tile<Self>, transposed: Bool, _ packed: PackedMatrix, into c: Tile<Self>, adding: Bool)

  /// y (+)= x Wᵀ for some outputs of a weight in blocks; see ``BlockAddress``.
  static func multiplyBlocks(
    _ x: ProductInput<Self>, _ weight: BlockAddress, outputs: Range<Int>, into y: Tile<Self>, adding: Bool)

  /// y (+)= x Wᵀ for some outputs of a packed weight.
  static func multiplyPacked(
    _ x: Tile<Self>, _ weight: PackedAddress, outputs: Range<Int>, into y: Tile<Self>, adding: Bool)

  /// x as products with blocks in bfloat16 read it.
  @unsafe static func roundForBlocks(_ x: Tile<Self>, into memory: UnsafeMutableRawPointer)

  /// Attention of one token for the query heads that share a key-value head; see ``cachedAttention(q:k:v:next:into:scratch:)``.
  ///
  /// - Parameters:
  ///   - q: [heads, headSize].
  ///   - next: what will be read after k and v, to bring it near.
  ///   - scores: memory for [heads, tokens].
  ///   - out: [heads, headSize].
  @unsafe static func attend(
    _ q: UnsafePointer<Self>, heads: Int, _ k: CachedRows<Self>, _ v: CachedRows<Self>,
    next: (k: CachedRows<Self>, v: CachedRows<Self>)?, scale: Self, scores: UnsafeMutablePointer<Self>,
    into out: UnsafeMutablePointer<Self>)

  /// Rounds a row of a cache to bfloat16, in the order that ``attend(_:heads:_:_:next:scale:scores:into:)`` reads.
  @unsafe static func storeHalves(_ x: UnsafePointer<Self>, count: Int, into memory: UnsafeMutableRawPointer)

  /// Σ x[i] in double precision.
  @unsafe static func wideSum(_ x: UnsafePointer<Self>, count: Int) -> Double

  /// The packed copy of a weight for a side, made if it is not there.
  static func packedCopy(_ side: WeightPacks.Side, of weight: LinearWeight<Self>, packs: WeightPacks, inputs: Int)
    -> PackedMatrix

  /// Packs scale · op(x), [depth, columns], or a block of its columns.
  static func pack(_ x: Tile<Self>, transposed: Bool, scale: Self, block: Range<Int>?, into packed: PackedMatrix)

  /// One step of Adam on a tensor; all four arrays have the same length.
  static func adamStep(
    _ constants: AdamConstants, gradient: [Self], first: inout [Self], second: inout [Self],
    parameters: inout [Self], workers: Int)

  /// The natural logarithm.
  static func naturalLogarithm(_ x: Self) -> Self
}
