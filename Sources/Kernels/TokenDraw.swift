import Basics

/// Elements that are summed at once.
private let block = 1024

private func blocks(_ count: Int) -> [Range<Int>] {
  stride(from: 0, to: count, by: block).map { $0..<min($0 + block, count) }
}

/// The index of the largest of one row of numbers, the lowest of equal ones; comparisons with NaN are false.
public func indexOfLargest<Scalar: KernelScalar>(_ row: Tile<Scalar>) -> Int {
  precondition(row.rows == 1 && row.columns > 0, "one row of numbers")
  var best = (start: 0, high: -Scalar.infinity)
  for range in blocks(row.columns) {
    let high = unsafe Scalar.largest(row.base + range.lowerBound, count: range.count)
    if high.isNaN { return indexOfLargestOneByOne(row) }
    if high > best.high { best = (range.lowerBound, high) }
  }
  return (best.start..<row.columns).first { unsafe row.base[$0] == best.high } ?? 0
}

private func indexOfLargestOneByOne<Scalar: KernelScalar>(_ row: Tile<Scalar>) -> Int {
  var best = 0
  for index in 0..<row.columns where unsafe row.base[best] < row.base[index] { best = index }
  return best
}

/// Unnormalised probabilities of one row, and their sums in double precision.
public struct TokenWeights<Scalar: KernelScalar> {
  /// [1, count].
  private let weights: Tile<Scalar>
  /// Of each block.
  private let sums: [Double]

  /// e^{(z − high) / temperature}.
  ///
  /// - Parameters:
  ///   - logits: z, [1, count].
  ///   - high: the largest.
  ///   - memory: where the weights go, [1, count].
  public init(_ logits: Tile<Scalar>, high: Scalar, temperature: Double = 1, memory: Tile<Scalar>) {
    precondition(logits.rows == 1 && memory.rows == 1 && memory.columns == logits.columns, "one weight a logit")
    weights = memory
    sums = blocks(logits.columns).map { range in
      let (z, y) = unsafe (logits.base + range.lowerBound, memory.base + range.lowerBound)
      if temperature == 1 {
        _ = unsafe Scalar.exponentials(of: z, into: y, count: range.count, shift: high)
      } else {
        let divisor = Scalar(temperature)
        for i in 0..<range.count { unsafe y[i] = (z[i] - high) / divisor }
        _ = unsafe Scalar.exponentials(of: y, into: y, count: range.count, shift: 0)
      }
      return unsafe Scalar.wideSum(y, count: range.count)
    }
  }

  public var total: Double { sums.reduce(0, +) }

  /// The index in whose stretch of the cumulative weight `position` lies; the last with a weight when rounding leaves none.
  public func index(at position: Double) -> Int {
    var remaining = position
    for (range, sum) in zip(blocks(weights.columns), sums) {
      if !(remaining < sum) {
        remaining -= sum
        continue
      }
      for index in range {
        unsafe remaining -= Double(weights.base[index])
        if remaining < 0 { return index }
      }
    }
    return (0..<weights.columns).last { unsafe weights.base[$0] > 0 } ?? 0
  }

  /// The index in whose stretch a share of the cumulative weight lies, among the fewest largest weights that reach `mass`, largest
  /// first and the lowest of equal ones first.
  public func index(share: Double, ofMass mass: Double) -> Int {
    let nucleus = nucleus(mass: mass)
    func weight(_ index: Int) -> Double { unsafe Double(weights.base[index]) }
    var remaining = share * nucleus.reduce(0) { $0 + weight($1) }
    for candidate in nucleus {
      remaining -= weight(candidate)
      if remaining < 0 { return candidate }
    }
    return nucleus.last { weight($0) > 0 } ?? nucleus.first ?? 0
  }

  /// Weights below (1 − p) / n of the total cannot be among them unless all larger ones fall short, so they are not sorted.
  private func nucleus(mass: Double) -> [Int] {
    let floor = (total - mass) / Double(weights.columns)
    var candidates: [(index: Int, weight: Double)] = []
    for range in blocks(weights.columns) {
      let high = unsafe Scalar.largest(weights.base + range.lowerBound, count: range.count)
      if Double(high) < floor { continue }
      for index in range {
        let weight = unsafe Double(weights.base[index])
        if weight >= floor { candidates.append((index, weight)) }
      }
    }
    candidates.sort { $0.weight > $1.weight || ($0.weight == $1.weight && $0.index < $1.index) }
    var sum = 0.0
    for (rank, candidate) in candidates.enumerated() {
      sum += candidate.weight
      if sum >= mass { return candidates[...rank].map(\.index) }
    }
    return candidates.map(\.index)
  }
}
