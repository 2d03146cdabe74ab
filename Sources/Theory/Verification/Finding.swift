/// What checking one claim gave.
public struct Finding: Hashable, Sendable {
  /// A short name, such as `theorem`.
  public var claim: String
  /// The claim in one sentence.
  public var statement: String
  /// What it was checked on.
  public var checked: String
  /// How many worlds (or problems, or objectives) that was.
  public var worlds: Int
  /// The largest error, in the units that the tolerance has; ∞ where something was not a number.
  public var worstError: Double
  public var tolerance: Double

  public var holds: Bool { worstError <= tolerance }

  public init(claim: String, statement: String, checked: String, worlds: Int, worstError: Double, tolerance: Double) {
    self.claim = claim
    self.statement = statement
    self.checked = checked
    self.worlds = worlds
    self.worstError = worstError
    self.tolerance = tolerance
  }
}

/// Remembers the largest of many errors.
struct ErrorMeter {
  private(set) var worst = 0.0
  private(set) var count = 0

  /// Something that could not be computed counts as an infinite error.
  mutating func note(_ error: Double?) { worst = max(worst, error.map { $0.isNaN ? .infinity : abs($0) } ?? .infinity) }

  mutating func note(_ a: [Double]?, _ b: [Double]?) {
    guard let a, let b, a.count == b.count else { return note(nil) }
    for (x, y) in zip(a, b) { note(x - y) }
  }

  /// Notes 1 if a statement that is either true or false is false.
  mutating func require(_ statement: Bool) { note(statement ? 0 : 1) }

  mutating func countWorld() { count += 1 }

  func finding(_ claim: String, _ statement: String, checked: String, tolerance: Double) -> Finding {
    Finding(
      claim: claim, statement: statement, checked: checked, worlds: count, worstError: worst, tolerance: tolerance)
  }
}
