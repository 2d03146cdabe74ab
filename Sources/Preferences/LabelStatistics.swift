/// What the labels of some comparisons say, counted.
public struct LabelStatistics: Codable, Hashable, Sendable {
  /// The helpfulness order against the harmlessness order.
  public struct Orders: Codable, Hashable, Sendable {
    /// Both known, and the same response wins both.
    public var agree = 0
    /// Both known, and different responses win: where helpfulness and safety conflict.
    public var disagree = 0
    public var onlyBetter = 0
    public var onlySafer = 0
    public var neither = 0
  }

  /// The safety flags of the two responses, and how they lie against the orders.
  public struct Flags: Codable, Hashable, Sendable {
    public var bothSafe = 0
    public var bothUnsafe = 0
    /// Exactly one response is safe.
    public var mixed = 0
    /// At least one flag is not known.
    public var unknown = 0
    /// Mixed, and the safe response is the more helpful one.
    public var mixedSafeIsBetter = 0
    /// Mixed, and the unsafe response is the more helpful one.
    public var mixedUnsafeIsBetter = 0
    /// Mixed, but the harmlessness order prefers the unsafe response: a sign of exchanged labels.
    public var mixedUnsafeIsSafer = 0
  }

  public var comparisons = 0
  /// Distinct prompts.
  public var prompts = 0
  public var orders = Orders()
  public var flags = Flags()
  /// Comparisons whose first response is the more helpful one, among those with the order: near one half unless sorted.
  public var betterIsFirst = 0
  public var saferIsFirst = 0
  public var sources: [String: Int] = [:]

  public init<Item>(_ comparisons: some Collection<Comparison<Item>>) {
    self.comparisons = comparisons.count
    prompts = Set(comparisons.map(\.promptID)).count
    for comparison in comparisons {
      sources[comparison.source, default: 0] += 1
      if comparison.better == .first { betterIsFirst += 1 }
      if comparison.safer == .first { saferIsFirst += 1 }
      count(better: comparison.better, safer: comparison.safer)
      countFlags(of: comparison)
    }
  }

  private mutating func count(better: Slot?, safer: Slot?) {
    switch (better, safer) {
    case (nil, nil): orders.neither += 1
    case (_, nil): orders.onlyBetter += 1
    case (nil, _): orders.onlySafer += 1
    case let (better, safer): if better == safer { orders.agree += 1 } else { orders.disagree += 1 }
    }
  }

  private mutating func countFlags<Item>(of comparison: Comparison<Item>) {
    guard let first = comparison.firstSafe, let second = comparison.secondSafe else {
      flags.unknown += 1
      return
    }
    if first == second {
      if first { flags.bothSafe += 1 } else { flags.bothUnsafe += 1 }
      return
    }
    flags.mixed += 1
    let safe: Slot = first ? .first : .second
    if comparison.better == safe { flags.mixedSafeIsBetter += 1 }
    if comparison.better == safe.other { flags.mixedUnsafeIsBetter += 1 }
    if comparison.safer == safe.other { flags.mixedUnsafeIsSafer += 1 }
  }
}
