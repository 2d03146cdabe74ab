import Basics

/// Which human (or synthetic) order makes a response the chosen one.
public enum PreferenceOrder: String, NamedChoice {
  /// The more helpful response is chosen.
  case helpfulness
  /// The less harmful response is chosen.
  case safety
  /// Every comparison appears once in each order it has.
  case both

  /// The comparisons oriented so that `first` is the chosen response.
  ///
  /// - Returns: the oriented comparisons, and how many were left out because they lack the order.
  public func oriented<Item>(_ comparisons: [Comparison<Item>]) -> (pairs: [Comparison<Item>], missing: Int) {
    var pairs: [Comparison<Item>] = []
    var missing = 0
    for comparison in comparisons {
      let winners: [Slot] =
        switch self {
        case .helpfulness: [comparison.better].compactMap(\.self)
        case .safety: [comparison.safer].compactMap(\.self)
        case .both: [comparison.better, comparison.safer].compactMap(\.self)
        }
      if winners.isEmpty { missing += 1 }
      for winner in winners { pairs.append(winner == .first ? comparison : comparison.swapped) }
    }
    return (pairs, missing)
  }
}
