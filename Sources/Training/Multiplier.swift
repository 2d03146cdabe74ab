import Basics
import Objectives
import Policies

/// The multiplier λ of a cost constraint during a run, and how it moves.
public struct Multiplier<P: Policy & ~Copyable> {
  /// λ at this step; a checkpoint sets it.
  public internal(set) var value: Double
  let isConstrained: Bool
  private let ascent: DualAscent?
  private let expectedCost: (borrowing P, Int) throws -> Double

  /// λ = 0 for an objective without a constraint.
  public static var unconstrained: Multiplier {
    Multiplier(value: 0, isConstrained: false, ascent: nil) { _, _ in 0 }
  }

  /// λ does not move.
  public static func fixed(_ value: Double) -> Multiplier {
    Multiplier(value: value, isConstrained: true, ascent: nil) { _, _ in 0 }
  }

  /// λ follows dual ascent.
  ///
  /// - Parameter expectedCost: E_{x, y∼π} c(x, y) of the policy after a number of steps, exact or estimated.
  public static func ascent(
    _ ascent: DualAscent, expectedCost: @escaping (borrowing P, Int) throws -> Double
  ) -> Multiplier {
    Multiplier(value: ascent.initial, isConstrained: true, ascent: ascent, expectedCost: expectedCost)
  }

  private init(
    value: Double, isConstrained: Bool, ascent: DualAscent?,
    expectedCost: @escaping (borrowing P, Int) throws -> Double
  ) {
    self.value = value
    self.isConstrained = isConstrained
    self.ascent = ascent
    self.expectedCost = expectedCost
  }

  /// Takes a dual step where one is due.
  ///
  /// - Parameter step: optimiser steps done.
  /// - Returns: the expected cost that was looked at; nil when no dual step was due.
  mutating func advance(_ policy: borrowing P, step: Int) throws -> Double? {
    guard let ascent, step % ascent.interval == 0 else { return nil }
    let cost = try expectedCost(policy, step)
    value = ascent.advanced(value, expectedCost: cost)
    return cost
  }

  /// Whether λ ended at its cap though the last quarter of the run was over the budget (to 0.01, or 1 % of a larger budget): the
  /// budget may be one that some policy keeps, but not this run with this cap.
  ///
  /// - Throws: ``UserError`` (4).
  func checkEnd(_ curve: TrainingCurve) throws {
    guard let ascent, value >= 0.999 * ascent.maximum else { return }
    let late = curve.points.suffix(max(1, curve.points.count / 4)).compactMap(\.expectedCost)
    guard !late.isEmpty, mean(late) > ascent.budget + 0.01 * max(1, abs(ascent.budget)) else { return }
    throw UserError(
      "the cost budget cannot be kept: λ ended at its cap \(ascent.maximum)", at: "the last quarter of the run",
      because: "the expected cost is \(fixed3(mean(late))) for a budget of \(fixed3(ascent.budget))",
      advice: "raise `lambdaMax` or the number of steps if a policy keeps the budget, which was checked on a synthetic "
        + "world before training; otherwise raise `budget`", exitCode: .infeasible)
  }
}
