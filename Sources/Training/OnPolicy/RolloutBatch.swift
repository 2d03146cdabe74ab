import Basics
import Objectives
import Policies

/// The responses of one step, scored, and what they teach.
struct RolloutBatch<Query: Sendable> {
  /// Group by group.
  let queries: [Query]
  let rollouts: [ScoredRollout]
  /// The responses to one prompt, with the prompt's number where it has one.
  let groups: [(prompt: Int?, range: Range<Int>)]
  private(set) var targets: [RolloutTarget] = []

  /// - Parameters:
  ///   - logProbabilities, reference: [queries][tokens].
  ///   - values: [queries]; nil without critics.
  init(
    _ groups: [RolloutGroup<Query>], logProbabilities: [[Double]], reference: [[Double]], scores: [ResponseScores],
    values: [TokenStreams]?
  ) {
    queries = groups.flatMap(\.queries)
    var begin = 0
    self.groups = groups.map { group in
      defer { begin += group.queries.count }
      return (group.prompt, begin..<(begin + group.queries.count))
    }
    let weights = groups.flatMap { group in group.weights.map { ($0, group.isExact) } }
    rollouts = weights.enumerated().map { index, weight in
      ScoredRollout(
        logProbabilities: logProbabilities[index], reference: reference[index], scores: scores[index],
        values: values?[index], weight: weight.0, isExact: weight.1)
    }
  }

  var isExact: Bool { rollouts.allSatisfy(\.isExact) }

  /// Σ weight · f.
  func mean(_ value: (ScoredRollout) -> Double) -> Double { rollouts.reduce(0) { $0 + $1.weight * value($1) } }

  /// Advantages and returns, group by group.
  mutating func makeTargets(_ objective: some RolloutObjective, under constraint: ConstraintTracker) {
    let budget = objective.multiplierLaw.budget
    targets = groups.flatMap { prompt, range in
      objective.targets(Array(rollouts[range]), under: constraint.signal(prompt: prompt, budget: budget))
    }
  }

  /// The actor's loss with its derivatives by the log-probability of every token: the mean over a response's tokens, then over
  /// responses by their weights.
  ///
  /// - Parameters:
  ///   - part: the responses to evaluate.
  ///   - logProbabilities: of the part's tokens, [part][tokens].
  func actor(
    _ objective: some RolloutObjective, part: Range<Int>, logProbabilities: [[Double]]
  ) -> ActorEvaluation {
    var result = ActorEvaluation(loss: 0, cotangents: [], clipFraction: 0)
    result.cotangents.reserveCapacity(part.count)
    for index in part {
      let rollout = rollouts[index]
      let own = logProbabilities[index - part.lowerBound]
      let count = rollout.logProbabilities.count
      let share = rollout.weight / Double(count)
      var cotangent = [Double](repeating: 0, count: count)
      for t in 0..<count {
        let value = objective.actorLoss(
          logProbability: own[t], old: rollout.logProbabilities[t],
          advantage: targets[index].advantages[t])
        result.loss += share * value.loss
        cotangent[t] = share * value.derivative
        if value.isClipped { result.clipFraction += share }
      }
      result.cotangents.append(cotangent)
    }
    return result
  }

  /// ∂L/∂V of both critics, [queries], each [tokens]; nil without critics.
  func criticDerivatives(_ objective: some RolloutObjective, values: [TokenStreams]) -> [TokenStreams]? {
    var derivatives: [TokenStreams] = []
    derivatives.reserveCapacity(rollouts.count)
    for (index, rollout) in rollouts.enumerated() {
      guard let old = rollout.values, let returns = targets[index].returns else { return nil }
      func derivative(_ values: [Double], _ old: [Double], _ returns: [Double]) -> [Double] {
        returns.indices.map { t in
          objective.criticLoss(value: values[t], old: old[t], target: returns[t]).derivative
        }
      }
      derivatives.append(
        TokenStreams(
          reward: derivative(values[index].reward, old.reward, returns.reward),
          cost: derivative(values[index].cost, old.cost, returns.cost)))
    }
    return derivatives
  }

  /// 1 − Var(G − V)/Var(G) of each critic over the responses' first tokens, 0 where G does not vary; nil without critics.
  func explainedVariances() -> (reward: Double, cost: Double)? {
    var reward = ExplainedVariance()
    var cost = ExplainedVariance()
    for (rollout, target) in zip(rollouts, targets) {
      guard let values = rollout.values, let returns = target.returns else { return nil }
      reward.add(returns.reward[0], value: values.reward[0], weight: rollout.weight)
      cost.add(returns.cost[0], value: values.cost[0], weight: rollout.weight)
    }
    return (reward.value, cost.value)
  }
}

/// Moments of returns G and errors G − V.
private struct ExplainedVariance {
  private var returns = 0.0
  private var squares = 0.0
  private var errors = 0.0
  private var errorSquares = 0.0

  mutating func add(_ target: Double, value: Double, weight: Double) {
    let error = target - value
    returns += weight * target
    squares += weight * target * target
    errors += weight * error
    errorSquares += weight * error * error
  }

  var value: Double {
    let variance = squares - returns * returns
    return variance > 1e-12 * squares ? 1 - (errorSquares - errors * errors) / variance : 0
  }
}

/// The actor's loss, its derivatives [part][tokens], and the share of tokens that clipping stopped.
struct ActorEvaluation {
  var loss: Double
  var cotangents: [[Double]]
  var clipFraction: Double
}
