/// The constants of BFPO: τ > 0, the shift α and B₁ > 1.
public struct BFPOConstants: Hashable, Sendable {
  public var tau: Double
  public var alpha: Double
  public var b1: Double

  /// The defaults are those of the objective `bfpo`.
  public init(tau: Double = 0.01, alpha: Double = 0.5, b1: Double = 3) {
    precondition(tau > 0 && b1 > 1, "τ must be positive and B₁ greater than 1, got τ = \(tau), B₁ = \(b1)")
    self.tau = tau
    self.alpha = alpha
    self.b1 = b1
  }

  /// A = 1/(B₁ − 1), the helpfulness constant of the implied reward.
  public var additive: Double { 1 / (b1 - 1) }

  /// E[g | winner, loser] = A (B₁ s_w − s_l) − α for labels that are safe with the given probabilities.
  func label(_ winnerSafe: Double, _ loserSafe: Double) -> Double {
    additive * (b1 * winnerSafe - loserSafe) - alpha
  }

  /// Var[g | winner, loser] of independent Bernoulli labels.
  func labelVariance(_ winnerSafe: Double, _ loserSafe: Double) -> Double {
    additive * additive * (b1 * b1 * winnerSafe * (1 - winnerSafe) + loserSafe * (1 - loserSafe))
  }
}

/// The exact theory of BFPO on a finite world.
///
/// Source: Zhang, Torr, Elhoseiny, Bibi 2025 (ICLR), arXiv 2408.15313, for the product form; the exact form for dependent
/// helpfulness and safety is derived from the normal equations of the expected loss.
extension FiniteWorld {
  /// The reward whose KL-regularised optimum minimises BFPO's expected loss, whatever the world [K]:
  ///
  ///     R(y) = s(y) (P(y) + A) + C(y) − 2α P(y)
  public func bfpoReward(_ constants: BFPOConstants) -> [Double] {
    let win = winRate
    let weighted = safetyWeightedWinRate
    return (0..<count).map { y in
      safety[y] * (win[y] + constants.additive) + weighted[y] - 2 * constants.alpha * win[y]
    }
  }

  /// The product form, which equals ``bfpoReward(_:)`` up to a constant where ``covarianceGap`` is zero [K]:
  ///
  ///     R(y) = (s(y) + E_s − 2α) (P(y) + A)
  public func bfpoProductReward(_ constants: BFPOConstants) -> [Double] {
    let shift = meanSafety - 2 * constants.alpha
    return zip(safety, winRate).map { ($0 + shift) * ($1 + constants.additive) }
  }

  /// The minimiser π* ∝ π_ref e^{R/τ} of BFPO's expected loss.
  ///
  /// A response that μ never draws does not enter the loss: there the value is the limit of small μ.
  public func bfpoOptimum(_ constants: BFPOConstants) -> GibbsOptimum {
    rlhfOptimum(reward: bfpoReward(constants), tau: constants.tau)
  }

  /// The policy that the product form names, π ∝ π_ref e^{R/τ}.
  public func bfpoProductOptimum(_ constants: BFPOConstants) -> GibbsOptimum {
    rlhfOptimum(reward: bfpoProductReward(constants), tau: constants.tau)
  }

  /// max_y |π*(y) − π_product(y)|.
  public func bfpoProductError(_ constants: BFPOConstants) -> Double {
    zip(bfpoOptimum(constants).policy, bfpoProductOptimum(constants).policy).map { abs($0 - $1) }.max() ?? 0
  }

  /// The signed label of the pair oriented (i, j): its mean, and its variance over helpfulness and safety outcomes.
  ///
  ///     M(i, j) = p E[g(i, j)] − (1 − p) E[g(j, i)] = −M(j, i)
  public func bfpoLabel(_ i: Int, _ j: Int, _ constants: BFPOConstants) -> (mean: Double, variance: Double) {
    let p = preference[i][j]
    let forward = constants.label(safety[i], safety[j])
    let backward = constants.label(safety[j], safety[i])
    let mean = p * forward - (1 - p) * backward
    let second =
      p * (forward * forward + constants.labelVariance(safety[i], safety[j]))
      + (1 - p) * (backward * backward + constants.labelVariance(safety[j], safety[i]))
    return (mean, max(0, second - mean * mean))
  }

  /// BFPO's expected loss over ordered pairs from μ ⊗ μ (self pairs included) and Bernoulli labels:
  ///
  ///     J(u) = E_{i,j∼μ} [(uᵢ − uⱼ − M(i, j)/τ)² + Var(g)/τ²]
  ///
  /// - Parameter logRatio: u = log π/π_ref [K], any constant added.
  public func bfpoExpectedLoss(logRatio: [Double], _ constants: BFPOConstants) -> Double {
    expectedLoss { i, j in
      let label = bfpoLabel(i, j, constants)
      let difference = logRatio[i] - logRatio[j] - label.mean / constants.tau
      return difference * difference + label.variance / (constants.tau * constants.tau)
    }
  }

  /// E_{i,j∼μ} f(i, j).
  func expectedLoss(_ ofPair: (Int, Int) -> Double) -> Double {
    var total = 0.0
    for i in 0..<count where comparison[i] > 0 {
      for j in 0..<count where comparison[j] > 0 { total += comparison[i] * comparison[j] * ofPair(i, j) }
    }
    return total
  }
}
