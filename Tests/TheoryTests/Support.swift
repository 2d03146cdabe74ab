import Basics
import Theory

let correlatedWorld = Fixtures.correlated
let productWorld = Fixtures.product
let twoPrompts = Fixtures.twoPrompts

/// A four-response world of the illustration.
func rankedWorld(_ ranks: [Int], safe: [Int]) -> FiniteWorld { Fixtures.ranked(ranks, safe: safe) }

/// The largest difference of two vectors of the same length.
func worst(_ a: [Double], _ b: [Double]) -> Double {
  precondition(a.count == b.count, "\(a.count) and \(b.count) values")
  return zip(a, b).map { abs($0 - $1) }.max() ?? 0
}

/// A point of the simplex from the flat Dirichlet distribution [count].
func simplex(_ count: Int, _ random: inout RandomStream) -> [Double] {
  let draws = (0..<count).map { _ in -naturalLogarithm(1 - random.uniform()) }
  let total = draws.reduce(0, +)
  return draws.map { $0 / total }
}

/// A world with arbitrary preferences (no Bradley–Terry structure) and correlated safety.
func randomWorld(_ count: Int, _ random: inout RandomStream) -> FiniteWorld {
  var preference = [[Double]](repeating: [Double](repeating: 0.5, count: count), count: count)
  for i in 0..<count {
    for j in 0..<i {
      preference[i][j] = sigmoid(1.5 * random.normal())
      preference[j][i] = 1 - preference[i][j]
    }
  }
  return FiniteWorld(
    reference: simplex(count, &random), comparison: simplex(count, &random), preference: preference,
    safety: (0..<count).map { _ in random.uniform() })
}
