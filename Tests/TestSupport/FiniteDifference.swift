/// Central difference (f(x + ε) − f(x − ε)) / 2ε: error O(ε²) in exact arithmetic.
public func centralDifference(at x: Double, step: Double = 1e-5, _ f: (Double) -> Double) -> Double {
  (f(x + step) - f(x - step)) / (2 * step)
}

/// |a − b| / max(1, |a|, |b|).
public func relativeError(_ a: Double, _ b: Double) -> Double { abs(a - b) / max(1, abs(a), abs(b)) }
