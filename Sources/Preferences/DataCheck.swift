import Basics
import Language

/// What `data check` finds in one file.
public struct DataCheck: Codable, Hashable, Sendable {
  /// Lines that repeat an earlier pair.
  public struct Repetition: Codable, Hashable, Sendable {
    public var line: Int
    public var earlier: Int
    /// Whether a label differs from the earlier row's, so that one of them is wrong.
    public var contradicts: Bool
  }

  /// Lengths in Unicode scalars.
  public struct Lengths: Codable, Hashable, Sendable {
    public var median: Int
    public var p90: Int
    public var maximum: Int

    init(_ lengths: [Int]) {
      let sorted = lengths.sorted().map(Double.init)
      func at(_ q: Double) -> Int { sorted.isEmpty ? 0 : Int(quantile(q, ofSorted: sorted).rounded()) }
      (median, p90, maximum) = (at(0.5), at(0.9), at(1))
    }
  }

  public var file: DataReport.File
  public var labels: LabelStatistics
  /// Rows that cannot be used, by reason: their lines.
  public var unusable: [DropReason: [Int]] = [:]
  public var repetitions: [Repetition] = []
  public var promptLengths: Lengths
  public var responseLengths: Lengths
  /// How often the more helpful, and the safer, response is the longer one: far from one half, length is a shortcut.
  /// Nil when the order is not known of any pair.
  public var betterIsLonger: Estimate?
  public var saferIsLonger: Estimate?

  public init(_ file: PreferenceFile) {
    self.file = DataReport.File(
      name: file.name, sha256: file.sha256, bytes: file.byteCount, format: file.format, order: file.order,
      rows: file.rows.count + file.unusable.count)
    let comparisons = file.rows.map(\.comparison)
    labels = LabelStatistics(comparisons)
    for row in file.unusable { unusable[row.reason, default: []].append(row.line) }
    for row in file.rows {
      if let reason = Curation.defect(of: row.comparison) { unusable[reason, default: []].append(row.line) }
    }
    for reason in unusable.keys { unusable[reason]?.sort() }
    repetitions = Self.repetitions(file.rows)
    promptLengths = Lengths(comparisons.map { $0.first.messages.reduce(0) { $0 + $1.content.unicodeScalars.count } })
    responseLengths = Lengths(
      comparisons.flatMap { [$0.first.response.unicodeScalars.count, $0.second.response.unicodeScalars.count] })
    betterIsLonger = Self.winnerIsLonger(comparisons, \.better)
    saferIsLonger = Self.winnerIsLonger(comparisons, \.safer)
  }

  /// Whether there is anything a strict check refuses: unusable rows, or repeated ones.
  public var isClean: Bool { unusable.isEmpty && repetitions.isEmpty }

  private static func repetitions(_ rows: [PreferenceFile.Row]) -> [Repetition] {
    var first: [PairIdentity: PreferenceFile.Row] = [:]
    return rows.compactMap { row in
      let identity = PairIdentity(row.comparison)
      guard let earlier = first[identity] else {
        first[identity] = row
        return nil
      }
      let sameSlots = trimmed(earlier.comparison.first.response) == trimmed(row.comparison.first.response)
      let other = sameSlots ? row.comparison : row.comparison.swapped
      return Repetition(
        line: row.line, earlier: earlier.line, contradicts: contradict(earlier.comparison, other))
    }
  }

  /// Whether a label known in both differs.
  private static func contradict(_ a: Comparison<TextQuery>, _ b: Comparison<TextQuery>) -> Bool {
    func differ<T: Equatable>(_ first: T?, _ second: T?) -> Bool { first != nil && second != nil && first != second }
    return differ(a.better, b.better) || differ(a.safer, b.safer) || differ(a.firstSafe, b.firstSafe)
      || differ(a.secondSafe, b.secondSafe)
  }

  private static func winnerIsLonger(
    _ comparisons: [Comparison<TextQuery>], _ order: KeyPath<Comparison<TextQuery>, Slot?>
  ) -> Estimate? {
    var longer = 0.0
    var n = 0
    for comparison in comparisons {
      guard let winner = comparison[keyPath: order] else { continue }
      let lengths = (comparison.first.response.unicodeScalars.count, comparison.second.response.unicodeScalars.count)
      n += 1
      if lengths.0 == lengths.1 { longer += 0.5 } else if (lengths.0 > lengths.1) == (winner == .first) { longer += 1 }
    }
    return n == 0 ? nil : wilson(successes: longer, of: n)
  }
}
