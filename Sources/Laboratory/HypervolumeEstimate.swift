import Basics

/// The hypervolume of the points' means with a percentile bootstrap interval over seeds (Efron 1979).
///
/// When all points have equally many seeds, the same seeds are drawn for all of them in a resample, so that what seeds
/// share (the world, the data) stays shared; otherwise each point's seeds are drawn on their own. A front of means is an
/// optimistic choice, and a front of resampled means more so: read the interval as the spread over seeds, not as a test.
///
/// - Parameters:
///   - outcomes: the outcome of every seed for every point [points][seeds], the seeds in the same order in every point.
///   - reference: see `hypervolume(_:reference:)`.
/// - Returns: `n` is the smallest number of seeds; with one seed the interval has width zero.
public func hypervolumeEstimate(
  _ outcomes: [[PlanePoint]], reference: PlanePoint, confidence: Double = 0.95, resamples: Int = 1000, seed: SeedTree
) -> Estimate {
  let outcomes = outcomes.filter { !$0.isEmpty }
  func centre(_ seeds: [PlanePoint], _ chosen: [Int]) -> PlanePoint {
    let count = Double(chosen.count)
    return PlanePoint(
      x: chosen.reduce(0) { $0 + seeds[$1].x } / count, y: chosen.reduce(0) { $0 + seeds[$1].y } / count)
  }
  let value = hypervolume(outcomes.map { centre($0, Array($0.indices)) }, reference: reference)
  let fewest = outcomes.map(\.count).min() ?? 0
  guard fewest > 1 else { return Estimate(mean: value, low: value, high: value, n: fewest) }
  let isPaired = outcomes.allSatisfy { $0.count == fewest }
  var random = seed.child("hypervolume").generator()
  var values: [Double] = []
  values.reserveCapacity(resamples)
  for _ in 0..<resamples {
    var chosen = (0..<fewest).map { _ in random.below(fewest) }
    let centres = outcomes.map { seeds in
      if !isPaired { chosen = seeds.indices.map { _ in random.below(seeds.count) } }
      return centre(seeds, chosen)
    }
    values.append(hypervolume(centres, reference: reference))
  }
  values.sort()
  let tail = (1 - confidence) / 2
  return Estimate(
    mean: value, low: quantile(tail, ofSorted: values), high: quantile(1 - tail, ofSorted: values), n: fewest)
}
