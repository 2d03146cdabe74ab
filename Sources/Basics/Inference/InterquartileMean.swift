/// The mean of the middle half of the values, with ⌊n/4⌋ of them cut off at either end; NaN when empty.
///
/// Fewer than four values are all kept. Source: Agarwal et al. 2021 (arXiv 2108.13264); SciPy's `trim_mean(x, 0.25)`.
public func interquartileMean(_ values: [Double]) -> Double {
  let cut = values.count / 4
  return mean(Array(values.sorted()[cut..<(values.count - cut)]))
}

/// What a pool of strata is summarised to.
public enum PooledStatistic: Sendable {
  case mean
  /// See ``interquartileMean(_:)``.
  case interquartileMean
}

/// A statistic of all values together with a percentile interval whose resamples keep every stratum's size.
///
/// A stratum is one setting, its values are seeds: settings are chosen by people and are not resampled, seeds are. One value a
/// stratum gives an interval of width zero. Source: stratified bootstrap of Agarwal et al. 2021 (arXiv 2108.13264).
///
/// - Parameter strata: finite values [strata][values]; empty strata count for nothing.
/// - Returns: `n` is the number of values of all strata.
public func stratifiedBootstrap(
  _ strata: [[Double]], _ statistic: PooledStatistic, confidence: Double = 0.95, resamples: Int = 2000, seed: SeedTree
) -> Estimate {
  let pool = RankedPool(strata.filter { !$0.isEmpty })
  let cut = statistic == .mean ? 0 : pool.sorted.count / 4
  let centre = pool.trimmedMean(of: pool.ones, cutting: cut)
  guard pool.strata.contains(where: { $0.count > 1 }) else {
    return Estimate(mean: centre, low: centre, high: centre, n: pool.sorted.count)
  }
  var random = seed.child("stratified").generator()
  var counts = pool.ones
  let values = (0..<resamples).map { _ in
    pool.resample(into: &counts, &random)
    return pool.trimmedMean(of: counts, cutting: cut)
  }
  return percentileInterval(around: centre, of: values, confidence: confidence, n: pool.sorted.count)
}

/// The percentile interval of resampled values.
func percentileInterval(around centre: Double, of values: [Double], confidence: Double, n: Int) -> Estimate {
  let values = values.sorted()
  let tail = (1 - confidence) / 2
  return Estimate(
    mean: centre, low: quantile(tail, ofSorted: values), high: quantile(1 - tail, ofSorted: values), n: n)
}

/// Values by rank, so that a resample is a count of each rank and needs no sorting.
private struct RankedPool {
  /// All values in ascending order.
  let sorted: [Double]
  /// The ranks of each stratum's values [strata][values].
  let strata: [[Int]]

  init(_ values: [[Double]]) {
    let places = values.indices.flatMap { stratum in values[stratum].indices.map { (stratum, $0) } }
    let order = places.sorted { values[$0.0][$0.1] < values[$1.0][$1.1] }
    sorted = order.map { values[$0.0][$0.1] }
    var ranks = values.map { [Int](repeating: 0, count: $0.count) }
    for (rank, place) in order.enumerated() { ranks[place.0][place.1] = rank }
    strata = ranks
  }

  var ones: [Int] { [Int](repeating: 1, count: sorted.count) }

  func resample(into counts: inout [Int], _ random: inout RandomStream) {
    for rank in counts.indices { counts[rank] = 0 }
    for stratum in strata {
      for _ in stratum.indices { counts[stratum[random.below(stratum.count)]] += 1 }
    }
  }

  /// The mean of a resample without its `cut` smallest and `cut` largest values; NaN when nothing is left.
  func trimmedMean(of counts: [Int], cutting cut: Int) -> Double {
    let kept = cut..<(sorted.count - cut)
    var total = 0.0
    var position = 0
    for (rank, count) in counts.enumerated() where count > 0 {
      let inside = min(position + count, kept.upperBound) - max(position, kept.lowerBound)
      if inside > 0 { total += Double(inside) * sorted[rank] }
      position += count
    }
    return kept.isEmpty ? .nan : total / Double(kept.count)
  }
}
