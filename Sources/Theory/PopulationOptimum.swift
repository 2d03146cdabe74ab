import Basics
import Kernels

/// An oriented pair of responses and how often it occurs.
public struct WeightedPair: Hashable, Sendable {
  public var chosen: Int
  public var rejected: Int
  /// w ≥ 0.
  public var weight: Double

  public init(chosen: Int, rejected: Int, weight: Double) {
    precondition(weight >= 0, "a pair's weight must not be negative, got \(weight)")
    self.chosen = chosen
    self.rejected = rejected
    self.weight = weight
  }
}

/// The loss of one pair and its derivatives by log π(chosen) and log π(rejected).
public typealias PairLoss =
  (_ pair: Int, _ logChosen: Double, _ logRejected: Double) -> (loss: Double, dChosen: Double, dRejected: Double)

/// What a search for the minimiser of an expected loss found.
public enum PopulationOptimum: Hashable, Sendable {
  /// A policy at which the gradient by the logits vanishes and the loss is not flat in the distance.
  case optimum(policy: [Double], loss: Double, gradientNorm: Double)
  /// The loss keeps falling as logits run away: no finite minimiser exists.
  case diverges(description: String)
  /// Neither: for a loss with kinks, or too many steps.
  case undecided(policy: [Double], gradientNorm: Double)

  public var policy: [Double]? { if case .optimum(let policy, _, _) = self { policy } else { nil } }
}

/// Minimises the expected loss over all policies of one prompt, for any smooth pair loss: the oracle for objectives without a
/// closed form.
///
///     min_θ Σ_pairs w · L(log π(chosen), log π(rejected)),   log π = log softmax θ
///
/// Damped Newton steps with the Hessian by central differences of the gradient; a step that does not lower the loss (or, within the
/// loss's rounding, the gradient) is shortened by a growing multiple of the identity. The minimiser is declared where the
/// gradient's norm is at most `tolerance` times the total weight and the next step is small; a gradient that vanishes while the
/// steps do not shrink means that the logits run away.
///
/// - Parameters:
///   - pairs: oriented, with weights; both outcomes of a comparison are two pairs.
///   - start: θ [K].
///   - tolerance: on ‖∇‖ / Σ w, in the loss's units.
///   - loss: called with the index into `pairs`.
public func populationOptimum(
  pairs: [WeightedPair], start: [Double], tolerance: Double = 1e-10, loss: @escaping PairLoss
) -> PopulationOptimum {
  let total = pairs.reduce(0) { $0 + $1.weight }
  precondition(total > 0, "an expected loss needs a pair of positive weight")
  let problem = ExpectedPairLoss(
    pairs: pairs.enumerated().filter { $1.weight > 0 }.map { ($0, WeightedPair(scaling: $1, by: 1 / total)) },
    loss: loss)
  var point = problem.evaluate(start)
  var damping = 0.0
  for _ in 0..<400 {
    if point.norm == 0 { return problem.result(point) }
    guard let step = problem.step(from: point, damping: &damping) else {
      return point.norm <= tolerance
        ? problem.result(point) : .undecided(policy: softmax(point.logits), gradientNorm: point.norm)
    }
    let spread = (point.logits.max() ?? 0) - (point.logits.min() ?? 0)
    if point.norm <= tolerance, step.length <= 1e-5 * max(1, spread) { return problem.result(point) }
    if point.norm <= 1e-3 * tolerance || spread > 1e7 {
      return .diverges(
        description: "the loss still falls where the logits are \(fixed(spread, 1)) apart: no finite minimiser")
    }
    point = step.point
  }
  return .undecided(policy: softmax(point.logits), gradientNorm: point.norm)
}

extension WeightedPair {
  fileprivate init(scaling pair: WeightedPair, by factor: Double) {
    self.init(chosen: pair.chosen, rejected: pair.rejected, weight: pair.weight * factor)
  }
}

