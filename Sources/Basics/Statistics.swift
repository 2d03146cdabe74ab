/// A point estimate with a two-sided interval and the number of observations behind it.
public struct Estimate: Codable, Hashable, Sendable {
  public var mean: Double
  public var low: Double
  public var high: Double
  public var n: Int

  public init(mean: Double, low: Double, high: Double, n: Int) {
    self.mean = mean
    self.low = low
    self.high = high
    self.n = n
  }
}

/// Arithmetic mean; NaN when empty.
public func mean(_ values: [Double]) -> Double { values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count) }

/// Sample standard deviation (divisor n − 1); 0 for fewer than two values.
public func standardDeviation(_ values: [Double]) -> Double {
  guard values.count > 1 else { return 0 }
  let centre = mean(values)
  return (values.reduce(0) { $0 + ($1 - centre) * ($1 - centre) } / Double(values.count - 1)).squareRoot()
}

/// The q-quantile of sorted values by linear interpolation between order statistics (type 7); NaN when empty.
public func quantile(_ q: Double, ofSorted values: [Double]) -> Double {
  guard let last = values.indices.last else { return .nan }
  let position = min(max(q, 0), 1) * Double(last)
  let lower = Int(position)
  let upper = min(lower + 1, last)
  return values[lower] + (position - Double(lower)) * (values[upper] - values[lower])
}

/// Mean with a percentile bootstrap interval (Efron 1979), `resamples` resamples, drawn from `seed`.
///
/// One value gives an interval of width zero: the reader must look at `n`.
public func bootstrapMean(
  _ values: [Double], confidence: Double = 0.95, resamples: Int = 2000, seed: SeedTree
) -> Estimate {
  let centre = mean(values)
  guard values.count > 1 else { return Estimate(mean: centre, low: centre, high: centre, n: values.count) }
  var random = seed.child("bootstrap").generator()
  var means: [Double] = []
  means.reserveCapacity(resamples)
  for _ in 0..<resamples {
    var total = 0.0
    for _ in values.indices { total += values[random.below(values.count)] }
    means.append(total / Double(values.count))
  }
  means.sort()
  let tail = (1 - confidence) / 2
  return Estimate(
    mean: centre, low: quantile(tail, ofSorted: means), high: quantile(1 - tail, ofSorted: means), n: values.count)
}

/// A proportion with its Wilson score interval (Wilson 1927). `z` = 1.96 for 95 %.
///
/// `successes` may be fractional: a tie counts one half.
public func wilson(successes: Double, of n: Int, z: Double = 1.959_963_984_540_054) -> Estimate {
  guard n > 0 else { return Estimate(mean: .nan, low: 0, high: 1, n: 0) }
  let count = Double(n)
  let p = successes / count
  let denominator = 1 + z * z / count
  let centre = (p + z * z / (2 * count)) / denominator
  let half = z * (p * (1 - p) / count + z * z / (4 * count * count)).squareRoot() / denominator
  return Estimate(mean: p, low: max(0, centre - half), high: min(1, centre + half), n: n)
}
