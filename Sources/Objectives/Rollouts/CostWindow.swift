/// The costs of the last responses, whose mean J_C the multiplier follows.
///
/// A window longer than a batch delays the multiplier by (window/batch) steps, which makes it oscillate; one of about a batch is best.
/// Source: arXiv 2310.12773, code (`episode_costs`, a queue of 128 on every device).
public struct CostWindow: Codable, Hashable, Sendable {
  public let capacity: Int
  /// Oldest first.
  public private(set) var costs: [Double] = []

  /// - Parameter capacity: at least 1.
  public init(capacity: Int) {
    precondition(capacity >= 1, "a window needs room for one cost, got \(capacity)")
    self.capacity = capacity
  }

  public mutating func add(_ new: [Double]) { costs = (costs + new).suffix(capacity) }

  /// J_C; nil before the first cost.
  public var mean: Double? { costs.isEmpty ? nil : costs.reduce(0, +) / Double(costs.count) }
}
