import Basics
import Preferences

/// A loss on a language model's hidden states beside the objective's.
///
///     { kind: "spo", weight: 0.1, levels: 4 }
///
/// SPO, self-supervised preference optimization:
///
///     L = L_align + γ (CE_w + CE_l)
///     CE_y = mean over the levels k of −log softmax(W f(x, y⁽ᵏ⁾) + b)_k
///
/// y⁽⁰⁾ is the response itself and y⁽ᵏ⁾ the response with about k/(K − 1) of its key content deleted
/// (`gradedRemovals` of Language); f is the policy's last hidden state after the final norm at the end-of-turn
/// token; W, b are a linear head that starts at zero, is trained beside the policy and is not saved. L_align is any objective. As
/// the head is zero, the first step is that of L_align alone.
///
/// A reconstruction: the authors' repository holds no code. That there are K graded removals, RAKE keywords, a classifier on hidden
/// states and the sum of both responses' cross-entropies is from descriptions of arXiv 2409.17791 by others. K, γ, the keyword
/// extractor's details, the mean over levels, the place f is read, and how the head is trained are ours.
/// Source: arXiv 2409.17791 (EMNLP Findings 2024), not verified against its text.
public struct AuxiliarySpec: Codable, Hashable, Sendable {
  public enum Kind: String, NamedChoice { case spo }

  public var kind = Kind.spo
  /// γ ≥ 0; with 0 the head is a probe that the policy does not feel.
  public var weight = 0.1
  /// K, the undeleted response included.
  public var levels = 4
  /// Peak learning rate of the head, which follows the policy's warm-up and schedule; AdamW with the policy's other settings. The
  /// head's gradient is that of CE without γ, and is not clipped.
  public var headLearningRate = 1e-3

  enum CodingKeys: String, CodingKey, CaseIterable { case kind, weight, levels, headLearningRate }

  public init() {}

  /// - Throws: ``UserError`` (65) for an unknown key or name, or a number out of range.
  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(CodingKeys.self)
    let container = try decoder.container(keyedBy: CodingKeys.self)
    kind = try container.decodeName(Kind.self, forKey: .kind) ?? kind
    weight = try container.decodeIfPresent(Double.self, forKey: .weight) ?? weight
    levels = try container.decodeIfPresent(Int.self, forKey: .levels) ?? levels
    headLearningRate = try container.decodeIfPresent(Double.self, forKey: .headLearningRate) ?? headLearningRate
    if let complaint {
      throw UserError("a value is out of range", at: "`auxiliary`", because: complaint, exitCode: .badData)
    }
  }

  private var complaint: String? {
    if !(weight >= 0 && weight.isFinite) { return "weight must be at least 0 and finite, got \(weight)" }
    if !(2...64).contains(levels) { return "levels must be from 2 to 64, got \(levels)" }
    if !(headLearningRate > 0 && headLearningRate.isFinite) {
      return "headLearningRate must be positive, got \(headLearningRate)"
    }
    return nil
  }
}
