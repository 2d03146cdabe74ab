import Basics

/// The next token from its logits.
///
///     p ∝ e^{z / temperature}, restricted to the smallest set of most likely tokens with Σ p ≥ topP
///
/// - Parameters:
///   - logits: z, [vocabulary].
///   - uniform: the draw from [0, 1) that decides; greedy ignores it.
/// - Returns: the token; the lowest of equally likely ones when greedy.
///
/// Source: Holtzman et al. 2020, arXiv 1904.09751, equation 2 (nucleus sampling).
func nextToken(logits: [Double], options: SamplingOptions, uniform: Double) -> Int32 {
  let best = logits.indices.max { logits[$0] < logits[$1] || (logits[$0] == logits[$1] && $0 > $1) }!
  if options.temperature == 0 { return Int32(best) }
  let high = logits[best]
  let weights = logits.map { exponential(($0 - high) / options.temperature) }
  let total = weights.reduce(0, +)
  if options.topP >= 1 { return Int32(index(in: Array(weights.indices), weights: weights, at: uniform * total)) }
  let nucleus = nucleus(of: weights, mass: options.topP * total)
  return Int32(index(in: nucleus, weights: weights, at: uniform * nucleus.reduce(0) { $0 + weights[$1] }))
}

/// The fewest largest weights that reach `mass`, largest first.
///
/// Weights below (1 − p) / n of the total cannot be among them unless all larger ones fall short, so they are not sorted.
private func nucleus(of weights: [Double], mass: Double) -> [Int] {
  let total = weights.reduce(0, +)
  let floor = (total - mass) / Double(weights.count)
  let order = weights.indices.filter { weights[$0] >= floor }.sorted {
    weights[$0] > weights[$1] || (weights[$0] == weights[$1] && $0 < $1)
  }
  var sum = 0.0
  for (rank, index) in order.enumerated() {
    sum += weights[index]
    if sum >= mass { return Array(order[...rank]) }
  }
  return order
}

/// The element of `candidates` in whose stretch of the cumulative weight `position` lies.
private func index(in candidates: [Int], weights: [Double], at position: Double) -> Int {
  var remaining = position
  for candidate in candidates {
    remaining -= weights[candidate]
    if remaining < 0 { return candidate }
  }
  return candidates.last { weights[$0] > 0 } ?? candidates[0]
}
