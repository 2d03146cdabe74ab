import Basics
import Foundation
import Kernels
import Testing

@Suite struct AttentionTests {
  let shape = AttentionShape(headCount: 4, keyValueHeadCount: 2, headSize: 3)
  /// A prompt and two responses, of which one is longer than a block; then a prompt longer than a block with a response.
  static let groups = [
    AttentionGroup(
      rows: 0..<85,
      spans: [
        AttentionSpan(own: 0..<5, shared: 0..<0), AttentionSpan(own: 5..<78, shared: 0..<5),
        AttentionSpan(own: 78..<85, shared: 0..<5),
      ]),
    AttentionGroup(
      rows: 85..<160,
      spans: [AttentionSpan(own: 85..<155, shared: 85..<85), AttentionSpan(own: 155..<160, shared: 85..<155)]),
  ]
  let rows = 160

  /// Rows before and including a row in its sequence.
  func visible(_ row: Int) -> [Int] {
    let span = Self.groups.flatMap(\.spans).first { $0.own.contains(row) }!
    return Array(span.shared) + Array(span.own.lowerBound...row)
  }

  func plain(_ q: [Double], _ k: [Double], _ v: [Double]) -> [Double] {
    var out = [Double](repeating: 0, count: q.count)
    for row in 0..<rows {
      for head in 0..<4 {
        let keys = visible(row)
        let weights = softmax(
          keys.map { key in
            (0..<3).reduce(0.0) { $0 + q[row * 12 + head * 3 + $1] * k[key * 6 + head / 2 * 3 + $1] } / 3.0.squareRoot()
          })
        for (key, weight) in zip(keys, weights) {
          for i in 0..<3 { out[row * 12 + head * 3 + i] += weight * v[key * 6 + head / 2 * 3 + i] }
        }
      }
    }
    return out
  }

  /// The kernel's result and normalisers.
  func forward(_ q: [Double], _ k: [Double], _ v: [Double]) -> (out: Matrix<Double>, normaliser: Matrix<Double>) {
    let (out, normaliser, scratch) = (Matrix<Double>(), Matrix<Double>(), Matrix<Double>())
    out.reshape(rows: rows, columns: 12)
    normaliser.reshape(rows: rows, columns: 4)
    for group in Self.groups {
      scratch.reshape(rows: 1, columns: group.forwardScratch)
      for head in 0..<4 {
        attention(
          q: matrix(rows, 12, q).tile, k: matrix(rows, 6, k).tile, v: matrix(rows, 6, v).tile, group: group, head: head,
          shape: shape, into: out.tile, normaliser: normaliser.tile, scratch: scratch.tile)
      }
    }
    return (out, normaliser)
  }

  let q = normals(160 * 12, "q")
  let k = normals(160 * 6, "k")
  let v = normals(160 * 6, "v")
  let dOut = normals(160 * 12, "d")

  @Test func `every row attends to its own sequence up to itself`() {
    let expected = plain(q, k, v)
    #expect(zip(forward(q, k, v).out.values, expected).allSatisfy { abs($0 - $1) < 1e-13 })
  }

  @Test func `large scores neither overflow nor lose the sum`() {
    let large = q.map { $0 * 400 }
    let expected = plain(large, k, v)
    #expect(zip(forward(large, k, v).out.values, expected).allSatisfy { abs($0 - $1) < 1e-10 })
  }

  @Test func `gradients of queries, keys and values`() {
    let (_, normaliser) = forward(q, k, v)
    let (dq, dk, dv, scratch) = (matrix(rows, 12, "dq"), matrix(rows, 6, "dk"), matrix(rows, 6, "dv"), Matrix<Double>())
    for group in Self.groups {
      scratch.reshape(rows: 1, columns: group.backwardScratch)
      for head in 0..<2 {
        attentionBackward(
          q: matrix(rows, 12, q).tile, k: matrix(rows, 6, k).tile, v: matrix(rows, 6, v).tile,
          normaliser: normaliser.tile, dOut: matrix(rows, 12, dOut).tile, group: group, keyValueHead: head,
          shape: shape,
          dq: dq.tile, dk: dk.tile, dv: dv.tile, scratch: scratch.tile)
      }
    }
    expectGradient(dq.values, of: q, "q") { dot(forward($0, k, v).out.values, dOut) }
    expectGradient(dk.values, of: k, samples: 60, "k") { dot(forward(q, $0, v).out.values, dOut) }
    expectGradient(dv.values, of: v, samples: 60, "v") { dot(forward(q, k, $0).out.values, dOut) }
  }

  @Test(arguments: MatrixEngine.allCases.filter { $0 != .openBLAS && $0.isSupported })
  func `results and cotangents with packed keys and values`(_ engine: MatrixEngine) {
    let exact = Pass(Matrix<Double>.init(rows:columns:_:), self, engine: nil)
    let packed = Pass({ Matrix<Float>(rows: $0, columns: $1, $2.map(Float.init)) }, self, engine: engine)
    let limit = engine.precision == .bfloat16 ? 0.02 : 1e-6
    for ((name, ours), expected) in zip(zip(["out", "dq", "dk", "dv"], packed.results), exact.results) {
      let error = dot(zip(ours, expected).map { $0 - $1 }, zip(ours, expected).map { $0 - $1 }).squareRoot()
      #expect(error < limit * dot(expected, expected).squareRoot(), "\(engine) \(name): \(error)")
    }
  }

  /// A forward and a backward pass over all groups and heads.
  struct Pass {
    /// Of out, dq, dk and dv.
    var results: [[Double]]

    init<Scalar: KernelScalar>(
      _ make: (Int, Int, [Double]) -> Matrix<Scalar>, _ tests: AttentionTests, engine: MatrixEngine?
    ) {
      let (rows, shape) = (tests.rows, tests.shape)
      let (q, k, v) = (make(rows, 12, tests.q).tile, make(rows, 6, tests.k).tile, make(rows, 6, tests.v).tile)
      let (out, normaliser) = (make(rows, 12, tests.q), make(rows, 4, normals(rows * 4, "n")))
      let (dq, dk, dv) = (make(rows, 12, tests.q), make(rows, 6, tests.k), make(rows, 6, tests.k))
      let dOut = make(rows, 12, tests.dOut).tile
      let scratch = Matrix<Scalar>()
      for group in AttentionTests.groups {
        func packs(_ head: Int, _ side: WeightPacks.Side) -> [AttentionPacks]? {
          engine.map { engine in
            group.spans.map { span in
              let packs = AttentionPacks(engine: engine)
              packs.pack(k: k, v: v, span: span, keyValueHead: head, shape: shape, for: side)
              return packs
            }
          }
        }
        scratch.reshape(rows: 1, columns: max(group.forwardScratch, group.backwardScratch))
        for head in 0..<4 {
          attention(
            q: q, k: k, v: v, group: group, head: head, shape: shape, packs: packs(head / 2, .forward), into: out.tile,
            normaliser: normaliser.tile, scratch: scratch.tile)
        }
        for head in 0..<2 {
          attentionBackward(
            q: q, k: k, v: v, normaliser: normaliser.tile, dOut: dOut, group: group, keyValueHead: head, shape: shape,
            dq: dq.tile, dk: dk.tile, dv: dv.tile, packs: packs(head, .backward), scratch: scratch.tile)
        }
      }
      results = [out, dq, dk, dv].map { $0.tile.doubles }
    }
  }
}
