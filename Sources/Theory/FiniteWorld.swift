/// One prompt with finitely many responses whose preferences and safety are known: everything an exact optimum needs.
///
/// Responses are numbered 0..<K. Helpfulness compares two responses, safety labels one:
///
///     p(i, j) = P(i is more helpful than j)        s(i) = P(i is labelled safe)
///
/// and a training pair (y, y′) is drawn from μ ⊗ μ, its labels independently of each other.
public struct FiniteWorld: Hashable, Sendable {
  /// π_ref [K], sums to one.
  public let reference: [Double]
  /// μ [K], sums to one: what the responses of a pair are drawn from.
  public let comparison: [Double]
  /// p(i, j) [K, K], with p(i, j) + p(j, i) = 1, so ½ on the diagonal.
  public let preference: [[Double]]
  /// s [K], in [0, 1].
  public let safety: [Double]

  /// A world from values that are known to be right; ``WorldDocument`` reads and checks what a person wrote.
  ///
  /// - Parameter comparison: μ; the reference when nil.
  public init(reference: [Double], comparison: [Double]? = nil, preference: [[Double]], safety: [Double]) {
    let count = reference.count
    precondition(count >= 1, "a world needs a response")
    precondition(
      preference.count == count && preference.allSatisfy { $0.count == count },
      "p must be \(count) × \(count), it has rows of \(preference.map(\.count))")
    precondition(safety.count == count, "s has \(safety.count) values for \(count) responses")
    precondition((comparison ?? reference).count == count, "μ has \(comparison?.count ?? 0) values for \(count)")
    self.reference = reference
    self.comparison = comparison ?? reference
    self.preference = preference
    self.safety = safety
  }

  /// K.
  public var count: Int { reference.count }

  /// P(y) = E_{y′∼μ} p(y, y′) [K]: the probability of beating a draw from μ, a tie with itself counting ½.
  public var winRate: [Double] { preference.map { expectation($0, under: comparison) } }

  /// E_s = E_{y∼μ} s(y).
  public var meanSafety: Double { expectation(safety, under: comparison) }

  /// C(y) = E_{y′∼μ} s(y′) p(y, y′) [K].
  public var safetyWeightedWinRate: [Double] {
    preference.map { row in expectation(zip(row, safety).map { $0 * $1 }, under: comparison) }
  }

  /// Cov_{y′∼μ}(s(y′), p(y, y′)) = C(y) − E_s P(y) [K].
  public var covariance: [Double] {
    let mean = meanSafety
    return preference.map { row in
      let win = expectation(row, under: comparison)
      return expectation(zip(row, safety).map { ($0 - win) * ($1 - mean) }, under: comparison)
    }
  }

  /// max − min of ``covariance`` over the responses; where it is zero, the product form of BFPO's reward is exact.
  public var covarianceGap: Double {
    let values = covariance
    return (values.max() ?? 0) - (values.min() ?? 0)
  }
}

/// Σᵢ pᵢ xᵢ.
///
/// - Parameters: `values` and `probabilities` [K].
public func expectation(_ values: [Double], under probabilities: [Double]) -> Double {
  precondition(values.count == probabilities.count, "\(values.count) values, \(probabilities.count) probabilities")
  // A value of zero probability may be infinite.
  return zip(values, probabilities).reduce(0) { $1.1 == 0 ? $0 : $0 + $1.0 * $1.1 }
}
