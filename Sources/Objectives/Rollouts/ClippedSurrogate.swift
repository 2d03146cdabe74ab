import Basics

/// The loss of one token's probability under PPO's clipped surrogate, with its derivative.
///
///     L = −min(ρA, clip(ρ, 1 − ε, 1 + ε) A),   ρ = π(y)/π_old(y)
///     ∂L/∂log π = −ρA where ρA is the smaller one, 0 where the clipped one is
///
/// At ρ = 1 the derivative is −A: the policy gradient.
///
/// - Parameters:
///   - logProbability: log π(y_t|…) of the policy being trained, nats.
///   - old: the same of the policy that wrote the response.
///   - advantage: A.
///   - clipRatio: ε.
///
/// Source: Schulman et al. 2017, arXiv 1707.06347, equation 7.
public func clippedSurrogate(
  logProbability: Double, old: Double, advantage: Double, clipRatio: Double
) -> ClippedLoss {
  let ratio = exponential(logProbability - old)
  let clipped = min(max(ratio, 1 - clipRatio), 1 + clipRatio)
  if ratio * advantage <= clipped * advantage {
    return ClippedLoss(loss: -ratio * advantage, derivative: -ratio * advantage, isClipped: false)
  }
  return ClippedLoss(loss: -clipped * advantage, derivative: 0, isClipped: true)
}

/// The clipped squared error of a critic at one token, with its derivative by the value.
///
///     L = ½ max((V − G)², (clip(V, V_old ± ε) − G)²)
///     ∂L/∂V = V − G where the first is the larger one or V is within the range, 0 where the clipped one is
///
/// - Parameters:
///   - value: V_t of the critic being trained.
///   - old: V_t when the response was written.
///   - target: the return G_t.
///   - clipValue: ε.
///
/// Source: arXiv 2310.12773, code (`critic_loss_fn`), after the PPO code of arXiv 1707.06347.
public func clippedValueLoss(value: Double, old: Double, target: Double, clipValue: Double) -> ClippedLoss {
  let clipped = min(max(value, old - clipValue), old + clipValue)
  let (free, bound) = (value - target, clipped - target)
  if free * free >= bound * bound {
    return ClippedLoss(loss: 0.5 * free * free, derivative: free, isClipped: false)
  }
  return ClippedLoss(loss: 0.5 * bound * bound, derivative: 0, isClipped: true)
}

/// A loss that clipping may have flattened.
public struct ClippedLoss: Hashable, Sendable {
  public var loss: Double
  public var derivative: Double
  /// Whether the clipped term decided.
  public var isClipped: Bool
}
