import Basics
import Objectives
import Testing
import Theory

@Suite struct VerificationTests {
  @Test func `every claim holds, on at least a thousand worlds`() {
    let findings = verify()
    for finding in findings {
      #expect(finding.holds, "\(finding.claim): \(finding.worstError) > \(finding.tolerance)")
      #expect(!finding.worstError.isNaN && finding.worlds > 0)
    }
    #expect(findings.reduce(0) { $0 + $1.worlds } >= 1000)
    #expect(Set(findings.map(\.claim)).count == findings.count)
    #expect(verify() == findings, "the verification is deterministic")
  }

  /// The claims that fail when a formula is replaced.
  private func failures(_ change: (inout Formulas) -> Void) -> Set<String> {
    var formulas = Formulas()
    change(&formulas)
    return Set(verify(formulas).filter { !$0.holds }.map(\.claim))
  }

  @Test func `the product form in place of the exact one is noticed`() {
    let failed = failures { $0.bfpoReward = { $0.bfpoProductReward($1) } }
    #expect(failed.isSuperset(of: ["supervised => RLHF", "RLHF => supervised", "covariance gap", "F1, F2"]))
    #expect(!failed.contains("product form"))
  }

  @Test func `a wrong sign, a lost factor and a wrong constant are noticed`() {
    #expect(failures { $0.productReward = { w, c in w.bfpoProductReward(c).map { -$0 } } }.contains("product form"))
    #expect(failures { $0.bfpoLoss = { 0.5 * $0.bfpoExpectedLoss(logRatio: $1, $2) } } == ["expected loss", "F1, F2"])
    #expect(failures { $0.ranksSafeFirst = { $0 < $1 && $1 < 1 + $0 } } == ["ranking"])
    #expect(failures { $0.ipo = { $0.ipoOptimum(tau: 2 * $1) } }.isSuperset(of: ["IPO", "illustration"]))
    #expect(failures { $0.dpo = { $0.dpoOptimum(beta: 2 * $1) } } == ["SACPO", "DPO"])
  }

  @Test func `broken duals, fixed points and frontiers are noticed`() {
    #expect(
      failures { formulas in
        formulas.dual = { problem, multiplier in
          var point = problem.dual(at: multiplier)
          point.curvature *= problem.beta
          return point
        }
      } == ["dual derivatives", "F3"])
    let unsolved = failures { $0.constrained = { .infeasible(leastCost: $0.leastCost) } }
    #expect(unsolved.isSuperset(of: ["duality", "Safe RLHF", "budgets", "F3", "two prompts", "illustration"]))
    let fixed = failures { formulas in
      formulas.safeRLHF = { problem in
        guard case .fixedPoint(var point) = problem.safeRLHFOptimum() else { return problem.safeRLHFOptimum() }
        point.effectiveBeta = problem.beta
        return .fixedPoint(point)
      }
    }
    #expect(fixed == ["Safe RLHF", "two prompts"], "the fixed point is not the optimum of the problem's own beta")
    let shrunk = failures { formulas in
      formulas.frontier = { prompts in
        ParetoFrontier(
          prompts.map { prompt in
            FrontierPrompt(
              weight: prompt.weight, points: prompt.points.map { PlanePoint(x: 0.99 * $0.x, y: $0.y) })
          })
      }
    }
    #expect(shrunk == ["frontier"])
  }

  /// DPO with its derivative halved.
  private struct HalvedDPO: MarginObjective {
    var tau = 0.1
    var reduction = Reduction.sum
    static let card = DPO.card
    var complaint: String? { nil }
    func evaluate(margin h: Double, label: PairLabel) -> MarginEvaluation {
      MarginEvaluation(loss: softplus(-tau * h), derivative: -0.5 * tau * sigmoid(-tau * h))
    }
    func stationary(_ label: PairLabel) -> StationaryMargin { .none }
  }

  /// IPO without its factor ½: consistent, but stationary elsewhere than it says.
  private struct ShiftedIPO: MarginObjective {
    var tau = 0.1
    var reduction = Reduction.sum
    static let card = IPO.card
    var complaint: String? { nil }
    func evaluate(margin h: Double, label: PairLabel) -> MarginEvaluation {
      let difference = h - 1 / tau
      return MarginEvaluation(loss: difference * difference, derivative: 2 * difference)
    }
    func stationary(_ label: PairLabel) -> StationaryMargin { .at(1 / (2 * tau)) }
  }

  @Test func `an objective with a halved derivative or a lost factor is noticed`() {
    func replaced(_ entry: CatalogueEntry) -> Set<String> {
      failures { $0.objectives = $0.objectives.map { $0.card.id == entry.card.id ? entry : $0 } }
    }
    #expect(replaced(.objective(HalvedDPO.self)) == ["derivatives", "F4"])
    #expect(replaced(.objective(ShiftedIPO.self)) == ["stationary points", "F4"])
  }
}
