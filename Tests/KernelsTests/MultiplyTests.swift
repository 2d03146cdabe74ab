import Basics
import Kernels
import Testing

@Suite struct MultiplyTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var rows, columns, depth: Int
    var first, second: Bool
    var alpha, beta: Double
    var testDescription: String { "[\(rows), \(depth)] [\(depth), \(columns)] \(first) \(second) \(alpha) \(beta)" }
  }

  static let cases = [(1, 7, 5), (4, 1, 3), (33, 17, 65), (5, 3, 0), (1, 4, 1)].flatMap { rows, columns, depth in
    [(false, false), (false, true), (true, false), (true, true)].flatMap { first, second in
      [(1.0, 0.0), (-0.5, 1.0)].map {
        Case(rows: rows, columns: columns, depth: depth, first: first, second: second, alpha: $0.0, beta: $0.1)
      }
    }
  }

  @Test(arguments: cases)
  func `a product of tiles within larger matrices`(_ c: Case) {
    check(c, Double.self, tolerance: 1e-13)
    check(c, Float.self, tolerance: 2e-5)
  }

  /// Operands are cut from matrices with two more columns, so that strides matter.
  func check<Scalar: KernelScalar>(_ c: Case, _ type: Scalar.Type, tolerance: Double) {
    func random(_ rows: Int, _ columns: Int, _ name: String) -> (tile: Tile<Scalar>, whole: Matrix<Scalar>) {
      let whole = Matrix<Scalar>(
        rows: rows, columns: columns + 2, normals(rows * (columns + 2), name).map { Scalar($0) })
      return (whole.tile.columns(1..<columns + 1), whole)
    }
    let a = c.first ? random(c.depth, c.rows, "a") : random(c.rows, c.depth, "a")
    let b = c.second ? random(c.columns, c.depth, "b") : random(c.depth, c.columns, "b")
    let (result, whole) = random(c.rows, c.columns, "c")
    let before = whole.values
    var expected = result.doubles
    for row in 0..<c.rows {
      for column in 0..<c.columns {
        let sum = (0..<c.depth).reduce(0.0) { sum, i in
          sum + Double(c.first ? a.tile[i, row] : a.tile[row, i])
            * Double(c.second ? b.tile[column, i] : b.tile[i, column])
        }
        let index = row * c.columns + column
        expected[index] = c.alpha * sum + c.beta * expected[index]
      }
    }
    multiply(
      a.tile, b.tile, firstTransposed: c.first, secondTransposed: c.second, into: result, alpha: Scalar(c.alpha),
      beta: Scalar(c.beta))
    for (ours, theirs) in zip(result.doubles, expected) {
      #expect(abs(ours - theirs) < tolerance * max(1, abs(theirs)))
    }
    for (index, value) in whole.values.enumerated() where [0, c.columns + 1].contains(index % (c.columns + 2)) {
      #expect(value == before[index], "a column beside the tile was written")
    }
  }

  @Test(arguments: [1, 2])
  func `what was in the result does not matter when it is overwritten`(rows: Int) {
    let result = Matrix<Float>(rows: rows, columns: 2, [Float](repeating: .nan, count: 2 * rows))
    let ones = Matrix<Float>(rows: rows, columns: 3, [Float](repeating: 1, count: 3 * rows))
    linear(ones.tile, LinearWeight([1, 2, 3, 4, 5, 6]), into: result.tile)
    #expect(result.values == [[Float]](repeating: [6, 15], count: rows).flatMap { $0 })
  }

  @Test func `a linear layer's gradients, with a part of its outputs`() {
    let (x, dy) = (matrix(5, 4, "x"), matrix(5, 6, "dy"))
    let weight = normals(24, "w")
    func loss(_ x: [Double], _ w: [Double], _ outputs: Range<Int>) -> Double {
      let y = matrix(5, outputs.count, "y")
      linear(matrix(5, 4, x).tile, LinearWeight(w), outputs: outputs, into: y.tile)
      return dot(y.values, dy.tile.columns(outputs).values)
    }
    let dx = matrix(5, 4, "dx")
    linearInputGradient(dy.tile.columns(2..<5), LinearWeight(weight), outputs: 2..<5, into: dx.tile)
    expectGradient(dx.values, of: x.values, "x") { loss($0, weight, 2..<5) }
    var gradient = [Double](repeating: 1, count: 24)
    withMutableTile(of: &gradient, rows: 6, columns: 4) { tile in
      linearWeightGradient(dy.tile, x.tile, outputs: 0..<2, into: tile)
      linearWeightGradient(dy.tile, x.tile, outputs: 2..<6, into: tile)
    }
    expectGradient(gradient.map { $0 - 1 }, of: weight, "w") { loss(x.values, $0, 0..<6) }
  }

  @Test(arguments: [0, 1, 15, 16, 17, 255, 256, 257, 1528, 2048, 10_001])
  func `blocks cover the rows, are even in number, and at most as long as allowed`(count: Int) {
    let blocks = tiles(count, limit: 256)
    #expect(blocks.flatMap { Array($0) } == Array(0..<count))
    #expect(blocks.allSatisfy { !$0.isEmpty && $0.count <= 256 })
    #expect(blocks.dropLast().allSatisfy { $0.count % 16 == 0 })
    #expect(count < 512 || blocks.count % 2 == 0)
  }
}
