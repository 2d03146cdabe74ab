import Basics
import Objectives

/// Every λ of a run with the costs that it follows: one for all prompts, or one a prompt. Also the lowest reward so far.
///
/// It is all that a run's constraint remembers, so that a checkpoint of it goes on as the run would have.
public struct ConstraintTracker: Codable, Hashable, Sendable {
  /// One λ.
  public struct Part: Codable, Hashable, Sendable {
    public fileprivate(set) var state: MultiplierState
    fileprivate var window: CostWindow
    /// J_C and the beginning of its tail; nil before the first cost.
    public fileprivate(set) var risk: TailRisk?
    /// Whether λ was ever something else than at the beginning.
    public fileprivate(set) var hasMoved = false
  }

  /// One, or one for each prompt.
  public private(set) var parts: [Part]
  private var lowestReward: Double?

  /// - Parameter promptCount: needed for λs of the prompts' own.
  public init(_ objective: some RolloutObjective, promptCount: Int?) {
    let part = Part(state: objective.multiplierLaw.initialState, window: CostWindow(capacity: objective.window))
    switch objective.lambdaScope {
    case .all: parts = [part]
    case .prompt:
      guard let promptCount else { preconditionFailure("a λ for every prompt needs prompts that come back") }
      parts = [Part](repeating: part, count: promptCount)
    }
  }

  /// Takes in a step's responses and moves every λ whose costs they show.
  mutating func observe<Query>(_ batch: RolloutBatch<Query>, objective: some RolloutObjective) {
    for rollout in batch.rollouts { lowestReward = min(lowestReward ?? rollout.scores.reward, rollout.scores.reward) }
    let law = objective.multiplierLaw
    for (index, rollouts) in shares(batch, objective.lambdaScope).enumerated() where !rollouts.isEmpty {
      parts[index].observe(rollouts, isExact: batch.isExact, risk: objective.costRisk)
      let before = parts[index].state.value
      parts[index].state = law.advanced(parts[index].state, expectedCost: parts[index].risk?.value)
      if parts[index].state.value != before { parts[index].hasMoved = true }
    }
  }

  /// The responses that each λ looks at.
  private func shares<Query>(_ batch: RolloutBatch<Query>, _ scope: MultiplierScope) -> [[ScoredRollout]] {
    guard scope == .prompt else { return [batch.rollouts] }
    var shares = [[ScoredRollout]](repeating: [], count: parts.count)
    for group in batch.groups { shares[part(of: group.prompt)] += batch.rollouts[group.range] }
    return shares
  }

  private func part(of prompt: Int?) -> Int {
    if parts.count == 1 { return 0 }
    guard let prompt else { preconditionFailure("a λ for every prompt needs responses that know theirs") }
    return prompt
  }

  /// What the responses to a prompt are judged with.
  func signal(prompt: Int?, budget: Double) -> ConstraintSignal {
    let part = parts[part(of: prompt)]
    return ConstraintSignal(
      multiplier: part.state.value, isViolated: (part.risk?.value ?? 0) > budget,
      costQuantile: part.risk?.quantile ?? 0, lowestReward: lowestReward ?? 0)
  }

  /// λ, averaged over prompts.
  public var multiplier: Double { mean(parts.map(\.state.value)) }

  /// Each prompt's λ; nil where there is one for all.
  var promptMultipliers: [Double]? { parts.count > 1 ? parts.map(\.state.value) : nil }

  /// J_C, averaged over the prompts whose costs were seen; nil before the first cost.
  var expectedCost: Double? {
    let seen = parts.compactMap { $0.risk?.value }
    return seen.isEmpty ? nil : mean(seen)
  }
}

extension ConstraintTracker.Part {
  fileprivate mutating func observe(_ rollouts: [ScoredRollout], isExact: Bool, risk measure: RiskMeasure) {
    let costs = rollouts.map(\.scores.cost)
    if isExact {
      risk = measure.evaluate(exactly: costs, weights: rollouts.map(\.weight))
    } else {
      window.add(costs)
      risk = window.mean.map { measure.isMean ? TailRisk(value: $0, quantile: 0) : measure.evaluate(window.costs) }
    }
  }
}

extension RiskMeasure {
  /// The measure of costs whose weights are probabilities, up to a factor where they belong to one prompt.
  func evaluate(exactly costs: [Double], weights: [Double]) -> TailRisk {
    guard isMean else { return evaluate(costs, weights: weights) }
    let total = weights.reduce(0, +)
    // Weights that sum to one but for rounding are taken as they are.
    let scale = abs(total - 1) < 1e-9 ? 1 : 1 / total
    return TailRisk(value: scale * zip(weights, costs).reduce(0) { $0 + $1.0 * $1.1 }, quantile: 0)
  }
}
