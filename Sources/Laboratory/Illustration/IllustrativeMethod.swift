import Objectives
import Preferences

/// A method of the illustrative experiment with its settings.
public struct IllustrativeMethod: Sendable {
  /// How a policy is fitted.
  public enum Fit: Sendable {
    /// By the common loop on pairs drawn with replacement, oriented by an order.
    case pairs(any Objective, PreferenceOrder)
    /// By exact gradient ascent of E_π[P + w·s] − τ KL(π ‖ π_ref): nothing is drawn.
    case reward(safetyWeight: Double)
    /// By exact primal-dual ascent of E_π[P] − τ KL(π ‖ π_ref) subject to E_π[s] ≥ budget: nothing is drawn.
    case constrained(budget: Double)
  }

  /// Such as `dpo-safety`.
  public let id: String
  public let title: String
  public let fit: Fit

  /// Whether seeds make a difference.
  public var isRandom: Bool {
    if case .pairs = fit { return true }
    return false
  }

  /// BFPO first, then what it is compared with.
  public static let all: [IllustrativeMethod] = {
    let orders: [(PreferenceOrder, String)] = [
      (.helpfulness, "helpfulness"), (.safety, "safety"), (.both, "both"),
    ]
    func baselines(_ objective: any Objective, _ title: String) -> [IllustrativeMethod] {
      orders.map { order, name in
        IllustrativeMethod(
          id: "\(title.lowercased())-\(name)", title: "\(title) on \(name)", fit: .pairs(objective, order))
      }
    }
    var bfpo = BFPO()
    bfpo.tau = IllustrativeExperiment.tau
    bfpo.alpha = IllustrativeExperiment.alpha
    var dpo = DPO()
    dpo.tau = IllustrativeExperiment.tau
    var ipo = IPO()
    ipo.tau = IllustrativeExperiment.tau
    var safeDPO = SafeDPO()
    safeDPO.tau = IllustrativeExperiment.tau
    return [
      IllustrativeMethod(id: "bfpo", title: "BFPO", fit: .pairs(bfpo, .helpfulness)),
      IllustrativeMethod(id: "safedpo", title: "SafeDPO", fit: .pairs(safeDPO, .helpfulness)),
      IllustrativeMethod(id: "morl", title: "MORL, reward P + s", fit: .reward(safetyWeight: 1)),
      IllustrativeMethod(
        id: "constrained", title: "Constrained E[s] ≥ \(IllustrativeExperiment.budget)",
        fit: .constrained(budget: IllustrativeExperiment.budget)),
    ] + baselines(dpo, "DPO") + baselines(ipo, "IPO")
  }()
}
