/// Constrained DPO: DPO on pairs relabelled by r − λc, with a dual step on λ from the policy's expected cost.
///
///     max_π E r − τ KL(π ‖ π_ref)  subject to  E_{y∼π} c ≤ d
///     L(h) = −p log σ(τh) − (1 − p) log σ(−τh),  p = σ(Δr − λΔc)
///     λ ← clamp(λ + η (E_{y∼π} c − d), 0, λ_max)
///
/// Source: Liu, Sun, Zheng 2024 (ICLR workshop), arXiv 2403.02475, algorithm 1.
public struct ConstrainedDPO: SoftLabelObjective {
  public var tau = 0.1
  /// d: the largest expected cost allowed.
  public var budget = 0.0
  /// λ before the first step.
  public var lambdaInitial = 1.0
  /// η > 0 of the dual step.
  public var lambdaRate = 0.05
  /// Optimiser steps between two dual steps.
  public var lambdaInterval = 10
  /// Largest λ: what an infeasible budget ends at.
  public var lambdaMax = 20.0
  public var reduction = Reduction.sum

  public static let card = ObjectiveCard(
    id: "constrained-dpo", title: "Constrained DPO (C-DPO)",
    equation: "L = −p log σ(τh) − (1 − p) log σ(−τh),  p = σ(Δr − λΔc);  λ ← [λ + η (E_π c − d)]₊",
    tauDirection: "a larger τ keeps the policy closer to the reference",
    source: "Liu, Sun, Zheng 2024 (ICLR workshop), arXiv 2403.02475, algorithm 1",
    citationKey: "liu2024cdpo", labels: [.rewards, .costs],
    conventions:
      "often called C-DPO or CDPO, a name that conservative DPO also bears; λ rises while the expected cost is over the budget d; soft labels instead of the paper's hard relabelling, whose optimum is degenerate; one dual step every lambdaInterval steps instead of after each whole DPO run; the paper's λ₀ and η are not known, the defaults are ours; log-probabilities are summed over response tokens",
    stationaryPoint: "h = (Δr − λΔc)/τ",
    populationOptimum: "π ∝ π_ref e^{(r − λ*c)/τ}, λ* ≥ 0 the smallest with E_π c ≤ d; none for an infeasible budget",
    stepZero: "ln 2")

  public init() {}

  public var complaint: String? {
    if let complaint = complaintAboutTau(tau) ?? complaintAboutBudget(budget) { return complaint }
    if !(lambdaMax > 0 && lambdaMax.isFinite) { return "lambdaMax must be positive and finite, got \(lambdaMax)" }
    if !(lambdaInitial >= 0 && lambdaInitial <= lambdaMax) {
      return "lambdaInitial must lie in [0, lambdaMax], got \(lambdaInitial)"
    }
    if !(lambdaRate > 0 && lambdaRate.isFinite) { return "lambdaRate must be positive and finite, got \(lambdaRate)" }
    return lambdaInterval > 0 ? nil : "lambdaInterval must be at least 1, got \(lambdaInterval)"
  }

  public var multiplierRule: MultiplierRule {
    .ascent(
      DualAscent(
        budget: budget, initial: lambdaInitial, rate: lambdaRate, interval: lambdaInterval, maximum: lambdaMax))
  }
}
