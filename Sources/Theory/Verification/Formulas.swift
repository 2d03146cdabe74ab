import Objectives

/// The formulas under test, so that a wrong one can be put in their place to see that its claim fails.
public struct Formulas: Sendable {
  /// R of BFPO's minimiser.
  public var bfpoReward: @Sendable (FiniteWorld, BFPOConstants) -> [Double] = { $0.bfpoReward($1) }
  /// The product form of R.
  public var productReward: @Sendable (FiniteWorld, BFPOConstants) -> [Double] = { $0.bfpoProductReward($1) }
  /// J(u) of BFPO.
  public var bfpoLoss: @Sendable (FiniteWorld, [Double], BFPOConstants) -> Double = {
    $0.bfpoExpectedLoss(logRatio: $1, $2)
  }
  /// Whether E_s and α make BFPO rank safe responses first and unsafe ones by falling helpfulness.
  public var ranksSafeFirst: @Sendable (_ meanSafety: Double, _ alpha: Double) -> Bool = {
    $0 < 2 * $1 && 2 * $1 < 1 + $0
  }
  /// π ∝ π_ref e^{R/τ} and its value.
  public var gibbs: @Sendable (_ reference: [Double], _ reward: [Double], _ tau: Double) -> GibbsOptimum = {
    GibbsOptimum(reference: $0, reward: $1, temperature: $2)
  }
  public var dual: @Sendable (ConstrainedProblem, Double) -> DualPoint = { $0.dual(at: $1) }
  public var constrained: @Sendable (ConstrainedProblem) -> ConstrainedOptimum = { $0.solve() }
  public var safeRLHF: @Sendable (ConstrainedProblem) -> SafeRLHFOptimum = { $0.safeRLHFOptimum() }
  public var dpo: @Sendable (FiniteWorld, Double) -> BradleyTerryOptimum = { $0.dpoOptimum(beta: $1) }
  public var ipo: @Sendable (FiniteWorld, Double) -> GibbsOptimum = { $0.ipoOptimum(tau: $1) }
  public var frontier: @Sendable ([FrontierPrompt]) -> ParetoFrontier = { ParetoFrontier($0) }
  /// With their documented defaults.
  public var objectives: [CatalogueEntry] = catalogue

  public init() {}
}

/// Checks every claim. Pure and deterministic.
public func verify(_ formulas: Formulas = Formulas()) -> [Finding] {
  theoremFindings(formulas) + rankingFindings(formulas) + dualityFindings(formulas) + frontierFindings(formulas)
    + fixtureFindings(formulas) + objectiveFindings(formulas)
}
