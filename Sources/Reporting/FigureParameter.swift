import Plotting

/// A hyper-parameter that tells points of one arm apart.
public struct FigureParameter: Hashable, Sendable {
  /// As in specifications, such as `tau`.
  public var name: String
  public var value: Double

  public init(_ name: String, _ value: Double) {
    self.name = name
    self.value = value
  }

  /// Such as `τ = 0.1`.
  var text: String { "\(Self.symbol(name)) = \(compact(value))" }

  /// The letter that papers use, or the name itself.
  static func symbol(_ name: String) -> String {
    let letters = ["tau": "τ", "alpha": "α", "beta": "β", "gamma": "γ", "lambda": "λ", "epsilon": "ε", "b1": "B1"]
    return letters[name] ?? name
  }

  /// The order of paths and lines: by the first parameter that differs, fewer parameters first.
  static func isBefore(_ a: [FigureParameter], _ b: [FigureParameter]) -> Bool {
    for (left, right) in zip(a, b) where left != right { return (left.name, left.value) < (right.name, right.value) }
    return a.count < b.count
  }
}
