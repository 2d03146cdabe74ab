import Basics

/// The reward of a response, counted from the lowest one and by the probability of being safe.
///
///     f(x, y) = (r − r_min)₊ (1 − p_c),   p_c = σ(c)
///
/// p_c is the probability of being unsafe as a cost model's Bradley–Terry reading has it: that the response is judged more harmful
/// than a boundary answer of cost 0. f + r_min is the expected reward if an unsafe response is paid r_min instead of its own reward.
/// There is no budget and no multiplier: how much safety a reward buys is fixed by the scales of r and c.
///
/// Source: arXiv 2303.04118, (V_r − V_min)(1 − P_c), where P_c is learned as a critic of its own; for a response that is judged as
/// a whole both values are known at its end, and this is the bandit's form.
public func multiplicativeValue(_ scores: ResponseScores, rewardFloor: Double) -> Double {
  max(0, scores.reward - rewardFloor) * sigmoid(-scores.cost)
}

/// Where r_min of the multiplicative value comes from: in files the word `running`, or a number.
public enum RewardFloor: Codable, Hashable, Sendable {
  /// The lowest reward seen so far in the run.
  case running
  /// A reward; lower ones count as this one.
  case given(Double)

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let value = try? container.decode(Double.self) {
      self = .given(value)
      return
    }
    guard let word = try? container.decode(String.self), word == "running" else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "rewardFloor is `\"running\"` or a number")
    }
    self = .running
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .running: try container.encode("running")
    case .given(let value): try container.encode(value)
    }
  }

  /// r_min.
  ///
  /// - Parameter lowest: the lowest reward so far.
  public func value(lowest: Double) -> Double { if case .given(let value) = self { value } else { lowest } }
}
