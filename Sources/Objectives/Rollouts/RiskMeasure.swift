/// What a constraint bounds of a distribution of costs: its mean, or the mean of its worst part.
///
///     CVaR_α(C) = min_q q + E (C − q)₊ / α        q = VaR_α, the cost that a share α lies at or above
///
/// CVaR_α is the mean of the worst share α of the costs; α = 1 is the mean itself, and α → 0 the largest cost. For rewards the worst
/// part is the lower tail: −CVaR_α(−X).
/// Source: Rockafellar and Uryasev 2000, "Optimization of conditional value-at-risk"; constraint on a tail after arXiv 2307.02842.
public struct RiskMeasure: Hashable, Sendable {
  /// α in (0, 1].
  public var share: Double

  /// E C.
  public static let mean = RiskMeasure(share: 1)

  /// - Parameter share: α.
  public static func cvar(_ share: Double) -> RiskMeasure { RiskMeasure(share: share) }

  private init(share: Double) {
    precondition(share > 0 && share <= 1, "the share of a tail must lie in (0, 1], got \(share)")
    self.share = share
  }

  public var isMean: Bool { share == 1 }

  /// The measure of a finite distribution, and the cost q at which its tail begins.
  ///
  /// The worst costs are taken one by one until they have probability α, the last one in part; that is the minimum above, reached
  /// at q, the last cost that was taken.
  ///
  /// - Parameters:
  ///   - costs: [n], at least one.
  ///   - weights: probabilities, [n]; they are divided by their sum. Nil for equal ones.
  public func evaluate(_ costs: [Double], weights: [Double]? = nil) -> TailRisk {
    precondition(!costs.isEmpty, "a risk needs a cost")
    precondition(weights.map { $0.count == costs.count } != false, "\(costs.count) costs and other weights")
    let shares = weights ?? [Double](repeating: 1, count: costs.count)
    let total = shares.reduce(0, +)
    let order = costs.indices.sorted { (costs[$0], $0) > (costs[$1], $1) }.filter { shares[$0] > 0 }
    var (left, sum) = (share, 0.0)
    for index in order {
      let taken = min(left, shares[index] / total)
      sum += taken * costs[index]
      left -= taken
      // Rounding may leave a last crumb of α that no cost is left for.
      if left <= 1e-15 || index == order.last { return TailRisk(value: sum / (share - left), quantile: costs[index]) }
    }
    preconditionFailure("the weights of a risk are all zero")
  }

  /// The cost whose mean over the responses of a policy with VaR q is the measure: c for the mean, q + (c − q)₊/α for a tail.
  ///
  /// Its policy gradient is that of CVaR_α, because q is where the minimum is reached (the envelope theorem).
  ///
  /// - Parameter quantile: q; not read for the mean.
  public func signal(_ cost: Double, quantile: Double) -> Double {
    isMean ? cost : quantile + max(0, cost - quantile) / share
  }
}

/// A risk with the quantile of its tail.
public struct TailRisk: Codable, Hashable, Sendable {
  /// CVaR_α.
  public var value: Double
  /// VaR_α.
  public var quantile: Double

  public init(value: Double, quantile: Double) {
    self.value = value
    self.quantile = quantile
  }
}
