import CMatrixEngine
import COpenBLAS
import CVectorMath
import Glibc

extension Float: KernelScalar {
  public static func multiplyMatrices(
    rows: Int, columns: Int, depth: Int, alpha: Float, _ a: UnsafePointer<Float>, stride aStride: Int,
    transposed aTransposed: Bool, _ b: UnsafePointer<Float>, stride bStride: Int, transposed bTransposed: Bool,
    beta: Float, _ c: UnsafeMutablePointer<Float>, stride cStride: Int
  ) {
    if singleEngineCode != 0 {
      unsafe bfpo_multiply(
        singleEngineCode, rows, columns, depth, alpha, a, aStride, aTransposed ? 1 : 0, b, bStride, bTransposed ? 1 : 0,
        beta, c, cStride)
      return
    }
    unsafe cblas_sgemm(
      CblasRowMajor, aTransposed ? CblasTrans : CblasNoTrans, bTransposed ? CblasTrans : CblasNoTrans,
      blasInt(rows), blasInt(columns), blasInt(depth), alpha, a, blasInt(aStride), b, blasInt(bStride), beta, c,
      blasInt(cStride))
  }

  public static func multiplyMatrixVector(
    rows: Int, columns: Int, alpha: Float, _ a: UnsafePointer<Float>, stride: Int, transposed: Bool,
    _ x: UnsafePointer<Float>, beta: Float, _ y: UnsafeMutablePointer<Float>
  ) {
    unsafe cblas_sgemv(
      CblasRowMajor, transposed ? CblasTrans : CblasNoTrans, blasInt(rows), blasInt(columns), alpha, a,
      blasInt(stride), x, 1, beta, y, 1)
  }

  public static func exponentials(
    of x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int, shift: Float
  ) -> Float { unsafe bfpo_exp_shifted(x, y, count, shift) }

  public static func largest(_ x: UnsafePointer<Float>, count: Int) -> Float { unsafe bfpo_max(x, count) }

  public static func dot(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, count: Int) -> Float {
    unsafe bfpo_dot(x, y, count)
  }

  public static func addScaled(
    _ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, count: Int, factor: Float
  ) { unsafe bfpo_add_scaled(x, y, count, factor) }

  public static func gate(
    _ gate: UnsafePointer<Float>, _ up: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>, count: Int
  ) { unsafe bfpo_gated(gate, up, out, count) }

  public static func gateBackward(
    _ gate: UnsafePointer<Float>, _ up: UnsafePointer<Float>, _ d: UnsafePointer<Float>,
    into out: UnsafeMutablePointer<Float>, _ dGate: UnsafeMutablePointer<Float>, _ dUp: UnsafeMutablePointer<Float>,
    count: Int
  ) { unsafe bfpo_gated_backward(gate, up, d, out, dGate, dUp, count) }

  public static func multiplyPacked(_ x: Tile<Float>, _ products: [PackedProduct<Float>]) {
    multiply(
      x,
      products.map { product in
        guard let packs = product.weight.packs else {
          preconditionFailure("a packed product of a weight without packs")
        }
        return PackedTarget(
          packs.copy(product.side, of: product.weight.values, inputs: product.inputs), rows: product.rows,
          columns: product.columns, into: product.result, adding: product.adding)
      })
  }

  public static func multiplyPacked(
    _ a: Tile<Float>, transposed: Bool, _ packed: PackedMatrix, into c: Tile<Float>, adding: Bool
  ) {
    let target = PackedTarget(
      packed, rows: 0..<(transposed ? a.rows : a.columns), columns: 0..<c.columns, into: c, adding: adding)
    multiply(a, transposed: transposed, target)
  }

  public static func multiplyBlocks(
    _ x: ProductInput<Float>, _ weight: BlockAddress, outputs: Range<Int>, into y: Tile<Float>, adding: Bool
  ) { weight.multiply(x, outputs: outputs, into: y, adding: adding) }

  public static func multiplyPacked(
    _ x: Tile<Float>, _ weight: PackedAddress, outputs: Range<Int>, into y: Tile<Float>, adding: Bool
  ) { weight.multiply(x, columns: outputs, into: y, adding: adding) }

  public static func roundForBlocks(_ x: Tile<Float>, into memory: UnsafeMutableRawPointer) {
    unsafe bfpo_half_operand(x.rows, x.columns, x.base, x.stride, memory)
  }

  public static func attend(
    _ q: UnsafePointer<Float>, heads: Int, _ k: CachedRows<Float>, _ v: CachedRows<Float>,
    next: (k: CachedRows<Float>, v: CachedRows<Float>)?, scale: Float, scores: UnsafeMutablePointer<Float>,
    into out: UnsafeMutablePointer<Float>
  ) {
    func cache(_ keys: UnsafeMutableRawPointer?, _ values: UnsafeMutableRawPointer?) -> bfpo_cache {
      unsafe bfpo_cache(
        k: keys, v: values, stride: k.stride, count: k.rows, half: k.precision == .bfloat16 ? 1 : 0)
    }
    unsafe bfpo_cached_attention(
      q, heads, k.headSize, cache(k.base, v.base), cache(next?.k.base, next?.v.base), scale, scores, out)
  }

  public static func storeHalves(_ x: UnsafePointer<Float>, count: Int, into memory: UnsafeMutableRawPointer) {
    unsafe bfpo_store_halves(x, count, memory.assumingMemoryBound(to: UInt32.self))
  }

  public static func wideSum(_ x: UnsafePointer<Float>, count: Int) -> Double { unsafe bfpo_wide_sum(x, count) }

  public static func packedCopy(
    _ side: WeightPacks.Side, of weight: LinearWeight<Float>, packs: WeightPacks, inputs: Int
  ) -> PackedMatrix { packs.copy(side, of: weight.values, inputs: inputs) }

  public static func pack(
    _ x: Tile<Float>, transposed: Bool, scale: Float, block: Range<Int>?, into packed: PackedMatrix
  ) { packed.pack(x, transposed: transposed, scale: scale, block: block) }

  public static func naturalLogarithm(_ x: Float) -> Float { Glibc.log(x) }
}
