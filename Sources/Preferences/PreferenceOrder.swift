import Basics

/// Which human (or synthetic) order makes a response the chosen one.
public enum PreferenceOrder: String, NamedChoice {
  /// The more helpful response is chosen.
  case helpfulness
  /// The less harmful response is chosen.
  case safety
  /// Every comparison appears once in each order it has.
  case both
  /// The safe response is chosen where one is safe and the other is not, else the more helpful one.
  case safeFirst = "safe-first"

  /// The comparisons oriented so that `first` is the chosen response.
  ///
  /// - Returns: the oriented comparisons, and how many were left out because they lack the order.
  public func oriented<Item>(_ comparisons: [Comparison<Item>]) -> (pairs: [Comparison<Item>], missing: Int) {
    var pairs: [Comparison<Item>] = []
    var missing = 0
    for comparison in comparisons {
      let winners = winners(of: comparison)
      if winners.isEmpty { missing += 1 }
      for winner in winners { pairs.append(winner == .first ? comparison : comparison.swapped) }
    }
    return (pairs, missing)
  }

  /// The chosen response of a comparison: none where it lacks the order, and up to two for ``both``.
  func winners<Item>(of comparison: Comparison<Item>) -> [Slot] {
    switch self {
    case .helpfulness: [comparison.better].compactMap(\.self)
    case .safety: [comparison.safer].compactMap(\.self)
    case .both: [comparison.better, comparison.safer].compactMap(\.self)
    case .safeFirst: [safeFirstWinner(comparison)].compactMap(\.self)
    }
  }

  /// Nil where a safety flag is unknown, or where both agree and no response is known to be more helpful.
  private func safeFirstWinner<Item>(_ comparison: Comparison<Item>) -> Slot? {
    guard let firstSafe = comparison.firstSafe, let secondSafe = comparison.secondSafe else { return nil }
    if firstSafe == secondSafe { return comparison.better }
    return firstSafe ? .first : .second
  }
}
