import Basics

/// What training on a synthetic world is told of rewards and costs, where that is not the truth.
///
///     scores: { kind: "learned", comparisons: 4096, flags: 4096, regularisation: 0.1 }
///
/// A table of rewards is fitted to comparisons by the helpfulness order, and a table of costs to the same comparisons by the
/// harmlessness order and to safety flags, all sampled from the world with the run's own seed. Metrics stay exact, so that what is
/// lost to wrong rewards and costs can be seen. Without `scores` training is told the exact ones.
public struct WorldScores: Codable, Hashable, Sendable {
  public enum Kind: String, NamedChoice { case learned }

  public var kind = Kind.learned
  /// Pairs of responses, each with both orders.
  public var comparisons = 4096
  /// Responses with a safety flag.
  public var flags = 4096
  /// ρ > 0 of the penalty ρ/2 Σ s² on every score of a prompt, against sums over the data: a normal prior of variance 1/ρ.
  public var regularisation = 0.1

  enum CodingKeys: String, CodingKey, CaseIterable { case kind, comparisons, flags, regularisation }

  public init(comparisons: Int = 4096, flags: Int = 4096, regularisation: Double = 0.1) {
    self.comparisons = comparisons
    self.flags = flags
    self.regularisation = regularisation
  }

  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(CodingKeys.self)
    let container = try decoder.container(keyedBy: CodingKeys.self)
    kind = try container.decode(Kind.self, forKey: .kind)
    comparisons = try container.decodeIfPresent(Int.self, forKey: .comparisons) ?? comparisons
    flags = try container.decodeIfPresent(Int.self, forKey: .flags) ?? flags
    regularisation = try container.decodeIfPresent(Double.self, forKey: .regularisation) ?? regularisation
  }

  private static let most = 10_000_000

  var complaint: String? {
    for (name, count) in [("comparisons", comparisons), ("flags", flags)] where !(0...Self.most).contains(count) {
      return "\(name) of scores must be from 0 to \(Self.most), got \(count)"
    }
    return regularisation > 0 && regularisation.isFinite
      ? nil : "regularisation of scores must be positive and finite, got \(regularisation)"
  }
}

/// One response of a synthetic world with its safety flag.
public struct FlaggedResponse: Hashable, Sendable {
  public var prompt: Int
  public var response: Int
  public var isSafe: Bool
}

extension SyntheticWorld {
  /// Flagged responses: prompts uniform, responses from π_ref, every flag drawn independently.
  public func sampleFlags(count: Int, seed: SeedTree) -> [FlaggedResponse] {
    var random = seed.child("flags").generator()
    return (0..<count).map { _ in
      let prompt = random.below(spec.prompts)
      let response = random.index(withProbabilities: reference[prompt])
      return FlaggedResponse(
        prompt: prompt, response: response, isSafe: random.uniform() < safeProbability(response, prompt: prompt))
    }
  }
}
