import Basics
import Foundation
import Kernels
import Testing

@Suite struct RowKernelTests {
  let rows = 4
  let width = 9

  @Test func `RMSNorm has unit root mean square before its weight`() {
    let (x, y) = (matrix(rows, width, "x"), matrix(rows, width, "y"))
    rmsNorm(x.tile, [Double](repeating: 2, count: width), epsilon: 0, into: y.tile)
    for row in 0..<rows {
      let values = y.tile.rows(row..<row + 1).values
      #expect(abs(dot(values, values) / Double(width) - 4) < 1e-12)
      #expect(abs(values[3] / values[0] - x.tile[row, 3] / x.tile[row, 0]) < 1e-12)
    }
  }

  @Test func `RMSNorm's gradients`() {
    let (x, dy, residual) = (matrix(rows, width, "x"), matrix(rows, width, "dy"), matrix(rows, width, "r"))
    let weight = normals(width, "w")
    func loss(_ x: [Double], _ weight: [Double]) -> Double {
      let y = matrix(rows, width, "y")
      rmsNorm(matrix(rows, width, x).tile, weight, epsilon: 0.1, into: y.tile)
      return dot(y.values, dy.values)
    }
    let dx = matrix(rows, width, "dx")
    rmsNormBackward(dy.tile, x.tile, weight, epsilon: 0.1, residual: nil, into: dx.tile)
    expectGradient(dx.values, of: x.values, "x") { loss($0, weight) }
    rmsNormBackward(dy.tile, x.tile, weight, epsilon: 0.1, residual: residual.tile, into: dx.tile)
    expectGradient(zip(dx.values, residual.values).map { $0 - $1 }, of: x.values, "x") { loss($0, weight) }
    var gradient = [Double](repeating: 1, count: width)
    withMutableTile(of: &gradient, rows: 1, columns: width) {
      rmsNormWeightGradient(dy.tile, x.tile, epsilon: 0.1, into: $0)
    }
    expectGradient(gradient.map { $0 - 1 }, of: weight, "w") { loss(x.values, $0) }
  }

  @Test func `SwiGLU's values and gradients`() {
    let (gate, up, d) = (matrix(rows, width, "gate"), matrix(rows, width, "up"), matrix(rows, width, "d"))
    func out(_ gate: [Double], _ up: [Double]) -> [Double] {
      let out = matrix(rows, width, "out")
      swiGLU(gate: matrix(rows, width, gate).tile, up: matrix(rows, width, up).tile, into: out.tile)
      return out.values
    }
    let values = out(gate.values, up.values)
    for ((g, u), y) in zip(zip(gate.values, up.values), values) { #expect(abs(y - g / (1 + exp(-g)) * u) < 1e-14) }
    let (dGate, dUp, again) = (matrix(rows, width, d.values), matrix(rows, width, "dUp"), matrix(rows, width, "again"))
    swiGLUBackward(gate: gate.tile, up: up.tile, cotangent: dGate.tile, dUp: dUp.tile, out: again.tile)
    #expect(zip(again.values, values).allSatisfy { abs($0 - $1) < 1e-15 })
    expectGradient(dGate.values, of: gate.values, "gate") { dot(out($0, up.values), d.values) }
    expectGradient(dUp.values, of: up.values, "up") { dot(out(gate.values, $0), d.values) }
  }

  @Test func `rotation by position: a quarter turn, an inverse, and products that depend on the distance only`() {
    let table = RotaryTable<Double>(positions: 12, headSize: 4, base: 100)
    let x = matrix(1, 4, [1, 2, 3, 4])
    rotate(x.tile, positions: [1], table: table)
    let slow = 0.1
    let expected = [
      cos(1) - 3 * sin(1), 2 * cos(slow) - 4 * sin(slow), 3 * cos(1) + sin(1), 4 * cos(slow) + 2 * sin(slow),
    ]
    #expect(zip(x.values, expected).allSatisfy { abs($0 - $1) < 1e-15 })
    rotate(x.tile, positions: [1], table: table, inverse: true)
    #expect(zip(x.values, [1, 2, 3, 4]).allSatisfy { abs($0 - $1) < 1e-14 })
    func product(_ first: Int32, _ second: Int32) -> Double {
      let both = matrix(2, 8, normals(16, "heads"))
      rotate(both.tile, positions: [first, second], table: table)
      return dot(both.tile.rows(0..<1).values, both.tile.rows(1..<2).values)
    }
    #expect(abs(product(3, 1) - product(11, 9)) < 1e-13)
    #expect(abs(product(3, 1) - product(1, 3)) > 1e-3)
  }

  @Test func `embedding rows are copied, and their gradients add up`() {
    let weight = normals(5 * 3, "w")
    let x = matrix(4, 3, "x")
    embed([4, 0, 4, 2], weight, into: x.tile)
    #expect(x.values == Array(weight[12..<15] + weight[0..<3] + weight[12..<15] + weight[6..<9]))
    var gradient = [Double](repeating: 0, count: 15)
    withMutableTile(of: &gradient, rows: 5, columns: 3) { embedBackward([4, 0, 4, 2], x.tile, into: $0) }
    let (zero, dx) = ([0.0, 0, 0], x.values)
    let twice = zip(dx[0..<3], dx[6..<9]).map { $0 + $1 }
    #expect(gradient == [Array(dx[3..<6]), zero, Array(dx[9..<12]), zero, twice].flatMap { $0 })
  }
}
