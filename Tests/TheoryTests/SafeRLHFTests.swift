import Basics
import TestSupport
import Testing
import Theory

@Suite struct SafeRLHFTests {
  @Test func `two prompts: the fixed point`() throws {
    let point = try #require(twoPrompts.safeRLHFOptimum().fixedPoint)
    #expect(abs(point.multiplier - 1.4302353951441746) < 1e-12)
    #expect(abs(point.effectiveBeta - 1.2151176975720874) < 1e-12)
    #expect(worst(point.outcome.policies[0], [0.3083457451, 0.1623039356, 0.3314994671, 0.1978508522]) < 1e-10)
    #expect(worst(point.outcome.policies[1], [0.5804663304, 0.0495302527, 0.2427566366, 0.1272467803]) < 1e-10)
    #expect(abs(point.outcome.reward - 0.5841126206664474) < 1e-13)
    #expect(abs(point.outcome.cost + 0.2) < 1e-14)
    #expect(abs(point.outcome.kl - 0.2191375294538197) < 1e-13)
    #expect(abs(point.outcome.costVariance - 0.6694914662) < 1e-10)
    #expect(abs(point.outcome.covariance - 0.4047317309) < 1e-10)
    #expect(abs(point.costSlope + 0.3637708027) < 1e-10)
    #expect(point.crossings == 1)
    #expect(abs(twoPrompts.safeRLHFResponse(share: 1).cost + 0.7127763966) < 1e-10)
  }

  @Test func `it is the constrained optimum of its effective beta`() throws {
    let point = try #require(twoPrompts.safeRLHFOptimum().fixedPoint)
    let same = ConstrainedProblem(twoPrompts.prompts, beta: point.effectiveBeta, budget: -0.2)
    #expect(abs((try #require(same.solve().solution)).multiplier - point.multiplier) < 1e-11)
  }

  @Test func `the slope of the cost is its derivative`() throws {
    let point = try #require(twoPrompts.safeRLHFOptimum().fixedPoint)
    let difference = centralDifference(at: point.multiplier) {
      twoPrompts.safeRLHFResponse(share: $0 / (1 + $0)).cost
    }
    #expect(abs(difference - point.costSlope) < 1e-9)
  }

  @Test func `where reward and safety agree, raising lambda raises cost`() throws {
    let prompt = ConstrainedPrompt(
      reference: [1 / 3.0, 1 / 3.0, 1 / 3.0], reward: [2, 0, -1], cost: [-0.2, 0, 0.4])
    let problem = ConstrainedProblem([prompt], beta: 0.5, budget: -0.1)
    let shares = [0, 0.5, 5 / 6.0, 1]
    let costs = shares.map { problem.safeRLHFResponse(share: $0).cost }
    #expect(worst(costs, [-0.1949545382, -0.1661242821, -0.0970359619, -0.0403356535]) < 1e-9)
    let fixed = [0.0, 1, 5].map { problem.dual(at: $0).outcome.cost }
    #expect(worst(fixed, [-0.1949545382, -0.1971339083, -0.1995018010]) < 1e-10)
    // The budget is kept at λ = 0 and lost for large λ.
    let slack = try #require(problem.safeRLHFOptimum().fixedPoint)
    #expect(slack.multiplier == 0 && slack.crossings == 1)
  }

  @Test func `budgets out of reach`() {
    let problem = ConstrainedProblem(twoPrompts.prompts, beta: 0.5, budget: -0.8)
    guard case .unreachable(let limit, let lowest) = problem.safeRLHFOptimum() else {
      Issue.record("−0.8 is below every cost that Safe RLHF reaches")
      return
    }
    #expect(abs(limit + 0.7127763966) < 1e-10)
    #expect(lowest == limit)
    #expect(problem.solve().solution != nil)
  }
}
