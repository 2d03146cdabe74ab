import Basics
import CMatrixEngine
import Kernels
import Testing

/// Queries of the heads that share keys and values, and these, drawn from a seed.
private struct Problem {
  let size, heads, tokens: Int
  var q, k, v: [Double]

  init(size: Int, heads: Int, tokens: Int) {
    var stream = SeedTree(77).child(size).child(tokens).generator()
    func draw(_ count: Int) -> [Double] { (0..<count).map { _ in Double(Float(stream.normal())) } }
    (self.size, self.heads, self.tokens) = (size, heads, tokens)
    (q, k, v) = (draw(heads * size), draw(tokens * size), draw(tokens * size))
  }

  /// The formula, head by head.
  var expected: [Double] {
    (0..<heads).flatMap { head in
      let weights = softmax(
        (0..<tokens).map { t in
          (0..<size).reduce(0) { $0 + q[head * size + $1] * k[t * size + $1] } / Double(size).squareRoot()
        })
      return (0..<size).map { i in (0..<tokens).reduce(0) { $0 + weights[$1] * v[$1 * size + i] } }
    }
  }

  /// The kernel's result over a cache of a precision, which lies among other rows.
  func attended<S: KernelScalar>(_ type: S.Type, _ precision: Precision = .float32) -> [Double] {
    let width = CachedRows<S>.width(headSize: size, precision: precision)
    let memory = Matrix<S>(rows: 2 * tokens + 1, columns: width, [S](repeating: .nan, count: (2 * tokens + 1) * width))
    func rows(_ values: [Double], at start: Int) -> CachedRows<S> {
      let rows = CachedRows(
        memory.tile.rows(start..<start + tokens), headSize: size, precision: precision)
      for t in 0..<tokens {
        rows.store(Matrix(rows: 1, columns: size, values[t * size..<(t + 1) * size].map { S($0) }).tile, at: t)
      }
      return rows
    }
    let (keys, values) = (rows(k, at: 0), rows(v, at: tokens + 1))
    let (out, scratch) = (Matrix<S>(), Matrix<S>())
    out.reshape(rows: 1, columns: heads * size)
    scratch.reshape(rows: 1, columns: heads * tokens)
    withExtendedLifetime(memory) {
      cachedAttention(
        q: Matrix(rows: 1, columns: heads * size, q.map { S($0) }).tile, k: keys, v: values, next: (values, keys),
        into: out.tile, scratch: scratch.tile)
    }
    return out.tile.doubles
  }
}

@Suite struct CachedAttentionTests {
  static let shapes = [
    (1, 1, 1), (4, 3, 5), (16, 5, 7), (64, 3, 33), (64, 3, 48), (70, 4, 130), (128, 4, 32), (20, 9, 2), (64, 2, 600),
  ]

  @Test(arguments: shapes)
  func `one row over a cache is the softmax mean of its values`(size: Int, heads: Int, tokens: Int) {
    let problem = Problem(size: size, heads: heads, tokens: tokens)
    let expected = problem.expected
    #expect(zip(problem.attended(Double.self), expected).allSatisfy { abs($0 - $1) < 1e-13 })
    #expect(zip(problem.attended(Float.self), expected).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  @Test(arguments: shapes)
  func `a cache in bfloat16 is one of rounded numbers, to the bit`(size: Int, heads: Int, tokens: Int) {
    let problem = Problem(size: size, heads: heads, tokens: tokens)
    var rounded = problem
    rounded.k = problem.k.map { Double(bfpo_rounded_to_half(Float($0))) }
    rounded.v = problem.v.map { Double(bfpo_rounded_to_half(Float($0))) }
    let result = problem.attended(Float.self, .bfloat16)
    #expect(result == rounded.attended(Float.self))
    #expect(result != problem.attended(Float.self))
  }

  @Test func `halves halve a cache's memory, and keep what is no number`() {
    #expect(CachedRows<Float>.width(headSize: 64, precision: .bfloat16) == 32)
    #expect(CachedRows<Float>.width(headSize: 65, precision: .bfloat16) == 48)
    var problem = Problem(size: 48, heads: 1, tokens: 3)
    for special in [Double.nan, .infinity, -.infinity] {
      problem.v[50] = special
      let result = problem.attended(Float.self, .bfloat16)
      #expect(special.isNaN ? result[2].isNaN : result[2] == special)
      #expect(result.indices.allSatisfy { $0 == 2 || result[$0].isFinite })
    }
  }
}
