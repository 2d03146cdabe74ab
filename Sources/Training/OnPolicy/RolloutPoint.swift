import Basics

/// What is watched of a run on the policy's own responses, averaged over a window of steps.
///
/// λ is ``CurvePoint/multiplier`` and the J_C that it follows ``CurvePoint/expectedCost``, both at the window's last step.
public struct RolloutPoint: Codable, Hashable, Sendable {
  /// Mean reward of the step's responses, without the KL penalty.
  public var reward: Double
  /// Mean cost of the step's responses, without the KL penalty.
  public var cost: Double
  /// max(0, E c − d), E c exact where the policy is a table.
  public var violation: Double
  /// KL(π ‖ π_ref) by k₃ on the step's responses, nats a response; exact where every response of a table is taken.
  public var kl: Double
  /// −log π of the step's responses, nats a response; exact as `kl` is.
  public var entropy: Double
  /// Share of tokens whose surrogate was clipped, over all inner epochs.
  public var clipFraction: Double
  /// 1 − Var(G − V)/Var(G) of each critic before its update, 0 where returns do not vary; absent without critics.
  public var rewardExplainedVariance: Double?
  public var costExplainedVariance: Double?

  private static let fields: [WritableKeyPath<Self, Double> & Sendable] = [
    \.reward, \.cost, \.violation, \.kl, \.entropy, \.clipFraction,
  ]
  private static let criticFields: [WritableKeyPath<Self, Double?> & Sendable] = [
    \.rewardExplainedVariance, \.costExplainedVariance,
  ]

  func adding(_ other: RolloutPoint?) -> RolloutPoint {
    guard let other else { return self }
    var sum = self
    for field in Self.fields { sum[keyPath: field] += other[keyPath: field] }
    for field in Self.criticFields {
      sum[keyPath: field] = sum[keyPath: field].map { $0 + (other[keyPath: field] ?? 0) }
    }
    return sum
  }

  func scaled(by scale: Double) -> RolloutPoint {
    var result = self
    for field in Self.fields { result[keyPath: field] *= scale }
    for field in Self.criticFields { result[keyPath: field] = result[keyPath: field].map { $0 * scale } }
    return result
  }
}

extension TrainingCurve {
  /// The mean over all steps of something that points average; nil for a run without rollouts.
  public func meanOverSteps(_ field: KeyPath<RolloutPoint, Double>) -> Double? {
    mean(of: points[...], field)
  }

  /// The mean over the steps of some neighbouring points.
  func mean(of part: ArraySlice<CurvePoint>, _ field: KeyPath<RolloutPoint, Double>) -> Double? {
    var (total, steps) = (0.0, 0)
    for index in part.indices {
      let width = points[index].step - (index == 0 ? 0 : points[index - 1].step)
      guard let rollouts = points[index].rollouts else { return nil }
      total += Double(width) * rollouts[keyPath: field]
      steps += width
    }
    return steps == 0 ? nil : total / Double(steps)
  }

  /// One line on the second half of a run of the policy's own responses.
  var rolloutDiagnosis: String {
    let late = points[(points.count / 2)...]
    func mean(_ field: KeyPath<RolloutPoint, Double>) -> Double { self.mean(of: late, field) ?? .nan }
    if mean(\.kl) < 1e-6 { return "nothing moved: the learning rate or the number of steps is too small" }
    var parts = ["expected cost \(fixed3(mean(\.cost)))", "over the budget by \(fixed3(mean(\.violation)))"]
    if let multiplier = points.last?.multiplier { parts.insert("λ \(fixed3(multiplier)) at the end", at: 0) }
    parts.append("KL \(fixed3(mean(\.kl))) nats")
    if mean(\.clipFraction) > 0.3 {
      return "look: \(fixed3(mean(\.clipFraction))) of the tokens are clipped, the steps are too large; "
        + parts.joined(separator: ", ")
    }
    return "normal: " + parts.joined(separator: ", ") + " in the second half"
  }
}
