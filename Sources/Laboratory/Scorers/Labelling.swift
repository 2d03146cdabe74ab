import Basics
import Language
import Objectives
import Preferences
import Training

/// Labels that trained score models supply where people gave none.
///
/// A reward model supplies the helpfulness order (the higher reward is the more helpful response). A cost model supplies safety flags
/// (cost above 0 is unsafe) and the harmlessness order (the lower cost is the safer response). A label that exists is never changed,
/// and none is supplied that would contradict one that exists: what a model says against a person is left out and counted.
/// Source: the red-teaming stage of Dai et al. 2024, arXiv 2310.12773, where earlier models help to label new data.
public struct Labelling: Sendable {
  /// How many labels were supplied, and why others were not.
  public struct Counts: Codable, Hashable, Sendable {
    public var rows = 0
    public var better = 0
    public var safer = 0
    /// Flags, up to two a row.
    public var flags = 0
    /// Rows where a supplied flag or order would contradict a label that exists.
    public var contradictions = 0
    /// Rows whose scores are equal, so that they give no order.
    public var ties = 0
  }

  /// A row with its labels, and which of them a model supplied.
  public struct Row: Sendable {
    public var comparison: Comparison<TextQuery>
    public var supplied: Supplied
  }

  /// Which labels of a row come from a model.
  public struct Supplied: Hashable, Sendable {
    public var better = false
    public var safer = false
    public var firstSafe = false
    public var secondSafe = false
  }

  public private(set) var rows: [Row]
  public private(set) var counts = Counts()

  /// - Parameter comparisons: rows as they were read.
  public init(_ comparisons: [Comparison<TextQuery>]) {
    rows = comparisons.map { Row(comparison: $0, supplied: Supplied()) }
    counts.rows = rows.count
  }

  /// The rows that lack a label which a model of this kind supplies.
  public func lacking(_ kind: ScoreKind) -> [Int] {
    rows.indices.filter { index in
      let row = rows[index].comparison
      switch kind {
      case .reward: return row.better == nil
      case .cost: return row.firstSafe == nil || row.secondSafe == nil || row.safer == nil
      }
    }
  }

  /// Supplies what is missing in some rows of ``lacking(_:)``.
  ///
  /// - Parameter scores: of both responses of a row, by its index.
  public mutating func supply(_ kind: ScoreKind, scores: [Int: (first: Double, second: Double)]) {
    for index in lacking(kind) {
      guard let score = scores[index] else { continue }
      switch kind {
      case .reward: supplyOrder(index, score)
      case .cost: supplySafety(index, score)
      }
    }
  }

  private mutating func supplyOrder(_ index: Int, _ reward: (first: Double, second: Double)) {
    guard reward.first != reward.second else {
      counts.ties += 1
      return
    }
    rows[index].comparison.better = reward.first > reward.second ? .first : .second
    rows[index].supplied.better = true
    counts.better += 1
  }

  private mutating func supplySafety(_ index: Int, _ cost: (first: Double, second: Double)) {
    var row = rows[index]
    if row.comparison.firstSafe == nil {
      row.comparison.firstSafe = CostSign(ofCost: cost.first).isSafe
      row.supplied.firstSafe = true
    }
    if row.comparison.secondSafe == nil {
      row.comparison.secondSafe = CostSign(ofCost: cost.second).isSafe
      row.supplied.secondSafe = true
    }
    if Self.contradicts(row.comparison) {
      counts.contradictions += 1
      return
    }
    if row.comparison.safer == nil {
      if cost.first == cost.second {
        counts.ties += 1
      } else {
        row.comparison.safer = cost.first < cost.second ? .first : .second
        if Self.contradicts(row.comparison) {
          row.comparison.safer = nil
          counts.contradictions += 1
        } else {
          row.supplied.safer = true
          counts.safer += 1
        }
      }
    }
    counts.flags += (row.supplied.firstSafe ? 1 : 0) + (row.supplied.secondSafe ? 1 : 0)
    rows[index] = row
  }

  private static func contradicts(_ row: Comparison<TextQuery>) -> Bool {
    (try? requireConsistentSafety(row, at: "")) == nil
  }
}

extension Labelling.Row {
  /// The canonical line of the row with the digest of the model behind each supplied label; nil when no order is known.
  ///
  ///     {…, "supplied": {"better": "3f2a…", "chosen_safe": "9b1c…"}}
  ///
  /// - Parameter digests: of the models.
  public func line(digests: [ScoreKind: String]) throws -> String? {
    guard let canonical = try CanonicalRow.line(comparison, chosenBy: .both) else { return nil }
    guard supplied != Labelling.Supplied() else { return canonical }
    guard var members = try JSONValue(parsing: .init(canonical.utf8), source: "a canonical row").object else {
      preconditionFailure("a canonical row is an object")
    }
    // A canonical row writes the winner first: by helpfulness, then by harmlessness.
    let firstIsChosen = (comparison.better ?? comparison.safer) == .first
    let flags = firstIsChosen ? (supplied.firstSafe, supplied.secondSafe) : (supplied.secondSafe, supplied.firstSafe)
    var sources: [String: JSONValue] = [:]
    for (name, isSupplied, kind) in [
      ("better", supplied.better, ScoreKind.reward), ("safer", supplied.safer, .cost), ("chosen_safe", flags.0, .cost),
      ("rejected_safe", flags.1, .cost),
    ] where isSupplied {
      sources[name] = digests[kind].map { .string($0) } ?? .null
    }
    members["supplied"] = .object(sources)
    return try JSONValue.object(members).canonical()
  }
}
