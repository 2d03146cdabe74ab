/// A number with a fixed count of decimals, rounded half to even, with an ASCII minus; −0 becomes 0.
///
/// The same bytes on every machine, because only integers are printed. For attributes; see `displayed` for text.
///
/// - Parameter decimals: 0 to 15. |value|·10^decimals must stay below 2⁵³.
public func fixed(_ value: Double, decimals: Int) -> String {
  precondition(value.isFinite, "fixed(_:decimals:) needs a finite number, got \(value)")
  precondition((0...15).contains(decimals), "fixed(_:decimals:) needs 0 to 15 decimals, got \(decimals)")
  let scaled = (abs(value) * powerOfTen(decimals)).rounded(.toNearestOrEven)
  precondition(scaled < 0x1p53, "\(value) has too many digits for \(decimals) fixed decimals")
  var digits = String(UInt64(scaled))
  if digits.count <= decimals { digits = String(repeating: "0", count: decimals + 1 - digits.count) + digits }
  let sign = value < 0 && scaled != 0 ? "-" : ""
  guard decimals > 0 else { return sign + digits }
  return sign + digits.dropLast(decimals) + "." + digits.suffix(decimals)
}

/// A number as a reader sees it: fixed decimals and U+2212 for minus.
public func displayed(_ value: Double, decimals: Int) -> String { typographic(fixed(value, decimals: decimals)) }

/// A value with as few characters as tell it apart, such as `0.01`, `2.5` or `1e−6`.
///
/// - Parameter digits: at most so many significant ones, 1 to 15. An exponent is used below 10⁻⁴ and from 10⁶ on.
public func compact(_ value: Double, digits: Int = 6) -> String {
  precondition((1...15).contains(digits), "compact(_:digits:) needs 1 to 15 digits, got \(digits)")
  guard value.isFinite else { return value.isNaN ? "not a number" : value > 0 ? "∞" : "−∞" }
  if value == 0 { return "0" }
  var exponent = decimalExponent(abs(value))
  let shift = digits - 1 - exponent
  let headroom = min(shift, 300)
  var scaled = (abs(value) * power(ofTen: headroom) * power(ofTen: shift - headroom)).rounded(.toNearestOrEven)
  if scaled >= power(ofTen: digits) {
    scaled = (scaled / 10).rounded(.toNearestOrEven)
    exponent += 1
  }
  let sign = value < 0 ? "\u{2212}" : ""
  if exponent < -4 || exponent >= 6 {
    let mantissa = fixed(scaled / power(ofTen: digits - 1), decimals: digits - 1)
    return sign + withoutTrailingZeros(mantissa) + "e" + typographic(String(exponent))
  }
  let decimals = max(0, digits - 1 - exponent)
  if decimals > 15 { return sign + withoutTrailingZeros(fixed(abs(value), decimals: 15)) }
  return sign + withoutTrailingZeros(fixed(scaled * power(ofTen: exponent - digits + 1), decimals: decimals))
}

/// A coordinate or length in points, as the figure files carry it.
func coordinate(_ value: Double) -> String { fixed(value, decimals: 2) }

/// 10^exponent, correctly rounded for −22…22 and within a few units in the last place beyond.
func power(ofTen exponent: Int) -> Double { exponent >= 0 ? powerOfTen(exponent) : 1 / powerOfTen(-exponent) }

/// ⌊log₁₀ value⌋ for a positive finite value, exact at powers of ten.
package func decimalExponent(_ value: Double) -> Int {
  precondition(value > 0 && value.isFinite, "decimalExponent(_:) needs a positive finite number, got \(value)")
  var exponent = 0
  if value >= 1 {
    while exponent < 308, power(ofTen: exponent + 1) <= value { exponent += 1 }
  } else {
    while power(ofTen: exponent) > value { exponent -= 1 }
  }
  return exponent
}

private func powerOfTen(_ exponent: Int) -> Double {
  var result = 1.0
  for _ in 0..<exponent { result *= 10 }
  return result
}

private func typographic(_ text: String) -> String { String(text.map { $0 == "-" ? "\u{2212}" : $0 }) }

private func withoutTrailingZeros(_ text: String) -> String {
  guard text.contains(".") else { return text }
  var text = Substring(text)
  while text.last == "0" { text.removeLast() }
  if text.last == "." { text.removeLast() }
  return String(text)
}
