import Basics

/// A named rule that supplies safety flags where a file has none. The name is part of the record: such flags are no annotation.
///
/// A flag that the file has is never changed.
public enum FlagRule: String, NamedChoice {
  /// Missing flags stay missing.
  case none
  /// For HH-RLHF with its subset as source: in `harmless` rows the safer response is safe and the other unsafe; in `helpful` rows
  /// both are safe.
  case hhSubset = "hh-subset"
  /// Both responses are safe: the helpfulness buffer of BFPO's Algorithm 1 (Zhang et al. 2025, arXiv 2408.15313).
  case bothSafe = "both-safe"
  /// The safer response is safe and the other unsafe. Too strict where both are safe, too mild where both are not.
  case saferIsSafe = "safer-is-safe"

  /// The comparison with its missing flags supplied, as far as the rule can.
  ///
  /// - Throws: ``UserError`` (65) when the rule does not know the comparison's source.
  public func applied<Item>(to comparison: Comparison<Item>) throws -> Comparison<Item> {
    if comparison.firstSafe != nil, comparison.secondSafe != nil { return comparison }
    guard let flags = try flags(safer: comparison.safer, source: comparison.source, id: comparison.id) else {
      return comparison
    }
    var result = comparison
    result.firstSafe = comparison.firstSafe ?? flags.first
    result.secondSafe = comparison.secondSafe ?? flags.second
    return result
  }

  private func flags(safer: Slot?, source: String, id: String) throws -> (first: Bool, second: Bool)? {
    switch self {
    case .none: return nil
    case .bothSafe: return (true, true)
    case .saferIsSafe: return safer.map { ($0 == .first, $0 == .second) }
    case .hhSubset:
      switch source {
      case "helpful": return (true, true)
      case "harmless": return safer.map { ($0 == .first, $0 == .second) }
      default:
        throw UserError(
          "the flag rule `hh-subset` does not know the source `\(source)`", at: id.isEmpty ? nil : id,
          because: "it has an answer for the sources `harmless` and `helpful` only",
          advice: "use `both-safe` or `safer-is-safe`, or keep only those sources", exitCode: .badData)
      }
    }
  }
}
