/// Where the multiplier λ of a constraint E_{y∼π} c(x, y) ≤ d comes from.
public enum MultiplierRule: Hashable, Sendable {
  /// The objective has no constraint.
  case none
  /// λ* of the exact dual over the reference, solved once before training: D(λ) = τ E_x log E_{π_ref} e^{(r − λc)/τ} + λd.
  case oneShot(budget: Double, tau: Double)
  /// λ moves while the policy is trained.
  case ascent(DualAscent)
}

/// Projected gradient ascent on the dual of a cost constraint.
///
///     λ ← clamp(λ + η (E_{y∼π} c − d), 0, λ_max)   every `interval` optimiser steps
///
/// The multiplier rises while the expected cost is over the budget.
/// Source: arXiv 2403.02475, algorithm 1 (there with λ − η (C_limit − E c)).
public struct DualAscent: Hashable, Sendable {
  /// d: the largest expected cost allowed.
  public var budget: Double
  public var initial: Double
  /// η.
  public var rate: Double
  /// Optimiser steps between two dual steps.
  public var interval: Int
  public var maximum: Double

  public init(budget: Double, initial: Double, rate: Double, interval: Int, maximum: Double) {
    self.budget = budget
    self.initial = initial
    self.rate = rate
    self.interval = interval
    self.maximum = maximum
  }

  /// λ after a dual step at an expected cost.
  public func advanced(_ multiplier: Double, expectedCost: Double) -> Double {
    min(max(multiplier + rate * (expectedCost - budget), 0), maximum)
  }
}
