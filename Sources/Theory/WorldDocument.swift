import Basics

/// A finite world as a person writes it, with the constants of the methods; what a quantity does not need may be absent.
public struct WorldDocument: Specification, Hashable {
  /// π_ref [K], sums to one.
  public var reference: [Double]
  /// μ [K], sums to one; the reference when absent.
  public var comparison: [Double]?
  /// p(i beats j) [K, K], p(i, j) + p(j, i) = 1.
  public var preference: [[Double]]?
  /// s [K], in [0, 1].
  public var safety: [Double]?
  /// r [K].
  public var reward: [Double]?
  /// c [K].
  public var cost: [Double]?
  /// τ > 0 as given.
  public var givenTau: Double?
  /// α.
  public var alpha: Double
  /// B₁ > 1.
  public var b1: Double
  /// β > 0; τ when absent.
  public var beta: Double?
  /// d.
  public var budget: Double?

  enum CodingKeys: String, CodingKey, CaseIterable {
    case reference, comparison, preference, safety, reward, cost
    case givenTau = "tau"
    case alpha, b1, beta, budget
  }

  public static let keys = CodingKeys.allCases.map(\.rawValue)
  /// The constants of the objective `bfpo`.
  public static let defaults: [String: JSONValue] = ["alpha": .number(0.5), "b1": .number(3)]

  /// τ of BFPO and IPO: that of the objective `bfpo` when absent.
  public var tau: Double { givenTau ?? 0.01 }

  /// β of DPO, the constrained optimum and Safe RLHF: τ when absent.
  public var resolvedBeta: Double { beta ?? tau }

  /// The temperature of RLHF on the reward, τ log E_ref e^{r/τ}: τ where it is given, else β.
  public var rlhfTau: Double { givenTau ?? resolvedBeta }

  /// K.
  public var count: Int { reference.count }

  public var constants: BFPOConstants { BFPOConstants(tau: tau, alpha: alpha, b1: b1) }

  public var complaint: String? {
    if count < 2 { return "`reference` needs at least 2 responses, it has \(count)" }
    if let complaint = distributionComplaint("reference", reference) { return complaint }
    if let comparison {
      if let complaint = lengthComplaint("comparison", comparison) { return complaint }
      if let complaint = distributionComplaint("comparison", comparison) { return complaint }
    }
    for (name, values) in [("safety", safety), ("reward", reward), ("cost", cost)] {
      guard let values else { continue }
      if let complaint = lengthComplaint(name, values) ?? finiteComplaint(name, values) { return complaint }
    }
    if let preference, let complaint = preferenceComplaint(preference) { return complaint }
    if let safety, let complaint = safetyComplaint(safety) { return complaint }
    return constantsComplaint
  }

  /// The document with its distributions divided by their sums, which are one within the tolerance; a sum that misses one by no
  /// more than rounding is left as it is.
  public var normalised: WorldDocument {
    var document = self
    func divided(_ values: [Double]) -> [Double] {
      let total = values.reduce(0, +)
      return abs(total - 1) < 1e-14 ? values : values.map { $0 / total }
    }
    document.reference = divided(reference)
    document.comparison = comparison.map(divided)
    return document
  }

  /// The world, if there are preferences; without safety labels every response counts as safe.
  public var world: FiniteWorld? {
    preference.map {
      FiniteWorld(
        reference: reference, comparison: comparison, preference: $0,
        safety: safety ?? [Double](repeating: 1, count: count))
    }
  }

  private func lengthComplaint(_ name: String, _ values: [Double]) -> String? {
    values.count == count ? nil : "`\(name)` has \(values.count) values for the \(count) responses of `reference`"
  }

  private func finiteComplaint(_ name: String, _ values: [Double]) -> String? {
    values.firstIndex { !$0.isFinite }.map { "`\(name)`[\($0)] is not finite" }
  }

  private func distributionComplaint(_ name: String, _ values: [Double]) -> String? {
    if let complaint = finiteComplaint(name, values) { return complaint }
    if let index = values.firstIndex(where: { $0 < 0 }) { return "`\(name)`[\(index)] is negative: \(values[index])" }
    let total = values.reduce(0, +)
    return abs(total - 1) <= 1e-6
      ? nil : "`\(name)` sums to \(total); probabilities must sum to 1 within 0.000001"
  }

  private func safetyComplaint(_ values: [Double]) -> String? {
    values.firstIndex { !(0...1).contains($0) }.map { "`safety`[\($0)] is \(values[$0]), not a probability" }
  }

  private func preferenceComplaint(_ rows: [[Double]]) -> String? {
    if rows.count != count { return "`preference` has \(rows.count) rows for the \(count) responses of `reference`" }
    for (i, row) in rows.enumerated() {
      if row.count != count { return "`preference`[\(i)] has \(row.count) values for the \(count) responses" }
      for (j, p) in row.enumerated() where !(0...1).contains(p) {
        return "`preference`[\(i)][\(j)] is \(p), not a probability"
      }
    }
    for i in 0..<count {
      for j in 0...i where abs(rows[i][j] + rows[j][i] - 1) > 1e-6 {
        return i == j
          ? "`preference`[\(i)][\(i)] is \(rows[i][i]); a response against itself must be 0.5"
          : "`preference`[\(i)][\(j)] and [\(j)][\(i)] must add to 1, they are \(rows[i][j]) and \(rows[j][i])"
      }
    }
    return nil
  }

  private var constantsComplaint: String? {
    if !(tau > 0 && tau.isFinite) { return "`tau` must be positive and finite, got \(tau)" }
    if !alpha.isFinite { return "`alpha` must be finite" }
    if !(b1 > 1 && b1.isFinite) { return "`b1` must be greater than 1 and finite, got \(b1)" }
    if let beta, !(beta > 0 && beta.isFinite) { return "`beta` must be positive and finite, got \(beta)" }
    if let budget, !budget.isFinite { return "`budget` must be finite" }
    return nil
  }
}
