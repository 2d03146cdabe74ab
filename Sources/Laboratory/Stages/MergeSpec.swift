import Basics

/// A policy put together from the parameters of trained stages, without training.
///
///     between [A, B]:   θ = θ_ref + (1 − share)(θ_A − θ_ref) + share (θ_B − θ_ref)
///     add, subtract:    θ = θ_ref + strength (Σ_add (θ_k − θ_ref) − Σ_subtract (θ_k − θ_ref))
///
/// `between` is the reward soup of two stages and P-SACPO's interpolation; `add` and `subtract` are preference vectors. On a table
/// the logits are merged, which is exact log-linear mixing: π ∝ π_ref Π (π_k/π_ref)^{w_k}.
/// Source: Ramé et al. 2023, arXiv 2306.04488; Wachi et al. 2024, arXiv 2404.11049; Liang et al. 2025 (preference vectors).
public struct MergeSpec: Specification, Hashable {
  /// Two stages to interpolate.
  public var between: [String]
  /// Weight of the second of them.
  public var share: Double
  public var add: [String]
  public var subtract: [String]
  /// Scale of the added and subtracted differences.
  public var strength: Double

  enum CodingKeys: String, CodingKey, CaseIterable { case between, share, add, subtract, strength }

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }
  public static var defaults: [String: JSONValue] {
    ["between": .array([]), "share": .number(0.5), "add": .array([]), "subtract": .array([]), "strength": .number(1)]
  }

  public var complaint: String? {
    if between.isEmpty && add.isEmpty { return "merge needs `between: [A, B]`, or `add: […]` (and `subtract: […]`)" }
    if !between.isEmpty && between.count != 2 { return "`between` names two stages, got \(between.count)" }
    if !between.isEmpty && !(add + subtract).isEmpty { return "merge has either `between` or `add` and `subtract`" }
    if !share.isFinite || !strength.isFinite { return "share and strength must be finite" }
    return nil
  }

  /// The name of the number that a sweep may vary.
  var parameter: String { between.isEmpty ? "strength" : "share" }

  /// The stages that are merged, each with its weight.
  var weights: [(stage: String, weight: Double)] {
    if between.count == 2 { return [(between[0], 1 - share), (between[1], share)] }
    return add.map { ($0, strength) } + subtract.map { ($0, -strength) }
  }
}
