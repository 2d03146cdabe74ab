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
}
