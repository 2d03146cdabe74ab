/// The costs that a policy's responses to one prompt have.
public struct CostDistribution: Hashable, Sendable {
  /// [responses].
  public var costs: [Double]
  /// π(·|x), [responses].
  public var probabilities: [Double]

  public init(costs: [Double], probabilities: [Double]) {
    precondition(costs.count == probabilities.count, "\(costs.count) costs, \(probabilities.count) probabilities")
    self.costs = costs
    self.probabilities = probabilities
  }

  /// E c.
  public var mean: Double { zip(probabilities, costs).reduce(0) { $0 + $1.0 * $1.1 } }
}

extension RolloutObjective {
  /// What the constraint bounds, exactly: E c or its tail's mean, one number or one a prompt.
  ///
  /// - Parameter prompts: the policy's costs on each prompt, prompts weighted alike.
  public func exactRisks(_ prompts: [CostDistribution]) -> [Double] {
    if lambdaScope == .prompt {
      return prompts.map { costRisk.isMean ? $0.mean : costRisk.evaluate($0.costs, weights: $0.probabilities).value }
    }
    if costRisk.isMean { return [prompts.reduce(0) { $0 + $1.mean } / Double(prompts.count)] }
    return [costRisk.evaluate(prompts.flatMap(\.costs), weights: prompts.flatMap(\.probabilities)).value]
  }

  /// (E c − d)₊, the mean over prompts where each has a budget of its own.
  public func violation(_ prompts: [CostDistribution]) -> Double {
    let risks = exactRisks(prompts)
    return risks.reduce(0) { $0 + max(0, $1 - multiplierLaw.budget) } / Double(risks.count)
  }
}
