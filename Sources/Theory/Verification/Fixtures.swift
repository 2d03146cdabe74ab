import Basics

/// Worlds whose optima are known to ten digits from an independent program.
public enum Fixtures {
  /// F1: helpfulness and safety are correlated under μ, so the product form is not exact.
  public static let correlated: FiniteWorld = {
    let scores = [1.2, 0.4, -0.3, 0.8]
    return FiniteWorld(
      reference: [0.1, 0.2, 0.3, 0.4], comparison: [0.4, 0.3, 0.2, 0.1],
      preference: scores.map { a in scores.map { sigmoid(a - $0) } }, safety: [0.9, 0.2, 0.6, 0.05])
  }()

  /// F2: three helpfulness levels by two safety levels, independent under μ.
  public static let product: FiniteWorld = {
    let levels = [1.0, 1.0, 0.2, 0.2, -0.7, -0.7]
    return FiniteWorld(
      reference: [0.05, 0.15, 0.2, 0.1, 0.3, 0.2],
      comparison: [0.5, 0.3, 0.2].flatMap { [$0 * 0.6, $0 * 0.4] },
      preference: levels.map { a in levels.map { sigmoid(2 * (a - $0)) } },
      safety: [0.95, 0.1, 0.95, 0.1, 0.95, 0.1])
  }()

  /// F3: one prompt with a floor on a safety score, E g ≥ ½, at β = ½.
  public static let scored = ConstrainedProblem(
    scored: [ConstrainedPrompt(reference: [0.4, 0.3, 0.2, 0.1], reward: [2, 1, 0.5, -1], cost: [-2, 1, 0.5, 3])],
    beta: 0.5, atLeast: 0.5)

  /// Two prompts with a budget of −0.2 for the cost, at β = ½.
  public static let twoPrompts = ConstrainedProblem(
    [
      ConstrainedPrompt(reference: [0.4, 0.3, 0.2, 0.1], reward: [1, 2, 0.5, 0], cost: [0.5, 1.5, -0.5, -1]),
      ConstrainedPrompt(
        reference: [0.25, 0.25, 0.25, 0.25], reward: [0.2, 1.5, 1, -0.5], cost: [-1, 2, 0.3, -0.2]),
    ], beta: 0.5, budget: -0.2)

  /// A world of the illustration: deterministic order (the greater rank is more helpful, equal ranks tie), uniform reference.
  ///
  /// - Parameter safe: which responses are safe.
  public static func ranked(_ ranks: [Int], safe: [Int]) -> FiniteWorld {
    FiniteWorld(
      reference: [Double](repeating: 1 / Double(ranks.count), count: ranks.count),
      preference: ranks.map { a in ranks.map { a > $0 ? 1 : a < $0 ? 0 : 0.5 } },
      safety: ranks.indices.map { safe.contains($0) ? 1 : 0 })
  }

  /// Two by two: (safe, helpful), (safe, unhelpful), (unsafe, unhelpful), (unsafe, helpful); ties are even.
  public static let twoByTwo = ranked([2, 1, 1, 2], safe: [0, 1])
}

/// A point of the simplex from the flat Dirichlet distribution [count].
func randomSimplex(_ count: Int, _ random: inout RandomStream) -> [Double] {
  let draws = (0..<count).map { _ in -naturalLogarithm(1 - random.uniform()) }
  let total = draws.reduce(0, +)
  return draws.map { $0 / total }
}

/// A world with any preferences, Bradley–Terry or not, and safety of any dependence on them.
func randomWorld(_ random: inout RandomStream) -> FiniteWorld {
  let count = 2 + random.below(7)
  var preference = [[Double]](repeating: [Double](repeating: 0.5, count: count), count: count)
  for i in 0..<count {
    for j in 0..<i {
      preference[i][j] = sigmoid(1.5 * random.normal())
      preference[j][i] = 1 - preference[i][j]
    }
  }
  return FiniteWorld(
    reference: randomSimplex(count, &random), comparison: randomSimplex(count, &random), preference: preference,
    safety: (0..<count).map { _ in random.uniform() })
}

/// A world in which helpfulness levels and safety levels are independent under μ.
func randomProductWorld(_ random: inout RandomStream) -> FiniteWorld {
  let (levels, grades) = (2 + random.below(3), 1 + random.below(3))
  let help = (0..<levels).map { _ in random.normal() }
  let safety = (0..<grades).map { _ in random.uniform() }
  let (first, second) = (randomSimplex(levels, &random), randomSimplex(grades, &random))
  let scores = help.flatMap { [Double](repeating: $0, count: grades) }
  return FiniteWorld(
    reference: randomSimplex(levels * grades, &random), comparison: first.flatMap { a in second.map { a * $0 } },
    preference: scores.map { a in scores.map { sigmoid(a - $0) } }, safety: help.flatMap { _ in safety })
}

/// τ, α and B₁ at random.
func randomConstants(_ random: inout RandomStream) -> BFPOConstants {
  BFPOConstants(tau: 0.1 + random.uniform(), alpha: random.uniform(), b1: 1.2 + 4 * random.uniform())
}

/// A constrained problem of one to four prompts whose budget binds and can be kept.
func randomProblem(_ random: inout RandomStream) -> ConstrainedProblem {
  let prompts = (0..<1 + random.below(4)).map { _ in
    let count = 2 + random.below(6)
    return ConstrainedPrompt(
      weight: 0.1 + random.uniform(), reference: randomSimplex(count, &random),
      reward: (0..<count).map { _ in 2 * random.normal() }, cost: (0..<count).map { _ in random.normal() })
  }
  let problem = ConstrainedProblem(prompts, beta: 0.1 + random.uniform(), budget: 0)
  let free = problem.dual(at: 0).outcome.cost
  let share = 0.05 + 0.9 * random.uniform()
  return ConstrainedProblem(
    prompts, beta: problem.beta, budget: problem.leastCost + share * (free - problem.leastCost))
}
