#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Cosines and sines of the rotary embedding.
///
///     angle(position, i) = position · base^(−2i / headSize),   0 ≤ i < headSize / 2
///
/// Source: Su et al. 2021, arXiv 2104.09864, equation 15.
public struct RotaryTable<Scalar: KernelScalar>: Sendable {
  public let positions: Int
  public let headSize: Int
  /// [positions, headSize / 2].
  let cosines: [Scalar]
  /// [positions, headSize / 2].
  let sines: [Scalar]

  public init(positions: Int, headSize: Int, base: Double) {
    precondition(headSize % 2 == 0, "rotary embedding needs an even head size, got \(headSize)")
    self.positions = positions
    self.headSize = headSize
    let half = headSize / 2
    let frequencies = (0..<half).map { pow(base, -2 * Double($0) / Double(headSize)) }
    var (cosines, sines): ([Scalar], [Scalar]) = ([], [])
    cosines.reserveCapacity(positions * half)
    sines.reserveCapacity(positions * half)
    for position in 0..<positions {
      for frequency in frequencies {
        cosines.append(Scalar(cos(Double(position) * frequency)))
        sines.append(Scalar(sin(Double(position) * frequency)))
      }
    }
    self.cosines = cosines
    self.sines = sines
  }
}

/// Rotates every head of every row by its position's angles, in place ("rotate-half" order: element i pairs with i + headSize/2).
///
/// - Parameters:
///   - x: [rows, heads · headSize].
///   - positions: of each row, [rows].
///   - inverse: rotates back, which is also the backward pass: a rotation's transpose is its inverse.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func rotate<Scalar: KernelScalar>(
  _ x: Tile<Scalar>, positions: ArraySlice<Int32>, table: RotaryTable<Scalar>, inverse: Bool = false
) {
  precondition(positions.count == x.rows, "\(x.rows) rows rotated at \(positions.count) positions")
  let x = x.borrowed
  for (row, position) in positions.enumerated() {
    rotate(x.rows(row..<row + 1), position: Int(position), table: table, inverse: inverse)
  }
}

/// Rotates every head of one row, [1, heads · headSize].
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func rotate<Scalar: KernelScalar>(
  _ x: Tile<Scalar>, position: Int, table: RotaryTable<Scalar>, inverse: Bool = false
) {
  let half = table.headSize / 2
  precondition(
    x.rows == 1 && x.columns % table.headSize == 0 && position < table.positions,
    "[\(x.rows), \(x.columns)] rotated in heads of \(table.headSize) at position \(position) of \(table.positions)")
  let sign: Scalar = inverse ? -1 : 1
  withTile(of: table.cosines, columns: half) { cosines in
    withTile(of: table.sines, columns: half) { sines in
      let (c, s) = unsafe (cosines.pointer(row: position), sines.pointer(row: position))
      for head in stride(from: 0, to: x.columns, by: table.headSize) {
        let low = unsafe x.base + head
        let high = unsafe low + half
        for i in 0..<half {
          let (a, b) = unsafe (low[i], high[i])
          let sine = unsafe sign * s[i]
          unsafe low[i] = a * c[i] - b * sine
          unsafe high[i] = b * c[i] + a * sine
        }
      }
    }
  }
}
