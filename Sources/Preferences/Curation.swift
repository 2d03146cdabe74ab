import Basics
import Language

/// A label that an experiment cannot do without.
public enum RequiredLabel: String, NamedChoice {
  /// The helpfulness order.
  case better
  /// The harmlessness order.
  case safer
  /// A safety flag on both responses.
  case flags
}

/// What to leave out of a set of comparisons, beyond what can never be used.
struct Curation {
  var flagRule = FlagRule.none
  /// Sources to keep; empty keeps all.
  var sources: Set<String> = []
  var requires: Set<RequiredLabel> = []
  var dropsDuplicates = false

  /// The usable comparisons with flags supplied by the rule, and the rows dropped.
  func applied(
    to rows: [PreferenceFile.Row]
  ) throws -> (kept: [Comparison<TextQuery>], dropped: [PreferenceFile.UnusableRow], flagsSupplied: Int) {
    var kept: [Comparison<TextQuery>] = []
    var dropped: [PreferenceFile.UnusableRow] = []
    var flagsSupplied = 0
    var seen: Set<PairIdentity> = []
    for row in rows {
      if let reason = Self.defect(of: row.comparison) ?? (isWanted(row.comparison) ? nil : .otherSource) {
        dropped.append(PreferenceFile.UnusableRow(line: row.line, reason: reason))
        continue
      }
      let comparison = try flagRule.applied(to: row.comparison)
      if let reason = lack(of: comparison) {
        dropped.append(PreferenceFile.UnusableRow(line: row.line, reason: reason))
      } else if dropsDuplicates, !seen.insert(PairIdentity(comparison)).inserted {
        dropped.append(PreferenceFile.UnusableRow(line: row.line, reason: .duplicate))
      } else {
        if (comparison.firstSafe, comparison.secondSafe) != (row.comparison.firstSafe, row.comparison.secondSafe) {
          flagsSupplied += 1
        }
        kept.append(comparison)
      }
    }
    return (kept, dropped, flagsSupplied)
  }

  /// Why no experiment can use the comparison, or nil.
  static func defect(of comparison: Comparison<TextQuery>) -> DropReason? {
    guard let last = comparison.first.messages.last, !isBlank(last.content) else { return .emptyPrompt }
    if last.role != "user" { return .noUserTurn }
    if isBlank(comparison.first.response) || isBlank(comparison.second.response) { return .emptyResponse }
    return trimmed(comparison.first.response) == trimmed(comparison.second.response) ? .identicalResponses : nil
  }

  private func isWanted(_ comparison: Comparison<TextQuery>) -> Bool {
    sources.isEmpty || sources.contains(comparison.source)
  }

  private func lack(of comparison: Comparison<TextQuery>) -> DropReason? {
    if requires.contains(.better), comparison.better == nil { return .missingOrder }
    if requires.contains(.safer), comparison.safer == nil { return .missingOrder }
    if requires.contains(.flags), comparison.firstSafe == nil || comparison.secondSafe == nil { return .missingFlags }
    return nil
  }
}
