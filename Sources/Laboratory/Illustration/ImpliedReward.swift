import Theory

/// The reward that BFPO implicitly maximises on a design, exactly and in its product form, each centred under the reference.
public struct ImpliedReward: Codable, Hashable, Sendable {
  /// [responses]
  public var exact: [Double]
  /// [responses]
  public var product: [Double]
  /// E_s
  public var meanSafety: Double
  public var alpha: Double
  /// A = 1/(B₁ − 1).
  public var additive: Double
  /// max − min over responses of Cov(s(y′), p(y, y′)): 0 where the product form is exact.
  public var covarianceGap: Double
  /// The largest difference between the optima of the two forms.
  public var largestPolicyError: Double

  public init(_ world: FiniteWorld, _ constants: BFPOConstants) {
    func centred(_ reward: [Double]) -> [Double] {
      let mean = expectation(reward, under: world.comparison)
      return reward.map { $0 - mean }
    }
    exact = centred(world.bfpoReward(constants))
    product = centred(world.bfpoProductReward(constants))
    meanSafety = world.meanSafety
    alpha = constants.alpha
    additive = constants.additive
    covarianceGap = world.covarianceGap
    largestPolicyError = world.bfpoProductError(constants)
  }

  /// The product form (s + E_s − 2α)(P + A) at a point of the plane, not centred.
  public func product(winProbability: Double, safety: Double) -> Double {
    (safety + meanSafety - 2 * alpha) * (winProbability + additive)
  }
}
