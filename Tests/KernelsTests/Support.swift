import Basics
import Kernels
import TestSupport
import Testing

/// Random numbers [count], standard normal.
func normals(_ count: Int, _ name: String) -> [Double] {
  var stream = SeedTree(1).child(name).generator()
  return (0..<count).map { _ in stream.normal() }
}

func matrix(_ rows: Int, _ columns: Int, _ values: [Double]) -> Matrix<Double> {
  Matrix(rows: rows, columns: columns, values)
}

func matrix(_ rows: Int, _ columns: Int, _ name: String) -> Matrix<Double> {
  matrix(rows, columns, normals(rows * columns, name))
}

func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

/// Checks `gradient` against central differences of `loss` around `values`, at up to `samples` places.
func expectGradient(
  _ gradient: [Double], of values: [Double], samples: Int = 25, _ name: String, _ loss: ([Double]) -> Double
) {
  #expect(gradient.count == values.count)
  var stream = SeedTree(2).child(name).generator()
  for _ in 0..<samples {
    let index = stream.below(values.count)
    let numeric = centralDifference(at: 0, step: 1e-5) { step in
      var moved = values
      moved[index] += step
      return loss(moved)
    }
    #expect(relativeError(gradient[index], numeric) < 1e-7, "\(name)[\(index)]: \(gradient[index]), \(numeric)")
  }
}
