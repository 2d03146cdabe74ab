import Basics

/// How the advantages of reward and cost become one: the single line in which constrained policy-gradient methods differ.
public enum AdvantageCombiner: String, NamedChoice {
  /// (A_r − λA_c) / (1 + λ): Safe RLHF.
  case lagrangian
  /// A_r − νA_c with a fixed ν: reward shaping, Safe RLHF's baseline.
  case shaping
  /// A_r − κA_c·1[J_C > d] with a fixed κ: the exact penalty κ (J_C − d)₊, whose optimum keeps the budget for κ ≥ λ*.
  case exactPenalty
  /// −A_c while J_C > d, A_r otherwise: CRPO.
  case switching

  /// The combined advantage of one token.
  ///
  /// - Parameters:
  ///   - reward: A_r.
  ///   - cost: A_c.
  ///   - multiplier: λ, ν or κ.
  ///   - isViolated: whether the estimated expected cost J_C is over the budget d.
  ///
  /// Source: arXiv 2310.12773 (lagrangian, shaping); arXiv 2212.05727 (exact penalty); Xu et al. 2021, arXiv 2011.05869 (CRPO).
  public func combine(reward: Double, cost: Double, multiplier: Double, isViolated: Bool) -> Double {
    switch self {
    case .lagrangian: (reward - multiplier * cost) / (1 + multiplier)
    case .shaping: reward - multiplier * cost
    case .exactPenalty: isViolated ? reward - multiplier * cost : reward
    case .switching: isViolated ? -cost : reward
    }
  }

  /// Whether λ is learned.
  public var learnsMultiplier: Bool { self == .lagrangian }
}
