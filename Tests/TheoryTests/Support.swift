import Basics
import Theory

/// The correlated world F1: the product form is not exact here.
let correlatedWorld: FiniteWorld = {
  let t = [1.2, 0.4, -0.3, 0.8]
  return FiniteWorld(
    reference: [0.1, 0.2, 0.3, 0.4], comparison: [0.4, 0.3, 0.2, 0.1],
    preference: t.map { a in t.map { sigmoid(a - $0) } }, safety: [0.9, 0.2, 0.6, 0.05])
}()

/// The product world F2: three help levels by two safety levels, drawn independently.
let productWorld: FiniteWorld = {
  let levels = [1.0, 1.0, 0.2, 0.2, -0.7, -0.7]
  let comparison = [0.5, 0.3, 0.2].flatMap { [$0 * 0.6, $0 * 0.4] }
  return FiniteWorld(
    reference: [0.05, 0.15, 0.2, 0.1, 0.3, 0.2], comparison: comparison,
    preference: levels.map { a in levels.map { sigmoid(2 * (a - $0)) } },
    safety: [0.95, 0.1, 0.95, 0.1, 0.95, 0.1])
}()

/// The four-response worlds: strict ranks (greater is more helpful, equal is a tie) and safety flags, uniform reference.
func rankedWorld(_ ranks: [Int], safe: [Int]) -> FiniteWorld {
  FiniteWorld(
    reference: [Double](repeating: 1 / Double(ranks.count), count: ranks.count),
    preference: ranks.map { a in ranks.map { a > $0 ? 1 : a < $0 ? 0 : 0.5 } },
    safety: ranks.indices.map { safe.contains($0) ? 1 : 0 })
}

/// The two-prompt constrained instance with β = ½ and budget −0.2.
let twoPrompts = ConstrainedProblem(
  [
    ConstrainedPrompt(reference: [0.4, 0.3, 0.2, 0.1], reward: [1, 2, 0.5, 0], cost: [0.5, 1.5, -0.5, -1]),
    ConstrainedPrompt(
      reference: [0.25, 0.25, 0.25, 0.25], reward: [0.2, 1.5, 1, -0.5], cost: [-1, 2, 0.3, -0.2]),
  ], beta: 0.5, budget: -0.2)

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
