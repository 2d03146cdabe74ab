/// Which of a comparison's two responses.
public enum Slot: Int, Codable, Sendable { case first, second }

/// Two responses to one prompt with whatever is known of them: a helpfulness order, a harmlessness order, safety flags.
///
/// `Item` is a prompt with a response: text, token ids, or a cell of a table. Nothing here says which response is "chosen": that is
/// decided by the ``PreferenceOrder`` an experiment's arm names.
public struct Comparison<Item: Sendable>: Sendable {
  public var first: Item
  public var second: Item
  /// The more helpful response, when known.
  public var better: Slot?
  /// The less harmful response, when known.
  public var safer: Slot?
  /// Whether the first response is safe in absolute terms, when known.
  public var firstSafe: Bool?
  public var secondSafe: Bool?
  public var weight: Double
  /// Identifies the prompt: splits keep comparisons with the same value together.
  public var promptID: String
  /// The part of the data it comes from, such as `harmless` or `helpful`.
  public var source: String
  /// Names the row in messages: its own `id`, or file and line such as `pairs.jsonl:17`; empty when it comes from no file.
  public var id: String

  public init(
    first: Item, second: Item, better: Slot? = nil, safer: Slot? = nil, firstSafe: Bool? = nil, secondSafe: Bool? = nil,
    weight: Double = 1, promptID: String, source: String = "", id: String = ""
  ) {
    self.first = first
    self.second = second
    self.better = better
    self.safer = safer
    self.firstSafe = firstSafe
    self.secondSafe = secondSafe
    self.weight = weight
    self.promptID = promptID
    self.source = source
    self.id = id
  }

  /// The same comparison of transformed items.
  public func map<Other>(_ transform: (Item) throws -> Other) rethrows -> Comparison<Other> {
    Comparison<Other>(
      first: try transform(first), second: try transform(second), better: better, safer: safer, firstSafe: firstSafe,
      secondSafe: secondSafe, weight: weight, promptID: promptID, source: source, id: id)
  }

  /// The comparison with its slots, and every label, exchanged.
  public var swapped: Comparison {
    Comparison(
      first: second, second: first, better: better?.other, safer: safer?.other, firstSafe: secondSafe,
      secondSafe: firstSafe, weight: weight, promptID: promptID, source: source, id: id)
  }
}

extension Comparison: Equatable where Item: Equatable {}

extension Slot {
  public var other: Slot { self == .first ? .second : .first }
}
