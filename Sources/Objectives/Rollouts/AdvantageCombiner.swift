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
  /// A_r of the multiplicative value (r − r_min)(1 − σ(c)) in the place of r: no budget, no multiplier; see ``multiplicativeValue(_:rewardFloor:)``.
  case multiplicative

  /// The combined advantage of one token.
  ///
  /// - Parameters:
  ///   - reward: A_r.
  ///   - cost: A_c.
  ///   - multiplier: λ, ν or κ.
  ///   - isViolated: whether the estimated expected cost J_C is over the budget d.
  ///
  /// Source: arXiv 2310.12773 (lagrangian, shaping); arXiv 2212.05727 (exact penalty); Xu et al. 2021, arXiv 2011.05869 (CRPO);
  /// arXiv 2303.04118 (multiplicative).
  public func combine(reward: Double, cost: Double, multiplier: Double, isViolated: Bool) -> Double {
    switch self {
    case .lagrangian: (reward - multiplier * cost) / (1 + multiplier)
    case .shaping: reward - multiplier * cost
    case .exactPenalty: isViolated ? reward - multiplier * cost : reward
    case .switching: isViolated ? -cost : reward
    case .multiplicative: reward
    }
  }

  /// Whether the budget has a say: a fixed ν and the multiplicative value have none.
  public var readsBudget: Bool { self != .shaping && self != .multiplicative }

  /// Whether λ is learned.
  public var learnsMultiplier: Bool { self == .lagrangian }
}
