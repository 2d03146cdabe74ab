/// Where Safe RLHF's alternation comes to rest, or why it does not.
public enum SafeRLHFOptimum: Hashable, Sendable {
  case fixedPoint(SafeRLHFFixedPoint)
  /// No λ keeps the budget: λ grows until something caps it.
  case unreachable(limitCost: Double, lowestCost: Double)

  public var fixedPoint: SafeRLHFFixedPoint? { if case .fixedPoint(let point) = self { point } else { nil } }
}

/// A fixed point of Safe RLHF with the KL penalty on both streams.
public struct SafeRLHFFixedPoint: Hashable, Sendable {
  /// λ; zero when the budget is slack.
  public var multiplier: Double
  /// β (1 + λ): the KL weight of the fixed-β problem that has the same optimum.
  public var effectiveBeta: Double
  public var outcome: ConstrainedOutcome
  /// g′(λ) = d E c/dλ = −(Var c + Cov(r, c)) / (β (1 + λ)²); the alternation is stable where it is negative.
  public var costSlope: Double
  /// How many λ in the scan keep the budget exactly; more than one when E c is not monotone in λ. The smallest is returned.
  public var crossings: Int

  /// π of the first prompt [K].
  public var policy: [Double] { outcome.policies[0] }
}

extension ConstrainedProblem {
  /// π ∝ π_ref e^{((1 − w) r − w c)/β}, w = λ/(1 + λ): Safe RLHF's best response to λ.
  ///
  /// - Parameter share: w in [0, 1]; 1 is the limit λ → ∞.
  public func safeRLHFResponse(share: Double) -> ConstrainedOutcome {
    let policies = prompts.map { prompt in
      gibbsPolicy(
        reference: prompt.reference, reward: zip(prompt.reward, prompt.cost).map { (1 - share) * $0 - share * $1 },
        temperature: beta)
    }
    return outcome(of: policies)
  }

  /// The fixed point of Safe RLHF, which adds the KL penalty to reward and cost alike and divides the advantage by 1 + λ.
  ///
  ///     π ∝ π_ref e^{(r − λc)/(β(1 + λ))},   E_π c = d
  ///
  /// It is the constrained optimum for the KL weight β(1 + λ), not β. E c need not fall as λ rises (its derivative is
  /// −(Var c + Cov(r, c))/β by w), and for λ → ∞ it tends to its value under π_ref e^{−c/β}, not to min c. So w = λ/(1 + λ) is
  /// scanned at `scan` equal steps from 0 to 1 for the first change from above the budget to within it, which bisection refines;
  /// two crossings inside one step are not seen.
  ///
  /// Source: Dai et al. 2023, arXiv 2310.12773, and its code; the fixed point is derived from the stationarity of the policy.
  public func safeRLHFOptimum(scan: Int = 2048) -> SafeRLHFOptimum {
    let shares = (0...scan).map { Double($0) / Double(scan) }
    let costs = shares.map { safeRLHFResponse(share: $0).cost }
    if costs[0] <= budget {
      return .fixedPoint(fixedPoint(share: 0, crossings: crossings(costs)))
    }
    guard let after = costs[..<scan].firstIndex(where: { $0 <= budget }) ?? lastCrossing(costs) else {
      return .unreachable(limitCost: costs[scan], lowestCost: costs.min() ?? costs[scan])
    }
    var (low, high) = (shares[after - 1], shares[after])
    while true {
      let middle = low + (high - low) / 2
      if !(middle > low && middle < high) { break }
      if safeRLHFResponse(share: middle).cost > budget { low = middle } else { high = middle }
    }
    return .fixedPoint(fixedPoint(share: low + (high - low) / 2, crossings: crossings(costs)))
  }

  /// The limit w = 1 counts only when it is strictly within the budget: then some finite λ before it is a crossing.
  private func lastCrossing(_ costs: [Double]) -> Int? {
    costs[costs.count - 1] < budget ? costs.count - 1 : nil
  }

  private func crossings(_ costs: [Double]) -> Int {
    zip(costs, costs.dropFirst()).count { ($0 <= budget) != ($1 <= budget) }
  }

  private func fixedPoint(share: Double, crossings: Int) -> SafeRLHFFixedPoint {
    let outcome = safeRLHFResponse(share: share)
    let multiplier = share / (1 - share)
    let scale = beta * (1 + multiplier) * (1 + multiplier)
    return SafeRLHFFixedPoint(
      multiplier: multiplier, effectiveBeta: beta * (1 + multiplier), outcome: outcome,
      costSlope: -(outcome.costVariance + outcome.covariance) / scale, crossings: crossings)
  }
}
