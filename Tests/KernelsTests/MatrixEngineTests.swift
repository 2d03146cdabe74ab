import Basics
import CMatrixEngine
import Kernels
import Testing

/// Engines that run on this machine, and AMX's loops on emulated tiles on any.
private let engines = MatrixEngine.allCases.filter { $0 != .openBLAS && $0.isSupported }

@Suite("Matrix engines")
struct MatrixEngineTests {
  /// A product's sizes; chosen to leave edges in every direction, and to need several passes over a long inner dimension.
  struct Shape: Sendable {
    var rows: Int
    var depth: Int
    var columns: Int
  }

  static let shapes = [
    Shape(rows: 1, depth: 1, columns: 1), Shape(rows: 1, depth: 576, columns: 45),
    Shape(rows: 12, depth: 32, columns: 32),
    Shape(rows: 13, depth: 31, columns: 33), Shape(rows: 16, depth: 33, columns: 17),
    Shape(rows: 33, depth: 64, columns: 64), Shape(rows: 61, depth: 100, columns: 95),
    Shape(rows: 50, depth: 3201, columns: 40), Shape(rows: 201, depth: 70, columns: 31),
  ]

  func floats(_ rows: Int, _ columns: Int, _ name: String) -> Matrix<Float> {
    Matrix(rows: rows, columns: columns, normals(rows * columns, name).map(Float.init))
  }

  /// What an engine multiplies.
  func operand(_ x: Float, _ engine: MatrixEngine) -> Double {
    Double(engine.precision == .bfloat16 ? bfpo_rounded_to_half(x) : x)
  }

  func packed(_ b: Matrix<Float>, _ engine: MatrixEngine, transposed: Bool = false) -> PackedMatrix {
    let packed = PackedMatrix(engine: engine)
    packed.reshape(depth: transposed ? b.columns : b.rows, columns: transposed ? b.rows : b.columns)
    for block in packed.blocks { packed.pack(b.tile, transposed: transposed, block: block) }
    return packed
  }

  /// Σ a b in Double from the numbers that the engine sees, and the rounding it may have: each of `depth` sums.
  func expect(
    _ c: Tile<Float>, _ engine: MatrixEngine, depth: Int, start: (Int, Int) -> Float = { _, _ in 0 },
    _ a: (Int, Int) -> Float, _ b: (Int, Int) -> Float
  ) {
    var worst = 0.0
    for i in 0..<c.rows {
      for j in 0..<c.columns {
        var (sum, size) = (Double(start(i, j)), abs(Double(start(i, j))))
        for k in 0..<depth {
          let term = operand(a(i, k), engine) * operand(b(k, j), engine)
          sum += term
          size += abs(term)
        }
        let error =
          abs(Double(c[i, j]) - sum) / (size * Double(Float.ulpOfOne) * 0.25 * (Double(depth).squareRoot() + 4))
        if !(error <= worst) { worst = error }
      }
    }
    #expect(worst <= 1, "\(engine): \(worst) times the rounding allowed")
  }

  @Test(arguments: engines, shapes)
  func `products agree with sums in double precision, in all orders of the operands`(
    _ engine: MatrixEngine, _ shape: Shape
  ) {
    let (rows, depth, columns) = (shape.rows, shape.depth, shape.columns)
    let (a, at) = (floats(rows, depth, "a"), floats(depth, rows, "at"))
    let (b, bt) = (floats(depth, columns, "b"), floats(columns, depth, "bt"))
    let c = Matrix<Float>(rows: rows, columns: columns, [Float](repeating: .nan, count: rows * columns))
    multiply(a.tile, [PackedTarget(packed(b, engine), into: c.tile)])
    expect(c.tile, engine, depth: depth, { a.tile[$0, $1] }, { b.tile[$0, $1] })
    multiply(at.tile, transposed: true, [PackedTarget(packed(bt, engine, transposed: true), into: c.tile)])
    expect(c.tile, engine, depth: depth, { at.tile[$1, $0] }, { bt.tile[$1, $0] })
    let start = floats(rows, columns, "start")
    c.tile.copy(from: start.tile)
    multiply(a.tile, [PackedTarget(packed(b, engine), into: c.tile, adding: true)])
    expect(c.tile, engine, depth: depth, start: { start.tile[$0, $1] }, { a.tile[$0, $1] }, { b.tile[$0, $1] })
  }

