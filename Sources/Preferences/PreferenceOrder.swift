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
    pairs.reserveCapacity(self == .both ? 2 * comparisons.count : comparisons.count)
    for comparison in comparisons {
      let (one, other) = winners(of: comparison)
      if one == nil, other == nil { missing += 1 }
      if let one { pairs.append(one == .first ? comparison : comparison.swapped) }
      if let other { pairs.append(other == .first ? comparison : comparison.swapped) }
    }
    return (pairs, missing)
  }

  /// The chosen response of a comparison, nil where it lacks the order; ``both`` has one in each order.
  func winners<Item>(of comparison: Comparison<Item>) -> (Slot?, Slot?) {
    switch self {
    case .helpfulness: (comparison.better, nil)
    case .safety: (comparison.safer, nil)
    case .both: (comparison.better, comparison.safer)
    case .safeFirst: (safeFirstWinner(comparison), nil)
    }
  }

  /// Nil where a safety flag is unknown, or where both agree and no response is known to be more helpful.
  private func safeFirstWinner<Item>(_ comparison: Comparison<Item>) -> Slot? {
    guard let firstSafe = comparison.firstSafe, let secondSafe = comparison.secondSafe else { return nil }
    if firstSafe == secondSafe { return comparison.better }
    return firstSafe ? .first : .second
  }
}
