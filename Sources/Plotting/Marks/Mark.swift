/// Something drawn inside a panel in the units of its data. One file per kind.
public protocol Mark: Sendable {
  /// The values that the axes must show. Empty for marks that may be cut, such as a limit curve.
  var extent: Extent { get }
  /// Draws the mark; text is handed over with `Canvas.label`, because only the panel knows what is in its way.
  func draw(on canvas: inout Canvas)
}

/// The range of values of a mark along both axes.
public struct Extent: Hashable, Sendable {
  public private(set) var x: ClosedRange<Double>?
  public private(set) var y: ClosedRange<Double>?

  public static let nothing = Extent()

  public init(_ points: some Sequence<DataPoint> = []) {
    for point in points {
      precondition(point.isFinite, "a mark needs finite points, got \(point); drop and count the others first")
      x = Self.union(x, point.x...point.x)
      y = Self.union(y, point.y...point.y)
    }
  }

  /// A height without a place along x.
  init(y: Double) { self.y = y...y }

  public func union(_ other: Extent) -> Extent {
    var result = self
    result.x = Self.union(x, other.x)
    result.y = Self.union(y, other.y)
    return result
  }

  private static func union(_ a: ClosedRange<Double>?, _ b: ClosedRange<Double>?) -> ClosedRange<Double>? {
    guard let a else { return b }
    guard let b else { return a }
    return min(a.lowerBound, b.lowerBound)...max(a.upperBound, b.upperBound)
  }
}
