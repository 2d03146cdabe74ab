import Basics
import Language

/// Splits comparisons into named parts by what they ask, not by row.
///
/// A hash of the seed and of the prompt decides, so the same prompt lands in the same part whatever else is in the file, in whatever
/// order, and in every other file that is split with the same seed and fractions: the `train` part of one file and the `test` part
/// of another share no prompt.
///
///     u(prompt) = uniform draw of seed/split/identity(prompt),   part = the first k with u < f₁ + … + f_k
public struct PromptSplit: Hashable, Sendable {
  /// What is kept together.
  public enum Unit: String, NamedChoice {
    /// All rows of one conversation, recognised by its first user turn: a later moment of a dialogue never leaks into another part.
    case conversation
    /// Rows with all turns before the response equal.
    case prompt
  }

  public var seed: Int
  public var unit: Unit
  /// The share of each part. Parts are taken in the order of their names; what is left of one is in no part.
  public var fractions: [String: Double]

  /// - Throws: ``UserError`` (65) when a fraction is not in (0, 1] or they exceed one together.
  public init(seed: Int, fractions: [String: Double], unit: Unit = .conversation, at location: String? = nil) throws {
    self.seed = seed
    self.unit = unit
    self.fractions = fractions
    let total = fractions.values.reduce(0, +)
    guard !fractions.isEmpty, fractions.values.allSatisfy({ $0 > 0 && $0 <= 1 }), total <= 1 + 1e-9 else {
      throw UserError(
        "the fractions of the split are not shares of a whole", at: location,
        because: "each must be in (0, 1] and their sum at most 1; the sum is \(total)",
        advice: "for example {\"train\": 0.8, \"test\": 0.2}", exitCode: .badData)
    }
  }

  /// The names of the parts, in order.
  public var names: [String] { fractions.keys.sorted() }

  /// The part a prompt belongs to, nil when it is left out.
  public func part(of messages: [ChatMessage]) -> String? {
    let identity = unit == .prompt ? PromptIdentity.prompt(messages) : PromptIdentity.conversation(messages)
    var random = SeedTree(seed).child("split").child(identity).generator()
    let u = random.uniform()
    var sum = 0.0
    for name in names {
      sum += fractions[name] ?? 0
      if u < sum || sum >= 1 - 1e-9 { return name }
    }
    return nil
  }

  /// The comparisons of each part, in the order of the input.
  public func parts(of comparisons: [Comparison<TextQuery>]) -> [String: [Comparison<TextQuery>]] {
    var parts = Dictionary(uniqueKeysWithValues: names.map { ($0, [Comparison<TextQuery>]()) })
    for comparison in comparisons {
      if let name = part(of: comparison.first.messages) { parts[name]?.append(comparison) }
    }
    return parts
  }
}

/// What two sets of comparisons have in common: zero everywhere if one is to test what the other trained.
public struct DataOverlap: Codable, Hashable, Sendable {
  /// Distinct prompts in both.
  public var prompts: Int
  /// Distinct conversations (first user turns) in both.
  public var conversations: Int
  /// Comparisons of the second whose prompt, with both responses, is in the first.
  public var pairs: Int

  public init(prompts: Int, conversations: Int, pairs: Int) {
    self.prompts = prompts
    self.conversations = conversations
    self.pairs = pairs
  }

  public var isEmpty: Bool { prompts == 0 && conversations == 0 && pairs == 0 }
}

/// Counts what two sets of comparisons share.
public func overlap(
  between first: [Comparison<TextQuery>], and second: [Comparison<TextQuery>]
) -> DataOverlap {
  func conversations(_ set: [Comparison<TextQuery>]) -> Set<String> {
    Set(set.map { PromptIdentity.conversation($0.first.messages) })
  }
  let pairs = Set(first.map(PairIdentity.init))
  return DataOverlap(
    prompts: Set(first.map(\.promptID)).intersection(second.map(\.promptID)).count,
    conversations: conversations(first).intersection(conversations(second)).count,
    pairs: second.count { pairs.contains(PairIdentity($0)) })
}

/// The comparisons whose conversation does not occur in `others`, and how many were left out.
public func excluding(
  conversationsOf others: [Comparison<TextQuery>], from comparisons: [Comparison<TextQuery>]
) -> (kept: [Comparison<TextQuery>], dropped: DropCounts) {
  let known = Set(others.map { PromptIdentity.conversation($0.first.messages) })
  let kept = comparisons.filter { !known.contains(PromptIdentity.conversation($0.first.messages)) }
  var dropped = DropCounts()
  dropped.add(.overlap, comparisons.count - kept.count)
  return (kept, dropped)
}

/// A prompt with two responses, in either order.
struct PairIdentity: Hashable {
  let prompt: String
  let responses: Set<String>

  init(_ comparison: Comparison<TextQuery>) {
    prompt = comparison.promptID
    responses = [trimmed(comparison.first.response), trimmed(comparison.second.response)]
  }
}
