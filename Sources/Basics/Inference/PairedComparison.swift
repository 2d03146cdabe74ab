/// The mean of paired differences with a percentile bootstrap interval over pairs.
///
/// Pairs share what is random in both, as two runs of one seed share world and data, so their difference varies less than either.
///
/// - Parameter differences: one number a pair.
/// - Returns: `n` is the number of pairs; one pair has an interval of width zero.
public func pairedDifference(
  _ differences: [Double], confidence: Double = 0.95, resamples: Int = 2000, seed: SeedTree
) -> Estimate {
  bootstrapMean(differences, confidence: confidence, resamples: resamples, seed: seed.child("paired"))
}

/// The two-sided probability of a mean difference at least as far from zero when every difference's sign is a fair coin.
///
///     p = #{s ∈ {−1, 1}ⁿ : |Σ sᵢ dᵢ| ≥ |Σ dᵢ|} / 2ⁿ
///
/// Exact for up to 16 differences, so it is never below 2/2ⁿ: five seeds cannot say less than 0.0625. For more, `resamples` draws of the
/// signs from `seed`, and (count + 1)/(draws + 1). NaN without differences. Source: Fisher 1935; SciPy's `permutation_test` for `samples`.
public func signFlipProbability(_ differences: [Double], resamples: Int = 10_000, seed: SeedTree) -> Double {
  guard !differences.isEmpty else { return .nan }
  let scale = differences.reduce(0) { $0 + abs($1) }
  // Sums of the same numbers in another order differ by rounding.
  let observed = abs(differences.reduce(0, +)) - 1e-12 * scale
  func reaches(_ signs: UInt64) -> Bool {
    var total = 0.0
    for (i, difference) in differences.enumerated() { total += signs >> UInt64(i) & 1 == 0 ? difference : -difference }
    return abs(total) >= observed
  }
  if differences.count <= 16 {
    let all = UInt64(1) << UInt64(differences.count)
    return Double((0..<all).count { reaches($0) }) / Double(all)
  }
  var random = seed.child("signs").generator()
  let hits = (0..<resamples).count { _ in
    var total = 0.0
    var signs: UInt64 = 0
    for (i, difference) in differences.enumerated() {
      if i & 63 == 0 { signs = random.next() }
      // The lowest bit becomes the sign, without a branch that half of the time is guessed wrong.
      total += Double(bitPattern: difference.bitPattern ^ signs << 63)
      signs >>= 1
    }
    return abs(total) >= observed
  }
  return Double(hits + 1) / Double(resamples + 1)
}

/// P(X > Y) + ½ P(X = Y) for a value of either sample: ½ means that neither tends to be larger. NaN when one is empty.
///
/// Source: Mann and Whitney 1947, U/(mn); "probability of improvement" of Agarwal et al. 2021 (arXiv 2108.13264).
public func probabilityOfImprovement(_ x: [Double], over y: [Double]) -> Double {
  guard !x.isEmpty, !y.isEmpty else { return .nan }
  var score = 0.0
  for a in x { for b in y { score += a > b ? 1 : a == b ? 0.5 : 0 } }
  return score / Double(x.count * y.count)
}

/// ``probabilityOfImprovement(_:over:)`` with a percentile interval from resamples of either sample.
///
/// - Returns: `n` is the size of the smaller sample.
public func probabilityOfImprovementEstimate(
  _ x: [Double], over y: [Double], confidence: Double = 0.95, resamples: Int = 2000, seed: SeedTree
) -> Estimate {
  let centre = probabilityOfImprovement(x, over: y)
  let n = min(x.count, y.count)
  guard n > 0, x.count + y.count > 2 else { return Estimate(mean: centre, low: centre, high: centre, n: n) }
  let others = y.sorted()
  // Of the sorted other sample, how many are below each value and how many are not above it.
  let ranges = x.map { a in (below: others.count { $0 < a }, upTo: others.count { $0 <= a }) }
  var random = seed.child("improvement").generator()
  var drawn = [Int](repeating: 0, count: others.count + 1)
  let values = (0..<resamples).map { _ in
    for index in drawn.indices { drawn[index] = 0 }
    for _ in others.indices { drawn[random.below(others.count) + 1] += 1 }
    for index in others.indices { drawn[index + 1] += drawn[index] }
    let doubled = x.indices.reduce(0) { total, _ in
      let range = ranges[random.below(ranges.count)]
      return total + drawn[range.below] + drawn[range.upTo]
    }
    return Double(doubled) / Double(2 * x.count * y.count)
  }
  return percentileInterval(around: centre, of: values, confidence: confidence, n: n)
}

/// p-values of a family, adjusted so that comparing them with a level errs for any member with at most that probability.
///
///     p̃₍ᵢ₎ = max_{j ≤ i} min(1, (m − j + 1) p₍ⱼ₎)   over the m values in ascending order
///
/// In the order given; a NaN stays NaN and is no member of the family. Source: Holm 1979.
public func holmAdjusted(_ probabilities: [Double]) -> [Double] {
  let order = probabilities.indices.filter { !probabilities[$0].isNaN }
    .sorted { (probabilities[$0], $0) < (probabilities[$1], $1) }
  var adjusted = probabilities
  var largest = 0.0
  for (position, index) in order.enumerated() {
    largest = max(largest, min(1, Double(order.count - position) * probabilities[index]))
    adjusted[index] = largest
  }
  return adjusted
}
