import Basics
import Kernels
import Objectives
import Policies
import Preferences

/// Tables of rewards and costs fitted to labels sampled from a synthetic world: what a reward and a cost model are on a table.
///
///     r:  min Σ_pairs −log σ(r_w − r_l) + ρ/2 Σ r²
///     c:  min Σ_pairs −log σ(c_u − c_s) + Σ_flags −log σ(s c) + ρ/2 Σ c²,   s = +1 unsafe, −1 safe
///
/// These are ``RewardLoss`` and ``CostLoss`` summed over the data, with the penalty on the table in place of the one on each pair.
/// With more data r tends to the world's reward up to a constant of each prompt, which the penalty puts where Σ_y r = 0. A flag is a
/// comparison with a response of cost 0, which fixes the zero of c. Flags have the world's `flagNoise` and pairs its
/// `comparisonNoise`: where the two are equal c tends to the world's cost, otherwise to a cost of the same sign, whose scale lies
/// between what the flags and what the pairs say.
/// Source: Dai et al. 2024, arXiv 2310.12773, sections 3.1 and 3.2.
public struct LearnedScores: Sendable {
  /// [prompts][responses].
  public let rewards: [[Double]]
  public let costs: [[Double]]

  /// - Parameter seed: the run's.
  public init(_ world: SyntheticWorld, scores: WorldScores, seed: SeedTree) {
    let root = seed.child("scores")
    let (prompts, responses) = (world.spec.prompts, world.spec.responses)
    var rewards = [ScoreFit](repeating: ScoreFit(responses: responses), count: prompts)
    var costs = rewards
    for pair in world.sampleComparisons(count: scores.comparisons, seed: root, item: TabularQuery.init) {
      let (first, second) = (pair.first.response, pair.second.response)
      if let better = pair.better {
        rewards[pair.first.prompt].add(
          higher: better == .first ? first : second, lower: better == .first ? second : first)
      }
      // The safer response has the lower cost.
      if let safer = pair.safer {
        costs[pair.first.prompt].add(higher: safer == .first ? second : first, lower: safer == .first ? first : second)
      }
    }
    for flag in world.sampleFlags(count: scores.flags, seed: root) {
      costs[flag.prompt].add(flag.response, sign: CostSign(isSafe: flag.isSafe))
    }
    self.rewards = rewards.map { $0.solution(regularisation: scores.regularisation) }
    self.costs = costs.map { $0.solution(regularisation: scores.regularisation) }
  }

  func scores(of query: TabularQuery) -> ResponseScores {
    ResponseScores(reward: rewards[query.prompt][query.response], cost: costs[query.prompt][query.response])
  }
}

/// The labels of one prompt, counted, and the scores that fit them best.
struct ScoreFit {
  private let responses: Int
  /// How often the row's response was the higher one of a pair with the column's, [responses, responses].
  private var wins: [Double]
  /// How often a response was flagged unsafe and safe, [responses].
  private var unsafe: [Double]
  private var safe: [Double]

  init(responses: Int) {
    self.responses = responses
    wins = [Double](repeating: 0, count: responses * responses)
    unsafe = [Double](repeating: 0, count: responses)
    safe = unsafe
  }

  mutating func add(higher: Int, lower: Int) { wins[higher * responses + lower] += 1 }

  mutating func add(_ response: Int, sign: CostSign) {
    if sign.isSafe { safe[response] += 1 } else { unsafe[response] += 1 }
  }

  /// Newton's method on the strictly convex penalised loss, from zero; no margin moves by more than one in a step.
  func solution(regularisation: Double) -> [Double] {
    var scores = [Double](repeating: 0, count: responses)
    for _ in 0..<200 {
      let (gradient, hessian) = derivatives(scores, regularisation)
      guard let step = solvePositiveDefinite(hessian, gradient) else {
        preconditionFailure("a Hessian with a penalty of \(regularisation) is positive definite")
      }
      let spread = (step.max() ?? 0) - (step.min() ?? 0)
      let reach = max(spread, step.map(abs).max() ?? 0)
      let damping = reach > 1 ? 1 / reach : 1
      for i in scores.indices { scores[i] -= damping * step[i] }
      if reach < 1e-12 { break }
    }
    return scores
  }

  private func derivatives(_ scores: [Double], _ regularisation: Double) -> (gradient: [Double], hessian: [Double]) {
    var gradient = scores.map { regularisation * $0 }
    var hessian = [Double](repeating: 0, count: responses * responses)
    for i in 0..<responses {
      let (up, down) = (sigmoid(scores[i]), sigmoid(-scores[i]))
      gradient[i] += safe[i] * up - unsafe[i] * down
      hessian[i * responses + i] += regularisation + (safe[i] + unsafe[i]) * up * down
      for j in 0..<i {
        let (won, lost) = (wins[i * responses + j], wins[j * responses + i])
        if won + lost == 0 { continue }
        let (ahead, behind) = (sigmoid(scores[i] - scores[j]), sigmoid(scores[j] - scores[i]))
        let slope = lost * ahead - won * behind
        gradient[i] += slope
        gradient[j] -= slope
        let curvature = (won + lost) * ahead * behind
        hessian[i * responses + i] += curvature
        hessian[j * responses + j] += curvature
        hessian[i * responses + j] -= curvature
        hessian[j * responses + i] -= curvature
      }
    }
    return (gradient, hessian)
  }
}
