import Plotting

/// A hyper-parameter that tells points of one arm apart.
public struct FigureParameter: Hashable, Sendable {
  /// As in specifications, such as `tau`.
  public var name: String
  /// Nil when the value is not a number.
  public var value: Double?
  /// The value as readers see it.
  public var valueText: String

  public init(_ name: String, _ value: Double) {
    self.name = name
    self.value = value
    valueText = compact(value)
  }

  public init(_ name: String, text: String) {
    self.name = name
    valueText = text
  }

  /// Such as `τ = 0.1`.
  var text: String { "\(Self.symbol(name)) = \(valueText)" }

  /// The letter that papers use, or the name itself.
  static func symbol(_ name: String) -> String {
    let letters = ["tau": "τ", "alpha": "α", "beta": "β", "gamma": "γ", "lambda": "λ", "epsilon": "ε", "b1": "B1"]
    return letters[name] ?? name
  }

  /// The order of paths and lines: by the first parameter that differs, fewer parameters first.
  static func isBefore(_ a: [FigureParameter], _ b: [FigureParameter]) -> Bool {
    for (left, right) in zip(a, b) where left != right {
      return (left.name, left.value ?? .infinity, left.valueText)
        < (right.name, right.value ?? .infinity, right.valueText)
    }
    return a.count < b.count
  }
}