/// The loss and gradient at some logits.
private struct LossPoint {
  var logits: [Double]
  var loss: Double
  var gradient: [Double]

  var norm: Double { gradient.reduce(0) { $0 + $1 * $1 }.squareRoot() }
}

private struct ExpectedPairLoss {
  /// With their index in the caller's list; weights sum to one.
  let pairs: [(index: Int, pair: WeightedPair)]
  let loss: PairLoss

  func result(_ point: LossPoint) -> PopulationOptimum {
    .optimum(policy: softmax(point.logits), loss: point.loss, gradientNorm: point.norm)
  }

  /// ∂ log π(y)/∂θ = e_y − π.
  func evaluate(_ logits: [Double]) -> LossPoint {
    let normaliser = logSumExp(logits)
    var cotangent = [Double](repeating: 0, count: logits.count)
    var total = 0.0
    for (index, pair) in pairs {
      let value = loss(index, logits[pair.chosen] - normaliser, logits[pair.rejected] - normaliser)
      total += pair.weight * value.loss
      cotangent[pair.chosen] += pair.weight * value.dChosen
      cotangent[pair.rejected] += pair.weight * value.dRejected
    }
    let sum = cotangent.reduce(0, +)
    let gradient = zip(cotangent, logits).map { $0 - sum * exponential($1 - normaliser) }
    return LossPoint(logits: logits, loss: total, gradient: gradient)
  }

  /// A lower point along a damped Newton direction with the undamped step's length, or nil when none is found.
  func step(from point: LossPoint, damping: inout Double) -> (point: LossPoint, length: Double)? {
    let hessian = hessian(at: point)
    let count = point.logits.count
    let size = (0..<count).map { abs(hessian[$0 * count + $0]) }.max() ?? 0
    for _ in 0..<60 {
      if let direction = direction(hessian, point.gradient, damping: damping, size: size) {
        let next = evaluate(zip(point.logits, direction).map { $0 - $1 })
        let rounding = 1e-13 * max(abs(point.loss), abs(next.loss))
        let isLower = next.loss < point.loss - rounding
        let isFlatter = next.loss <= point.loss + rounding && next.norm < point.norm
        if next.loss.isFinite, next.gradient.allSatisfy(\.isFinite), isLower || isFlatter {
          damping = damping < 1e-9 * size ? 0 : damping / 10
          return (next, direction.reduce(0) { max($0, abs($1)) })
        }
      }
      damping = max(10 * damping, 1e-8 * size, 1e-300)
    }
    return nil
  }

  /// (H + damping I + size/K 11ᵀ)⁻¹ ∇: the all-ones direction, in which nothing changes, is filled so that H is regular.
  private func direction(_ hessian: [Double], _ gradient: [Double], damping: Double, size: Double) -> [Double]? {
    let count = gradient.count
    var matrix = hessian
    let filled = max(size, 1e-300) / Double(count)
    for i in 0..<count {
      for j in 0..<count { matrix[i * count + j] += filled + (i == j ? damping : 0) }
    }
    guard let direction = solvePositiveDefinite(matrix, gradient), direction.allSatisfy(\.isFinite) else { return nil }
    let mean = direction.reduce(0, +) / Double(count)
    return direction.map { $0 - mean }
  }

  /// The Hessian by central differences of the gradient, symmetrised [K, K].
  private func hessian(at point: LossPoint) -> [Double] {
    let count = point.logits.count
    let width = 1e-5
    var matrix = [Double](repeating: 0, count: count * count)
    for j in 0..<count {
      var (up, down) = (point.logits, point.logits)
      up[j] += width
      down[j] -= width
      let (after, before) = (evaluate(up).gradient, evaluate(down).gradient)
      for i in 0..<count {
        let slope = (after[i] - before[i]) / (4 * width)
        matrix[i * count + j] += slope
        matrix[j * count + i] += slope
      }
    }
    return matrix
  }
}
