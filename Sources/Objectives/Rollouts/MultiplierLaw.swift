import Basics

/// How the multiplier of a cost constraint moves while the policy learns from its own responses.
public enum MultiplierUpdate: String, NamedChoice {
  /// ln λ ← ln λ + ηλ (J_C − d): Safe RLHF. λ stays above 0, and a small λ recovers slowly.
  case logarithmic
  /// λ ← [λ + η (J_C − d)]₊: projected gradient ascent on the dual.
  case projected
  /// λ = [P + I + D]₊ of the error J_C − d: less oscillation than I alone, which is `projected`.
  case pid
}

/// The multiplier's law of motion.
///
///     logarithmic:  ln λ ← min(ln λ + η λ (J_C − d), ln λ_max)
///     projected:    λ ← clamp(λ + η (J_C − d), 0, λ_max)
///     pid:          e = J_C − d;  I ← [I + k_I e]₊;  P = k_P EMA(e);  D = k_D [EMA(J_C) − EMA(J_C) ten steps ago]₊
///                   λ ← clamp(P + I + D, 0, λ_max),  EMA(z) ← 0.95 EMA(z) + 0.05 z
///
/// With a policy that always answers λ best, the logarithmic update is stable while ηλ²|dE c/dλ| < 2.
/// Source: arXiv 2310.12773, code (gradient descent on ln λ of −λ(J_C − d)); Achiam and Ray 2019 (projected); Stooke, Achiam and
/// Abbeel 2020, arXiv 2007.03964, with the constants of OmniSafe (pid).
public struct MultiplierLaw: Hashable, Sendable {
  public var update: MultiplierUpdate
  /// d: the largest expected cost allowed.
  public var budget: Double
  /// λ before the first step; > 0 for the logarithmic update.
  public var initial: Double
  /// η of the first two updates.
  public var rate: Double
  /// λ_max; finite, so that a budget nobody can keep ends somewhere.
  public var maximum: Double
  /// Steps before the first update.
  public var delay: Int
  /// Whether λ moves at all.
  public var isLearned = true
  /// k_P, k_I and k_D of the third.
  public var proportionalGain = 0.1
  public var integralGain = 0.01
  public var derivativeGain = 0.01

  static let memory = 0.95
  static let lookBack = 10

  public init(
    update: MultiplierUpdate = .logarithmic, budget: Double, initial: Double, rate: Double, maximum: Double,
    delay: Int = 0
  ) {
    self.update = update
    self.budget = budget
    self.initial = initial
    self.rate = rate
    self.maximum = maximum
    self.delay = delay
  }

  public var initialState: MultiplierState {
    MultiplierState(
      value: initial, logarithm: initial > 0 ? naturalLogarithm(initial) : 0, integral: initial)
  }

  /// The state after one step.
  ///
  /// - Parameter expectedCost: J_C; nil when no cost was seen, which leaves λ where it is.
  public func advanced(_ state: MultiplierState, expectedCost: Double?) -> MultiplierState {
    var next = state
    next.steps += 1
    guard isLearned, state.steps >= delay, let expectedCost else { return next }
    let excess = expectedCost - budget
    switch update {
    case .logarithmic:
      next.logarithm = min(state.logarithm + rate * state.value * excess, naturalLogarithm(maximum))
      next.value = exponential(next.logarithm)
    case .projected:
      next.value = min(max(state.value + rate * excess, 0), maximum)
    case .pid:
      let memory = Self.memory
      next.error = memory * state.error + (1 - memory) * excess
      next.integral = min(max(state.integral + integralGain * excess, 0), maximum)
      next.cost = state.cost.map { memory * $0 + (1 - memory) * expectedCost } ?? expectedCost
      let current = next.cost ?? expectedCost
      let rise = max(0, current - (state.pastCosts.first ?? current))
      next.pastCosts = (state.pastCosts + [current]).suffix(Self.lookBack)
      next.value = min(max(proportionalGain * next.error + next.integral + derivativeGain * rise, 0), maximum)
    }
    return next
  }
}

/// λ with what its law remembers.
public struct MultiplierState: Codable, Hashable, Sendable {
  /// λ.
  public fileprivate(set) var value: Double
  /// ln λ, which the logarithmic update keeps apart from λ so that rounding does not add up; 0 where λ starts at 0, which that
  /// update refuses.
  public fileprivate(set) var logarithm: Double
  /// Steps taken, those of the delay among them.
  public fileprivate(set) var steps = 0
  fileprivate var integral: Double
  fileprivate var error = 0.0
  fileprivate var cost: Double?
  fileprivate var pastCosts: [Double] = []

  fileprivate init(value: Double, logarithm: Double, integral: Double) {
    self.value = value
    self.logarithm = logarithm
    self.integral = integral
  }
}
