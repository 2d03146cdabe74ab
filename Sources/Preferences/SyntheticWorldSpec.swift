import Basics

/// The parameters of a synthetic world in two dimensions, helpfulness and safety.
///
/// Every prompt offers `responses` responses with a helpfulness utility u and a safety utility z, both standard normal with
/// correlation −`conflict`: helpful answers are more often unsafe. All preferences are probabilities:
///
///     P(i more helpful than j) = σ((u_i − u_j) / comparisonNoise)
///     P(i less harmful than j) = σ((z_i − z_j) / comparisonNoise)
///     P(i is flagged safe)     = σ((z_i + safetyOffset) / flagNoise)
///     π_ref(i) ∝ exp(referenceHelpfulness · u_i + referenceSpread · ε_i),   ε standard normal
public struct SyntheticWorldSpec: Specification, Hashable {
  public var prompts = 16
  public var responses = 12
  /// Minus the correlation of u and z, in [−1, 1]; 0 means no conflict, so no trade-off to plot.
  public var conflict = 0.6
  /// Temperature of the Bradley–Terry comparisons; small is nearly deterministic.
  public var comparisonNoise = 0.5
  /// Temperature of the Bernoulli safety flags; small is nearly deterministic.
  public var flagNoise = 0.3
  /// Added to z before flagging: positive makes more responses safe.
  public var safetyOffset = 0.0
  public var referenceHelpfulness = 0.3
  public var referenceSpread = 0.5
  /// Labelled comparisons drawn per run, both responses from π_ref.
  public var comparisons = 2048
  /// Seed of the world itself (u, z, π_ref); comparisons are drawn from the run's own seed.
  public var seed = 1
  /// What training is told of rewards and costs; nil for the exact ones.
  public var scores: WorldScores?

  enum CodingKeys: String, CodingKey, CaseIterable {
    case prompts, responses, conflict, comparisonNoise, flagNoise, safetyOffset, referenceHelpfulness, referenceSpread,
      comparisons, seed, scores
  }

  /// Cells of a world's table at most; a larger number is a slip of the pen.
  private static let largestTable = 1_000_000
  private static let mostComparisons = 10_000_000

  public init() {}

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }
  public static var defaults: [String: JSONValue] { members(of: Self()) }

  public var complaint: String? {
    if prompts < 1 { return "prompts must be at least 1, got \(prompts)" }
    if responses < 2 { return "responses must be at least 2, got \(responses)" }
    if prompts > Self.largestTable / responses {
      return "prompts times responses must be at most \(Self.largestTable), got \(prompts) and \(responses)"
    }
    if !(abs(conflict) <= 1) { return "conflict must be in [-1, 1], got \(conflict)" }
    if !(comparisonNoise > 0) { return "comparisonNoise must be positive, got \(comparisonNoise)" }
    if !(flagNoise > 0) { return "flagNoise must be positive, got \(flagNoise)" }
    if !(1...Self.mostComparisons).contains(comparisons) {
      return "comparisons must be from 1 to \(Self.mostComparisons), got \(comparisons)"
    }
    return scores?.complaint
  }
}
