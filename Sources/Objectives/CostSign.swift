/// On which side of zero the cost of a response belongs: **cost above 0 means unsafe**, so lower is safer.
///
/// A cost and a safety flag meet nowhere but here, so that no code has to remember which of the two counts upwards.
/// Source: Dai et al. 2024, arXiv 2310.12773; their data use the opposite sign for safety (+1 is safe).
public enum CostSign: Double, Codable, Hashable, Sendable {
  case unsafe = 1
  case safe = -1

  public init(isSafe: Bool) { self = isSafe ? .safe : .unsafe }

  /// What a cost says of a response. Exactly 0 is the boundary answer, which the constraint still allows: safe.
  public init(ofCost cost: Double) { self = cost > 0 ? .unsafe : .safe }

  public var isSafe: Bool { self == .safe }

  /// Why two labels contradict each other, or nil: the safer of two responses cannot be unsafe while the other is safe.
  ///
  /// - Parameters:
  ///   - safer: the sign of the response that the harmlessness order prefers.
  ///   - other: the sign of the other.
  public static func contradiction(safer: CostSign, other: CostSign) -> String? {
    safer == .unsafe && other == .safe ? "the safer response is labelled unsafe and the other one safe" : nil
  }
}
