import Basics
import Objectives
import Preferences
import Theory

extension IllustrativeExperiment {
  /// τ, α and the objective's default B₁ = 3.
  public static let constants = BFPOConstants(tau: tau, alpha: alpha, b1: BFPO().b1)
}

extension IllustrativeMethod {
  /// The policy that the method would reach with infinite data and training.
  func optimum(of design: IllustrativeDesign) -> ExactOptimum {
    let tau = IllustrativeExperiment.tau
    switch fit {
    case .reward(let weight):
      return .policy(design.world.morlOptimum(weights: (1, weight), tau: tau).policy, multiplier: nil)
    case .constrained(let budget):
      guard let solution = design.world.safetyConstrainedOptimum(atLeast: budget, beta: tau).solution else {
        return .none("no policy is as safe as \(budget)")
      }
      return .policy(solution.policy, multiplier: solution.multiplier)
    case .pairs(let objective, let order):
      return objective is BFPO
        ? .policy(design.world.bfpoOptimum(IllustrativeExperiment.constants).policy, multiplier: nil)
        : optimum(objective, order, design)
    }
  }

  private func optimum(
    _ objective: any Objective, _ order: PreferenceOrder, _ design: IllustrativeDesign
  ) -> ExactOptimum {
    let world = OrderedWorld(design, order)
    let safetyAlone = "unsafe responses never beat safe ones"
    switch objective {
    case let ipo as IPO:
      return .policy(world.world.ipoOptimum(tau: ipo.tau, pairWeight: world.weight).policy, multiplier: nil)
    case let dpo as DPO:
      switch world.world.dpoOptimum(beta: dpo.tau, pairWeight: world.weight) {
      case .fitted(let optimum): return .policy(optimum.policy, multiplier: nil)
      case .separable(let beaten, let unbeaten):
        func names(_ responses: [Int]) -> String { responses.map(design.name).joined(separator: ", ") }
        return .none(order == .safety ? safetyAlone : "\(names(beaten)) never beat \(names(unbeaten))")
      }
    case is SafeDPO: return .none(safetyAlone)
    default: preconditionFailure("no exact optimum is known for \(id)")
    }
  }
}

/// What an objective sees of a design: how often each response is chosen over each other one.
private struct OrderedWorld {
  let world: FiniteWorld
  /// Rows of either orientation, [responses][responses].
  private let rows: [[Double]]

  init(_ design: IllustrativeDesign, _ order: PreferenceOrder) {
    let none = [Double](repeating: 0, count: design.responseCount)
    var chosen = [[Double]](repeating: none, count: design.responseCount)
    for pair in order.oriented(design.comparisons()).pairs { chosen[pair.first.response][pair.second.response] += 1 }
    let indices = 0..<design.responseCount
    let rows = indices.map { i in indices.map { chosen[i][$0] + chosen[$0][i] } }
    self.rows = rows
    world = FiniteWorld(
      reference: design.reference,
      preference: indices.map { i in indices.map { rows[i][$0] > 0 ? chosen[i][$0] / rows[i][$0] : 0.5 } },
      safety: design.safety)
  }

  func weight(_ i: Int, _ j: Int) -> Double { rows[i][j] }
}
