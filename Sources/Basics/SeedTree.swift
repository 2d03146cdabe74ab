import CVectorMath

/// A seed with named children: all randomness of a run is addressed by a path such as `data/pairs` or `batch/17`.
///
/// A child depends only on its parent and its name, so nothing has to be saved to resume and adding a consumer changes no other.
///
///     key(child) = mix(key(parent) ⊕ fnv1a(name))
public struct SeedTree: Hashable, Sendable {
  public let key: UInt64

  /// The root of the tree for a seed that a person chose.
  public init(_ seed: Int) { key = finalise(UInt64(bitPattern: Int64(seed)) &+ 0x9e37_79b9_7f4a_7c15) }

  private init(key: UInt64) { self.key = key }

  public func child(_ name: String) -> SeedTree {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    return SeedTree(key: finalise(key ^ finalise(hash)))
  }

  public func child(_ index: Int) -> SeedTree {
    SeedTree(key: finalise(key &+ finalise(UInt64(bitPattern: Int64(index)) &+ 0xd1b5_4a32_d192_ed03)))
  }

  /// How often each number is among some draws of a seed's child, for eight seeds at once.
  ///
  /// - Parameters:
  ///   - children: the number of the child of each seed.
  ///   - draws: fewer than 256.
  ///   - counts: [bound][8], as of the child's generator drawing `below(bound)` one after the other.
  /// - Returns: a bit for every seed whose counts are void, because the generator may have to draw again.
  public static func countDraws(
    _ draws: Int, below bound: Int, children: InlineArray<8, Int>, of seeds: InlineArray<8, SeedTree>,
    to counts: inout MutableSpan<Double>
  ) -> UInt32 {
    precondition(
      draws < 256 && bound > 0 && bound <= 0xffff_ffff && counts.count == 8 * bound,
      "\(draws) draws below \(bound), room for \(counts.count) counts")
    let keys: InlineArray<8, UInt> = InlineArray { UInt(seeds[$0].key) }
    let steps: InlineArray<8, UInt> = InlineArray { UInt(bitPattern: children[$0]) }
    return unsafe keys.span.withUnsafeBufferPointer { keys in
      unsafe steps.span.withUnsafeBufferPointer { steps in
        unsafe counts.withUnsafeMutableBufferPointer { counts in
          guard let keys = keys.baseAddress, let steps = steps.baseAddress, let counts = counts.baseAddress else {
            return 0xff
          }
          return unsafe bfpo_lane_counts(keys, steps, UInt(bound), draws, counts)
        }
      }
    }
  }

  /// A fresh generator at the start of this seed's stream.
  public func generator() -> RandomStream { RandomStream(key: key) }
}

/// SplitMix64 (Steele, Lea, Flood 2014): a fast generator whose whole state is one word.
public struct RandomStream: RandomNumberGenerator, Sendable {
  private var state: UInt64

  init(key: UInt64) { state = key }

  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    return finalise(state)
  }

  /// A uniform draw from [0, 1) with 53 random bits.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A uniform draw from 0..<bound, without bias (Lemire 2019).
  public mutating func below(_ bound: Int) -> Int {
    precondition(bound > 0, "below(_:) needs a positive bound, got \(bound)")
    let range = UInt64(bound)
    var product = next().multipliedFullWidth(by: range)
    if product.low < range {
      let threshold = (0 &- range) % range
      while product.low < threshold { product = next().multipliedFullWidth(by: range) }
    }
    return Int(product.high)
  }

  /// As many draws from 0..<bound as there is room for, the same as of ``below(_:)`` one after the other.
  public mutating func fill(_ values: inout MutableSpan<Int>, below bound: Int) {
    precondition(bound > 0, "fill(_:below:) needs a positive bound, got \(bound)")
    let state = state
    let isDone = unsafe values.withUnsafeMutableBufferPointer { values in
      guard bound <= 0xffff_ffff, let first = values.baseAddress else { return false }
      return unsafe bfpo_random_below(UInt(state), UInt(bound), first, values.count) == 1
    }
    if isDone {
      self.state &+= UInt64(values.count) &* 0x9e37_79b9_7f4a_7c15
    } else {
      for i in 0..<values.count { values[i] = below(bound) }
    }
  }

  /// A standard normal draw (Box–Muller; one of the two values is dropped to stay stateless).
  public mutating func normal() -> Double {
    let radius = 1 - uniform()
    return gaussian(radius, uniform())
  }

  /// An index drawn with the given probabilities [n], which sum to one up to rounding.
  public mutating func index(withProbabilities probabilities: [Double]) -> Int {
    var remaining = uniform()
    for (i, p) in probabilities.enumerated() {
      remaining -= p
      if remaining < 0 { return i }
    }
    return probabilities.lastIndex { $0 > 0 } ?? probabilities.count - 1
  }

  /// The numbers 0..<count in random order (Fisher–Yates).
  public mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for i in stride(from: count - 1, to: 0, by: -1) { order.swapAt(i, below(i + 1)) }
    return order
  }
}

@inline(__always)
private func finalise(_ value: UInt64) -> UInt64 {
  var z = value
  z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
  z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
  return z ^ (z >> 31)
}
