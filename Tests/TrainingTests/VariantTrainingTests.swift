import Basics
import Objectives
import TestSupport
import Testing
import Theory
import Training

/// The variants of Safe RLHF that are one parameter away from it, against their exact optima.
@Suite struct VariantTrainingTests {
  /// p_c of both prompts' responses.
  private static let unsafe = [[0.2, 0.9, 0.05, 0.01], [0.02, 0.95, 0.3, 0.1]]
  private static let scores = zip(TwoPromptRun.scores, unsafe).map { prompt, unsafe in
    zip(prompt, unsafe).map { ResponseScores(reward: $0.reward, cost: naturalLogarithm($1 / (1 - $1))) }
  }

  @Test(arguments: [RewardFloor.given(-0.5), .running], KLPlacement.allCases)
  func `the multiplicative value ends at the policy that is known to ten digits`(
    floor: RewardFloor, placement: KLPlacement
  ) throws {
    let result = try TwoPromptRun(steps: 4000) {
      ($0.samples, $0.combiner, $0.rewardFloor, $0.klPlacement) = (0, .multiplicative, floor, placement)
    }.run(scores: Self.scores)
    let expected = [
      [0.6772876133, 0.0759757299, 0.2053978515, 0.0413388054],
      [0.2751576142, 0.0852291981, 0.5698334221, 0.0697797656],
    ]
    for (own, expected) in zip(result.outcome.policies, expected) {
      for (p, q) in zip(own, expected) { #expect(abs(p - q) < 1e-5) }
    }
    #expect(abs(result.outcome.reward - 0.8248784290) < 1e-5)
    #expect(result.curve.points.allSatisfy { $0.multiplier == nil })
  }

  @Test func `sampled, the multiplicative value comes near it`() throws {
    let result = try TwoPromptRun(steps: 4000) { $0.combiner = .multiplicative }.run(scores: Self.scores)
    #expect(abs(result.outcome.reward - 0.8248784290) < 0.02)
  }

  @Test func `with exact gradients every prompt's λ is that of the prompt alone`() throws {
    let result = try TwoPromptRun(steps: 8000) {
      ($0.samples, $0.klPlacement, $0.lambdaScope, $0.lambdaRate) = (0, .rewardOnly, .prompt, 0.03)
    }.run()
    let multipliers = try #require(result.curve.points.last?.promptMultipliers)
    #expect(abs(multipliers[0] - 1.1924630013760746) < 1e-3 && abs(multipliers[1] - 0.7126453849404956) < 1e-3)
    #expect(abs(result.multiplier - (multipliers[0] + multipliers[1]) / 2) < 1e-12)
    for (prompt, policy) in zip(TwoPromptRun.problem.prompts, result.outcome.policies) {
      #expect(abs(zip(prompt.cost, policy).reduce(0) { $0 + $1.0 * $1.1 } + 0.2) < 1e-3)
    }
    let exact = TwoPromptRun.problem.eachPrompt.map { $0.solve().solution?.outcome.reward ?? .nan }
    #expect(abs(exact[0] - 0.6399420364) < 1e-9 && abs(exact[1] - 0.5962412569) < 1e-9)
    #expect(abs(result.outcome.reward - (exact[0] + exact[1]) / 2) < 1e-3)
  }

  @Test func `with the penalty on both streams every prompt rests at its own fixed point`() throws {
    let result = try TwoPromptRun(steps: 8000) { ($0.samples, $0.lambdaScope) = (0, .prompt) }.run()
    let exact = try TwoPromptRun.problem.eachPrompt.map { try #require($0.safeRLHFOptimum().fixedPoint) }
    let multipliers = try #require(result.curve.points.last?.promptMultipliers)
    for (own, exact) in zip(multipliers, exact) { #expect(abs(own - exact.multiplier) < 2e-3) }
    #expect(abs(multipliers[0] - multipliers[1]) > 0.1)
  }

  @Test func `sampled, every prompt comes near its budget`() throws {
    let result = try TwoPromptRun(steps: 4000) {
      ($0.klPlacement, $0.lambdaScope, $0.window, $0.lambdaRate) = (.rewardOnly, .prompt, 64, 0.03)
    }.run()
    let late = result.late.compactMap(\.promptMultipliers)
    #expect(abs(mean(late.map { $0[0] }) / 1.19246 - 1) < 0.2 && abs(mean(late.map { $0[1] }) / 0.71265 - 1) < 0.2)
  }

  @Test func `a prompt whose budget is out of reach is named, with exit code 4`() {
    // The second prompt's least cost is −1, the first's is raised above the budget.
    var scores = TwoPromptRun.scores
    scores[0] = scores[0].map { ResponseScores(reward: $0.reward, cost: $0.cost + 2) }
    let error = #expect(throws: UserError.self) {
      try TwoPromptRun(steps: 1500) { ($0.lambdaScope, $0.samples) = (.prompt, 0) }.run(scores: scores)
    }
    #expect(error?.exitCode == .infeasible && error?.why?.contains("prompt 0") == true, "\(error?.why ?? "")")
    #expect(error?.why?.contains("prompts") == false)
    #expect(promptNames(Array(3..<13)) == "prompts 3, 4, 5, 6, 7, 8, 9, 10 and 2 more")
  }

  @Test(arguments: [0, 128]) func `a tail of one is the plain method, bit for bit`(samples: Int) throws {
    let spec = TwoPromptRun(steps: 80) { ($0.lambdaRate, $0.samples) = (0.01, samples) }
    var tail = spec
    tail.objective.costTail = 1
    let (plain, same) = (try spec.run(), try tail.run())
    #expect(plain.logits == same.logits && plain.curve == same.curve)
    tail.objective.costTail = 0.999
    #expect(try tail.run().logits != plain.logits)
  }

  @Test(arguments: [(0.5, 0.6), (0.8, 0.3)]) func `the tail's mean keeps the budget at the exact optimum`(
    share: Double, budget: Double
  ) throws {
    let result = try TwoPromptRun(steps: 8000) {
      ($0.samples, $0.klPlacement, $0.costTail, $0.budget) = (0, .rewardOnly, share, budget)
      ($0.lambdaMax, $0.lambdaRate) = (50, 0.05)
    }.run()
    let problem = ConstrainedProblem(TwoPromptRun.problem.prompts, beta: 0.5, budget: budget)
    let exact = try #require(problem.solve(under: .cvar(share)).solution)
    #expect(abs(problem.tailRisk(.cvar(share), of: exact.outcome.policies).value - budget) < 1e-9)
    let risk = problem.tailRisk(.cvar(share), of: result.outcome.policies).value
    #expect(abs(risk - budget) < 0.01, "\(risk)")
    #expect(
      abs(result.outcome.reward - exact.outcome.reward) < 0.01, "\(result.outcome.reward) \(exact.outcome.reward)")
    #expect(abs(result.multiplier / exact.multiplier - 1) < 0.03, "\(result.multiplier) \(exact.multiplier)")
    // A budget for the mean leaves the tail over it.
    let plain = try #require(problem.solve().solution)
    #expect(problem.tailRisk(.cvar(share), of: plain.outcome.policies).value > budget + 0.1)
  }

  @Test func `a constraint's memory survives its record`() throws {
    var objective = SafeRLHF()
    (objective.lambdaScope, objective.costTail) = (.prompt, 0.5)
    let tracker = ConstraintTracker(objective, promptCount: 3)
    #expect(tracker.parts.count == 3 && tracker.multiplier == objective.lambdaInitial)
    #expect(try JSONValue(encoding: tracker).decode(ConstraintTracker.self) == tracker)
  }
}
