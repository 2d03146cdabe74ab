import Basics
import Objectives
import TestSupport
import Testing
import Training

/// Budgets that cannot be kept, multipliers that do nothing, and costs that are all on one side.
@Suite struct ConstraintCheckTests {
  private func costs(_ change: (Double) -> Double) -> [[ResponseScores]] {
    TwoPromptRun.scores.map { $0.map { ResponseScores(reward: $0.reward, cost: change($0.cost)) } }
  }

  @Test(arguments: [5, 1e9]) func `a budget out of reach ends with λ at its cap, and is said`(cap: Double) {
    let error = #expect(throws: UserError.self) {
      try TwoPromptRun(steps: 1500) { ($0.budget, $0.lambdaMax, $0.lambdaRate) = (-0.9, cap, 0.5) }.run()
    }
    #expect(error?.exitCode == .infeasible)
    #expect(error?.what.contains("cap") == true && error?.why?.contains("budget of -0.900") == true)
  }

  @Test func `costs that are all unsafe are a budget out of reach`() {
    let error = #expect(throws: UserError.self) {
      try TwoPromptRun(steps: 600) { $0.budget = 0 }.run(scores: costs { abs($0) + 0.5 })
    }
    #expect(error?.exitCode == .infeasible)
  }

  @Test func `costs that are all safe let λ fall, and the run is a plain one`() throws {
    let result = try TwoPromptRun(steps: 3000) { ($0.budget, $0.lambdaRate) = (0, 0.5) }.run(scores: costs { _ in -1 })
    #expect(result.multiplier < 0.01 && result.multiplier > 0)
    #expect(result.curve.meanOverSteps(\.violation) == 0)
    // Without a constraint: π ∝ π_ref e^{r/τ}, E r = 1.542.
    #expect(abs(result.outcome.reward - 1.5420464340758433) < 0.01)
  }

  @Test func `a λ that never moved while the budget was violated fails the run`() {
    let error = #expect(throws: UserError.self) { try TwoPromptRun(steps: 200) { $0.lambdaDelay = 1000 }.run() }
    #expect(error?.exitCode == .numericalFailure && error?.what.contains("never moved") == true)
    #expect(error?.advice?.contains("lambdaDelay") == true)
  }

  @Test func `a λ that vanished fails the run where the budget is violated`() {
    // Harmless costs for a while shrink λ; then the reward's pull brings the costly responses, and λ cannot come back.
    let scores = TwoPromptRun.scores.map { $0.map { ResponseScores(reward: 3 * $0.cost, cost: 20 * $0.cost - 8) } }
    let error = #expect(throws: UserError.self) {
      try TwoPromptRun(steps: 800) { ($0.budget, $0.lambdaRate) = (5, 2) }.run(scores: scores)
    }
    #expect(error?.exitCode == .numericalFailure && error?.what.contains("vanished") == true)
    #expect(error?.advice?.contains("projected") == true)
  }

  @Test func `a delay that ends lets λ move`() throws {
    let result = try TwoPromptRun(steps: 2500) { $0.lambdaDelay = 100 }.run()
    #expect(abs(result.multiplier / 1.430235 - 1) < 0.25)
  }

  @Test func `violation is what the policy is over the budget by, step by step`() throws {
    let curve = try TwoPromptRun(steps: 60) { ($0.samples, $0.combiner) = (0, .shaping) }.run().curve
    for point in curve.points {
      let rollouts = try #require(point.rollouts)
      #expect(abs(rollouts.violation - max(0, rollouts.cost + 0.2)) < 1e-12)
    }
    // The reference's expected cost is 0.3625.
    #expect(abs(try #require(curve.points[0].rollouts?.violation) - 0.5625) < 1e-12)
  }
}
