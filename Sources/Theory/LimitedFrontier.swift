import Basics

/// One point of the frontier under a KL budget.
public struct LimitedFrontierPoint: Hashable, Sendable {
  /// The direction it is the best in, radians: it maximises cos θ · helpfulness + sin θ · safety.
  public var angle: Double
  /// 1/τ of its policy π ∝ π_ref e^{t (cos θ x + sin θ y)}; ∞ where the budget does not bind.
  public var scale: Double
  public var point: PlanePoint
  /// E_x KL(π ‖ π_ref), nats.
  public var kl: Double
  /// [prompts][responses].
  public var policies: [[Double]]
}

/// The frontier of the policies with E_x KL(π ‖ π_ref) ≤ κ: the fair limit where methods are compared at equal KL.
///
/// The set of attainable points is convex, so its boundary is traced by directions θ: the best policy in a direction is
///
///     π ∝ π_ref e^{t (cos θ · x + sin θ · y)}   with one t for all prompts, such that the mean KL is κ
///
/// which a one-dimensional root in t finds, the KL being increasing in t. Where even t → ∞ stays within the budget, the point is the
/// reference restricted to the best responses.
///
/// - Parameters:
///   - prompts: weights are divided by their sum.
///   - references: π_ref [prompts][responses].
///   - budget: κ ≥ 0, nats, averaged over prompts.
///   - directions: how many angles from 0 (helpfulness only) to π/2 (safety only), both included; at least two.
/// - Returns: by descending helpfulness.
public func limitedFrontier(
  _ prompts: [FrontierPrompt], references: [[Double]], budget: Double, directions: Int = 65
) -> [LimitedFrontierPoint] {
  precondition(prompts.count == references.count && !prompts.isEmpty, "\(references.count) references")
  precondition(budget >= 0 && directions >= 2, "κ = \(budget), \(directions) directions")
  return (0..<directions).map { index in
    let angle = 0.5 * Double.pi * Double(index) / Double(directions - 1)
    let tilt = DirectedTilt(prompts: prompts, references: references, angle: angle)
    return tilt.point(scale: tilt.scale(forKL: budget))
  }
}

/// The policies of one direction, by their scale t.
private struct DirectedTilt {
  let prompts: [FrontierPrompt]
  let references: [[Double]]
  let angle: Double
  let weights: [Double]
  /// cos θ · x + sin θ · y [prompts][responses].
  let scores: [[Double]]

  init(prompts: [FrontierPrompt], references: [[Double]], angle: Double) {
    self.prompts = prompts
    self.references = references
    self.angle = angle
    let total = prompts.reduce(0) { $0 + $1.weight }
    weights = prompts.map { $0.weight / total }
    // The two axes exactly, where cos and sin would leave a rounding of the other coordinate.
    let isVertical = angle >= 0.5 * Double.pi
    let (a, b) = isVertical ? (0, 1) : (cosine(angle), angle == 0 ? 0 : cosine(0.5 * Double.pi - angle))
    scores = prompts.map { prompt in prompt.points.map { a * $0.x + b * $0.y } }
  }

  func policies(scale: Double) -> [[Double]] {
    zip(references, scores).map { reference, score in
      if scale < .infinity {
        return gibbsPolicy(reference: reference, reward: score.map { scale * $0 }, temperature: 1)
      }
      let best = zip(score, reference).filter { $0.1 > 0 }.map(\.0).max() ?? 0
      let kept = zip(score, reference).map { $0 == best ? $1 : 0 }
      let mass = kept.reduce(0, +)
      return kept.map { $0 / mass }
    }
  }

  func kl(_ policies: [[Double]]) -> Double {
    zip(weights, zip(policies, references)).reduce(0) { $0 + $1.0 * divergence($1.1.0, from: $1.1.1) }
  }

  /// The t at which the mean KL is κ, or ∞.
  func scale(forKL budget: Double) -> Double {
    if budget == 0 { return 0 }
    if kl(policies(scale: .infinity)) <= budget { return .infinity }
    var (low, high) = (0.0, 1.0)
    while kl(policies(scale: high)) < budget {
      // Rounding may keep the KL a hair below its limit for ever.
      if high > 1e12 { return .infinity }
      (low, high) = (high, 2 * high)
    }
    while true {
      let middle = low + (high - low) / 2
      if !(middle > low && middle < high) { return low }
      if kl(policies(scale: middle)) <= budget { low = middle } else { high = middle }
    }
  }

  func point(scale: Double) -> LimitedFrontierPoint {
    let policies = policies(scale: scale)
    var point = PlanePoint(x: 0, y: 0)
    for (weight, (prompt, policy)) in zip(weights, zip(prompts, policies)) {
      point.x += weight * expectation(prompt.points.map(\.x), under: policy)
      point.y += weight * expectation(prompt.points.map(\.y), under: policy)
    }
    return LimitedFrontierPoint(angle: angle, scale: scale, point: point, kl: kl(policies), policies: policies)
  }
}