  @Test(arguments: engines)
  func `parts of a packed matrix, written beside each other`(_ engine: MatrixEngine) {
    let (a, b) = (floats(20, 40, "a"), floats(100, 90, "b"))
    let packed = packed(b, engine)
    let whole = Matrix<Float>(rows: 20, columns: 60, [Float](repeating: 7, count: 1200))
    let targets = [
      PackedTarget(packed, rows: 32..<72, columns: 0..<20, into: whole.tile.columns(1..<21)),
      PackedTarget(packed, rows: 32..<72, columns: 64..<90, into: whole.tile.columns(30..<56)),
    ]
    multiply(a.tile, targets)
    expect(whole.tile.columns(1..<21), engine, depth: 40, { a.tile[$0, $1] }, { b.tile[32 + $0, $1] })
    expect(whole.tile.columns(30..<56), engine, depth: 40, { a.tile[$0, $1] }, { b.tile[32 + $0, 64 + $1] })
    for i in 0..<20 {
      for j in [0] + Array(21..<30) + Array(56..<60) { #expect(whole.tile[i, j] == 7, "a column beside the targets") }
    }
  }

  @Test(arguments: engines)
  func `a row's result does not depend on the rows beside it`(_ engine: MatrixEngine) {
    let (a, b) = (floats(131, 600, "a"), floats(600, 70, "b"))
    let packed = packed(b, engine)
    let (all, part) = (floats(131, 70, "c"), floats(131, 70, "d"))
    multiply(a.tile, [PackedTarget(packed, into: all.tile)])
    for rows in [0..<1, 1..<14, 14..<43, 43..<131] {
      multiply(a.tile.rows(rows), [PackedTarget(packed, into: part.tile.rows(rows))])
    }
    #expect(all.values == part.values)
  }

  @Test(arguments: engines.filter { $0.precision == .float32 })
  func `in single precision every element is one chain of fused sums, whatever the engine`(_ engine: MatrixEngine) {
    let (a, b) = (floats(9, 700, "a"), floats(700, 50, "b"))
    let c = floats(9, 50, "c")
    multiply(a.tile, [PackedTarget(packed(b, engine), into: c.tile)])
    for i in 0..<9 {
      for j in 0..<50 {
        #expect(c.tile[i, j] == (0..<700).reduce(Float(0)) { $0.addingProduct(a.tile[i, $1], b.tile[$1, j]) })
      }
    }
  }

  @Test func `halves round to nearest, ties to even, and keep what is no number`() {
    // 1 + 2⁻⁷ is the next bfloat16 after 1.
    let cases: [(Float, Float)] = [
      (1, 1), (1.00390625, 1), (1.01171875, 1.015625), (1.0039064, 1.0078125), (-1.00390625, -1), (0, 0),
      (.greatestFiniteMagnitude, .infinity), (-.infinity, -.infinity),
    ]
    for (value, rounded) in cases {
      let result = bfpo_rounded_to_half(value)
      #expect(result == rounded, "\(value)")
    }
    #expect(bfpo_rounded_to_half(.nan).isNaN)
    #expect(bfpo_rounded_to_half(Float(bitPattern: 0x7f80_0001)).isNaN)
  }

  @Test(arguments: engines)
  func `a number that is not finite reaches its row, and no other`(_ engine: MatrixEngine) {
    let (a, b) = (floats(14, 40, "a"), floats(40, 33, "b"))
    a.tile[3, 5] = .nan
    a.tile[9, 39] = .infinity
    let c = floats(14, 33, "c")
    multiply(a.tile, [PackedTarget(packed(b, engine), into: c.tile)])
    for i in 0..<14 { #expect((0..<33).allSatisfy { c.tile[i, $0].isFinite != (i == 3 || i == 9) }, "row \(i)") }
  }

  @Test(arguments: engines)
  func `a layer's three products with packed copies`(_ engine: MatrixEngine) {
    let (x, dy) = (floats(40, 50, "x"), floats(40, 70, "dy"))
    let values = normals(70 * 50, "w").map(Float.init)
    let weight = LinearWeight(values, packs: WeightPacks(engine: engine))
    let (y, dx) = (floats(40, 70, "y"), floats(40, 50, "dx"))
    linear(x.tile, weight, into: y.tile)
    expect(y.tile, engine, depth: 50, { x.tile[$0, $1] }, { values[$1 * 50 + $0] })
    linearInputGradient(dy.tile.columns(32..<70), weight, outputs: 32..<70, into: dx.tile)
    expect(dx.tile, engine, depth: 38, { dy.tile[$0, 32 + $1] }, { values[(32 + $0) * 50 + $1] })
    let gradient = floats(70, 50, "g")
    let before = gradient.values
    linearWeightGradient(dy.tile, x.tile, outputs: 10..<70, into: gradient.tile, packed: packed(x, engine))
    expect(
      gradient.tile.rows(10..<70), engine, depth: 40, start: { before[(10 + $0) * 50 + $1] },
      { dy.tile[$1, 10 + $0] }, { x.tile[$0, $1] })
    #expect(Array(gradient.values[..<500]) == Array(before[..<500]))
  }

  @Test(arguments: engines)
  func `copies of a weight are made again once it has changed, and not before`(_ engine: MatrixEngine) {
    let packs = WeightPacks(engine: engine)
    let x = Matrix<Float>(rows: 1, columns: 2, [1, 1])
    func sum(_ values: [Float]) -> Float {
      let y = Matrix<Float>(rows: 1, columns: 1, [0])
      linear(x.tile, LinearWeight(values, packs: packs), into: y.tile)
      return y.tile[0, 0]
    }
    #expect(sum([1, 2]) == 3)
    #expect(sum([5, 6]) == 3, "a copy was made although nobody said that the weight had changed")
    packs.invalidate()
    #expect(sum([5, 6]) == 11)
  }

  @Test func `single-precision products without packed operands agree with BLAS's rule`() throws {
    try #require(MatrixEngine.packedSingle != nil)
    let (a, b) = (floats(29, 41, "a"), floats(41, 37, "b"))
    let c = floats(29, 37, "c")
    let before = c.values
    multiply(a.tile, b.tile, into: c.tile, alpha: 0.5, beta: -2)
    for i in 0..<29 {
      for j in 0..<37 {
        let product = (0..<41).reduce(0.0) { $0 + Double(a.tile[i, $1]) * Double(b.tile[$1, j]) }
        #expect(abs(Double(c.tile[i, j]) - (0.5 * product - 2 * Double(before[i * 37 + j]))) < 1e-4)
      }
    }
  }

  @Test func `the engine of a precision is of it, supported, and passes its own check`() {
    #expect(MatrixEngine.chosen(for: .float32).precision == .float32)
    for precision in Precision.allCases { #expect(MatrixEngine.chosen(for: precision).isSupported) }
    for engine in engines { #expect(engine.multipliesCorrectly, "\(engine)") }
    let half = engines.filter { $0.precision == .bfloat16 && $0 != .amxEmulated }
    #expect((MatrixEngine.chosen(for: .bfloat16).precision == .bfloat16) == !half.isEmpty)
  }
}
