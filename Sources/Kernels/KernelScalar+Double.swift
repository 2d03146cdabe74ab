import COpenBLAS
import Glibc

/// Double precision is for checking: plain loops over the standard library.
extension Double: KernelScalar {
  public static func multiplyMatrices(
    rows: Int, columns: Int, depth: Int, alpha: Double, _ a: UnsafePointer<Double>, stride aStride: Int,
    transposed aTransposed: Bool, _ b: UnsafePointer<Double>, stride bStride: Int, transposed bTransposed: Bool,
    beta: Double, _ c: UnsafeMutablePointer<Double>, stride cStride: Int
  ) {
    unsafe cblas_dgemm(
      CblasRowMajor, aTransposed ? CblasTrans : CblasNoTrans, bTransposed ? CblasTrans : CblasNoTrans,
      blasInt(rows), blasInt(columns), blasInt(depth), alpha, a, blasInt(aStride), b, blasInt(bStride), beta, c,
      blasInt(cStride))
  }

  public static func multiplyMatrixVector(
    rows: Int, columns: Int, alpha: Double, _ a: UnsafePointer<Double>, stride: Int, transposed: Bool,
    _ x: UnsafePointer<Double>, beta: Double, _ y: UnsafeMutablePointer<Double>
  ) {
    unsafe cblas_dgemv(
      CblasRowMajor, transposed ? CblasTrans : CblasNoTrans, blasInt(rows), blasInt(columns), alpha, a,
      blasInt(stride), x, 1, beta, y, 1)
  }

  public static func exponentials(
    of x: UnsafePointer<Double>, into y: UnsafeMutablePointer<Double>, count: Int, shift: Double
  ) -> Double {
    var total = 0.0
    for i in 0..<count {
      unsafe y[i] = exp(x[i] - shift)
      unsafe total += y[i]
    }
    return total
  }

  public static func largest(_ x: UnsafePointer<Double>, count: Int) -> Double {
    var high = -Double.infinity
    for i in 0..<count {
      let value = unsafe x[i]
      if value > high || value.isNaN { high = value }
      if high.isNaN { break }
    }
    return high
  }

  public static func dot(_ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, count: Int) -> Double {
    var total = 0.0
    for i in 0..<count { unsafe total += x[i] * y[i] }
    return total
  }

  public static func addScaled(
    _ x: UnsafePointer<Double>, to y: UnsafeMutablePointer<Double>, count: Int, factor: Double
  ) {
    for i in 0..<count { unsafe y[i] += factor * x[i] }
  }

  public static func gate(
    _ gate: UnsafePointer<Double>, _ up: UnsafePointer<Double>, into out: UnsafeMutablePointer<Double>, count: Int
  ) {
    for i in 0..<count { unsafe out[i] = gate[i] / (1 + exp(-gate[i])) * up[i] }
  }

  public static func gateBackward(
    _ gate: UnsafePointer<Double>, _ up: UnsafePointer<Double>, _ d: UnsafePointer<Double>,
    into out: UnsafeMutablePointer<Double>, _ dGate: UnsafeMutablePointer<Double>,
    _ dUp: UnsafeMutablePointer<Double>, count: Int
  ) {
    for i in 0..<count {
      let (g, u, dy) = unsafe (gate[i], up[i], d[i])
      let s = 1 / (1 + exp(-g))
      unsafe out[i] = g * s * u
      unsafe dUp[i] = dy * g * s
      unsafe dGate[i] = dy * u * s * (1 + g * (1 - s))
    }
  }

  public static func multiplyPacked(_ x: Tile<Double>, _ products: [PackedProduct<Double>]) { noPacks() }

  public static func multiplyPacked(
    _ a: Tile<Double>, transposed: Bool, _ packed: PackedMatrix, into c: Tile<Double>, adding: Bool
  ) { noPacks() }

  public static func multiplyBlocks(
    _ x: ProductInput<Double>, _ weight: BlockAddress, outputs: Range<Int>, into y: Tile<Double>, adding: Bool
  ) { noPacks() }

  public static func multiplyPacked(
    _ x: Tile<Double>, _ weight: PackedAddress, outputs: Range<Int>, into y: Tile<Double>, adding: Bool
  ) { noPacks() }

  public static func roundForBlocks(_ x: Tile<Double>, into memory: UnsafeMutableRawPointer) { noPacks() }

  public static func attend(
    _ q: UnsafePointer<Double>, heads: Int, _ k: CachedRows<Double>, _ v: CachedRows<Double>,
    next: (k: CachedRows<Double>, v: CachedRows<Double>)?, scale: Double, scores: UnsafeMutablePointer<Double>,
    into out: UnsafeMutablePointer<Double>
  ) {
    let (size, stride) = (k.headSize, k.stride / MemoryLayout<Double>.stride)
    let keys = unsafe k.base.assumingMemoryBound(to: Double.self)
    let values = unsafe v.base.assumingMemoryBound(to: Double.self)
    for head in 0..<heads {
      let (query, result) = unsafe (q + head * size, out + head * size)
      for t in 0..<k.rows { unsafe scores[t] = scale * dot(query, keys + t * stride, count: size) }
      let high = unsafe largest(scores, count: k.rows)
      let sum = unsafe exponentials(of: scores, into: scores, count: k.rows, shift: high)
      for i in 0..<size { unsafe result[i] = 0 }
      for t in 0..<k.rows { unsafe addScaled(values + t * stride, to: result, count: size, factor: scores[t] / sum) }
    }
  }

  public static func storeHalves(_ x: UnsafePointer<Double>, count: Int, into memory: UnsafeMutableRawPointer) {
    noPacks()
  }

  public static func wideSum(_ x: UnsafePointer<Double>, count: Int) -> Double {
    var total = 0.0
    for i in 0..<count { unsafe total += x[i] }
    return total
  }

  public static func packedCopy(
    _ side: WeightPacks.Side, of weight: LinearWeight<Double>, packs: WeightPacks, inputs: Int
  ) -> PackedMatrix { noPacks() }

  public static func pack(
    _ x: Tile<Double>, transposed: Bool, scale: Double, block: Range<Int>?, into packed: PackedMatrix
  ) { noPacks() }

  private static func noPacks() -> Never {
    preconditionFailure("no engine multiplies packed numbers in double precision")
  }

  public static func naturalLogarithm(_ x: Double) -> Double { Glibc.log(x) }
}
