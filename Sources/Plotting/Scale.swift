#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How data values are spread along an axis.
public enum Scale: Hashable, Sendable {
  case linear
  /// Decades of equal length; every value must be positive.
  case log10

  /// The value in the coordinate in which the axis is uniform.
  package func uniform(_ value: Double) -> Double {
    switch self {
    case .linear: return value
    case .log10:
      precondition(value > 0, "a log10 axis needs positive values, got \(value)")
      return log(value) / log(10)
    }
  }

  /// The inverse of `uniform`.
  func value(atUniform coordinate: Double) -> Double {
    switch self {
    case .linear: return coordinate
    case .log10: return exp(coordinate * log(10))
    }
  }

  /// Where `value` lies in `domain`: 0 at its start, 1 at its end.
  func fraction(_ value: Double, in domain: ClosedRange<Double>) -> Double {
    let low = uniform(domain.lowerBound)
    let high = uniform(domain.upperBound)
    precondition(high > low, "an axis needs a domain of positive length, got \(domain)")
    return (uniform(value) - low) / (high - low)
  }

  /// The domain of an axis that shows `extent` with some room at both ends, never of length zero.
  ///
  /// An empty extent becomes 0…1 (1…10 on a log axis). One value v becomes v ± 5 % of |v| (0 ± 1, a factor of two on a log axis).
  public func paddedDomain(of extent: ClosedRange<Double>?, padding: Double) -> ClosedRange<Double> {
    guard let extent else { return self == .linear ? 0...1 : 1...10 }
    var low = uniform(extent.lowerBound)
    var high = uniform(extent.upperBound)
    let smallest = self == .linear ? max(abs(low), abs(high)) * 1e-9 : 1e-9
    if high - low <= smallest {
      let half = self == .linear ? (low == 0 ? 1 : abs(low) * 0.05) : log(2) / log(10)
      low -= half
      high += half
    }
    let room = (high - low) * padding
    return value(atUniform: low - room)...value(atUniform: high + room)
  }
}
