/// σ(x) and σ(−x), softplus(x) and softplus(−x) = −log σ(x), of one exponential, without overflow for any finite x.
///
/// Worked out in basic arithmetic that a compiler inlines and a processor overlaps, so that the numbers do not depend on the C
/// library; they are those of ``sigmoid(_:)`` and ``softplus(_:)`` up to rounding. NaN in, NaN out.
public struct LogisticValues {
  public var sigmoid: Double
  public var sigmoidOfMinus: Double
  public var softplus: Double
  public var softplusOfMinus: Double

  @inlinable @inline(__always)
  public init(_ x: Double) {
    let e = exponentialOfMinus(abs(x))
    let large = 1 / (1 + e)
    let small = e * large
    let tail = logarithmOfOnePlus(e)
    sigmoid = x >= 0 ? large : small
    sigmoidOfMinus = x > 0 ? small : large
    softplus = (x > 0 ? x : 0) + tail
    softplusOfMinus = (x < 0 ? -x : 0) + tail
  }
}

/// e^{−x} for x ≥ 0, 0 where that is below the smallest normal number.
///
/// As the tables' exponential (CVectorMath): 2ⁿ eʳ with |r| ≤ ln 2 / 2 and ln 2 in two parts (Cody and Waite 1980), eʳ by its Taylor
/// polynomial of degree 13.
@inlinable @inline(__always)
func exponentialOfMinus(_ given: Double) -> Double {
  let x = given > 708 ? -708 : -given
  let shifted = x * 0x1.71547652b82fep0 + 0x1.8p52
  let n = shifted - 0x1.8p52
  let r = (x - n * 0x1.62e42fee00000p-1) - n * 0x1.a39ef35793c76p-33
  let r2 = r * r
  let r4 = r2 * r2
  let a = (1.0 / 2 + r * (1.0 / 6)) + r2 * (1.0 / 24 + r * (1.0 / 120))
  let b = (1.0 / 720 + r * (1.0 / 5040)) + r2 * (1.0 / 40320 + r * (1.0 / 362880))
  let c = (1.0 / 3_628_800 + r * (1.0 / 39_916_800)) + r2 * (1.0 / 479_001_600 + r * (1.0 / 6_227_020_800))
  let p = 1 + (r + r2 * (a + r4 * (b + r4 * c)))
  let scale = Double(bitPattern: (shifted.bitPattern &+ 1023) &<< 52)
  return given > 708 ? 0 : p * scale
}

/// log(1 + e) for 0 ≤ e ≤ 1.
///
/// With 1 + f = 1 + e or (1 + e)/2, whichever lies below √2, and s = f / (2 + f):
///
///     log(1 + f) = 2 atanh(s) = f − (f²/2 − s (f²/2 + R)),   R = 2s²/3 + 2s⁴/5 + …
@inlinable @inline(__always)
func logarithmOfOnePlus(_ e: Double) -> Double {
  let isLarge = e > 0.414_213_562_373_095_05
  let f = isLarge ? (e - 1) * 0.5 : e
  let s = f / (f + 2)
  let z = s * s
  let z2 = z * z
  let z4 = z2 * z2
  let a = (2.0 / 3 + z * (2.0 / 5)) + z2 * (2.0 / 7 + z * (2.0 / 9))
  let b = (2.0 / 11 + z * (2.0 / 13)) + z2 * (2.0 / 15 + z * (2.0 / 17))
  let series = a + z4 * (b + z4 * (2.0 / 19 + z * (2.0 / 21)))
  let square = f * f * 0.5
  let tail = square - (s * (square + z * series) + (isLarge ? 0x1.a39ef35793c76p-33 : 0))
  return (isLarge ? 0x1.62e42fee00000p-1 : 0) - (tail - f)
}
