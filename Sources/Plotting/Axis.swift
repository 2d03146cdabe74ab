/// One axis of a panel: what it shows, on which scale, and how far it reaches.
public struct Axis: Hashable, Sendable {
  /// How far an axis reaches.
  public enum Reach: Hashable, Sendable {
    /// The values of the marks, plus this share of their range at both ends.
    case data(padding: Double)
    case fixed(ClosedRange<Double>)
  }

  /// Quantity, unit and direction, such as `Safety → better`. On a vertical axis an arrow → points upwards.
  public var title: String
  public var scale: Scale
  public var reach: Reach
  /// The values that are possible at all, such as 0…1 for a probability: no tick lies outside.
  public var possible: ClosedRange<Double>?

  public init(
    _ title: String, scale: Scale = .linear, reach: Reach = .data(padding: 0.06), possible: ClosedRange<Double>? = nil
  ) {
    self.title = title
    self.scale = scale
    self.reach = reach
    self.possible = possible
  }

  /// The domain for marks whose values span `extent`.
  func domain(for extent: ClosedRange<Double>?) -> ClosedRange<Double> {
    switch reach {
    case .fixed(let domain): return domain
    case .data(let padding): return scale.paddedDomain(of: extent, padding: padding)
    }
  }

  /// Ticks on `length` points of page, labelled in `size` points, lying along the axis when `isHorizontal`.
  func ticks(domain: ClosedRange<Double>, length: Double, size: Double, isHorizontal: Bool) -> Ticks {
    var reachable = domain
    if let possible, possible.overlaps(domain) {
      let clamped = domain.clamped(to: possible)
      if clamped.upperBound > clamped.lowerBound { reachable = clamped }
    }
    let count = min(9, max(2, Int(length / (isHorizontal ? 26 : 24))))
    return Ticks.choose(scale: scale, domain: reachable, count: count) { ticks in
      guard isHorizontal else { return true }
      let places = ticks.map { scale.fraction($0.value, in: domain) * length }
      let halves = ticks.map { TextMetrics.width($0.label, size: size) / 2 }
      return ticks.indices.dropFirst().allSatisfy {
        places[$0] - places[$0 - 1] >= halves[$0] + halves[$0 - 1] + size / 2
      }
    }
  }
}
