import Basics
import Objectives
import TestSupport
import Testing
import Theory

@Suite struct VariantOptimumTests {
  @Test func `the multiplicative optimum of the two prompts`() {
    let unsafe = [[0.2, 0.9, 0.05, 0.01], [0.02, 0.95, 0.3, 0.1]]
    let problem = ConstrainedProblem(
      zip(twoPrompts.prompts, unsafe).map { prompt, unsafe in
        ConstrainedPrompt(
          reference: prompt.reference, reward: prompt.reward, cost: unsafe.map { naturalLogarithm($0 / (1 - $0)) })
      }, beta: 0.5, budget: 0)
    for floor in [nil, -0.5] {
      let optimum = problem.multiplicativeOptimum(rewardFloor: floor)
      #expect(abs(optimum.outcome.reward - 0.8248784290) < 1e-9)
      #expect(abs(optimum.unsafeProbability - 0.2394589269) < 1e-9)
      #expect(abs(optimum.value - 0.9214679362) < 1e-9)
      #expect(worst(optimum.outcome.policies[0], [0.6772876133, 0.0759757299, 0.2053978515, 0.0413388054]) < 1e-9)
    }
  }

  @Test func `each prompt alone has its own multiplier`() throws {
    let solutions = try twoPrompts.eachPrompt.map { try #require($0.solve().solution) }
    #expect(worst(solutions.map(\.multiplier), [1.1924630013760746, 0.7126453849404956]) < 1e-12)
    #expect(worst(solutions.map(\.outcome.reward), [0.6399420364, 0.5962412569]) < 1e-9)
  }

  /// Against a search over policies that knows nothing of quantiles: one prompt of three responses, a fine grid of the simplex.
  @Test(arguments: [0.3, 0.6, 1]) func `the best policy under a tail budget, by search`(share: Double) throws {
    let prompt = ConstrainedPrompt(reference: [0.5, 0.3, 0.2], reward: [0, 1, 2], cost: [-1, 0.5, 2])
    let problem = ConstrainedProblem([prompt], beta: 0.4, budget: 0.4)
    let solution = try #require(problem.solve(under: .cvar(share)).solution)
    #expect(problem.tailRisk(.cvar(share), of: solution.outcome.policies).value <= 0.4 + 1e-9)
    var best = -Double.infinity
    let steps = 400
    for i in 0...steps {
      for j in 0...(steps - i) {
        let policy = [Double(i), Double(j), Double(steps - i - j)].map { $0 / Double(steps) }
        guard problem.tailRisk(.cvar(share), of: [policy]).value <= 0.4 else { continue }
        best = max(best, problem.outcome(of: [policy]).primal(beta: 0.4))
      }
    }
    #expect(solution.primal >= best - 1e-9 && solution.primal < best + 0.01, "\(solution.primal) \(best)")
  }

  @Test func `a tail budget below every prompt's least cost is infeasible`() {
    guard
      case .infeasible(let least) = ConstrainedProblem(twoPrompts.prompts, beta: 0.5, budget: -1)
        .solve(under: .cvar(0.5))
    else {
      Issue.record("both prompts' least cost is −1")
      return
    }
    #expect(abs(least + 1) < 1e-12)
  }
}
