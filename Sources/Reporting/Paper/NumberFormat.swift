import Basics

/// How a number is printed, by example: `0`, `0.00`, `+0.00`, `0.0%`, `0,000`, `0e0`, `0.00 [0.00, 0.00]`, or `text` as it is.
///
/// The decimals after the point are fixed; `%` multiplies by 100; `+` shows a positive sign; `0,000` groups thousands; `0e0` is a power
/// of ten; brackets append the interval. The minus is U+2212.
public struct NumberFormat: Codable, Hashable, Sendable {
  public let pattern: String
  public let hasInterval: Bool
  private let kind: Kind

  private enum Kind: Hashable, Sendable {
    case text
    case scientific
    case fixed(decimals: Int, isPercent: Bool, showsSign: Bool, groups: Bool)
  }

  public init?(_ pattern: String) {
    self.pattern = pattern
    let parts = pattern.split(separator: " ", maxSplits: 1).map(String.init)
    guard let first = parts.first, let kind = Self.kind(first) else { return nil }
    self.kind = kind
    hasInterval = parts.count > 1
    if hasInterval, parts[1] != "[\(first), \(first)]" { return nil }
  }

  private static func kind(_ text: String) -> Kind? {
    switch text {
    case "text": return .text
    case "0e0": return .scientific
    case "0,000": return .fixed(decimals: 0, isPercent: false, showsSign: false, groups: true)
    default: break
    }
    var rest = Substring(text)
    let showsSign = rest.hasPrefix("+")
    if showsSign { rest.removeFirst() }
    let isPercent = rest.hasSuffix("%")
    if isPercent { rest.removeLast() }
    let digits = rest.split(separator: ".", omittingEmptySubsequences: false)
    guard digits.first == "0", digits.count <= 2,
      digits.dropFirst().allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0 == "0" } })
    else { return nil }
    return .fixed(
      decimals: digits.count == 2 ? digits[1].count : 0, isPercent: isPercent, showsSign: showsSign, groups: false)
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let pattern = try container.decode(String.self)
    guard let format = NumberFormat(pattern) else {
      throw DecodingError.dataCorruptedError(
        in: container,
        debugDescription:
          "no such format `\(pattern)` (such as `0.00`, `+0.0%`, `0,000`, `0e0`, `0.00 [0.00, 0.00]`, `text`)")
    }
    self = format
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(pattern)
  }

  /// A value of a table as the paper prints it; nil when it is not the number that the format needs.
  package func text(_ value: String, low: String? = nil, high: String? = nil) -> String? {
    guard let centre = single(value) else { return nil }
    guard hasInterval else { return centre }
    guard let low = low.flatMap(single), let high = high.flatMap(single) else { return nil }
    return "\(centre) [\(low), \(high)]"
  }

  private func single(_ value: String) -> String? {
    if case .text = kind { return value.isEmpty ? nil : value }
    guard let number = Double(value), number.isFinite else { return nil }
    switch kind {
    case .text: return nil
    case .scientific: return scientific(number)
    case .fixed(let decimals, let isPercent, let showsSign, let groups):
      var text = fixed(isPercent ? 100 * number : number, decimals)
      if groups { text = grouped(text) }
      if showsSign, !text.hasPrefix("-"), text.contains(where: { $0 != "0" && $0 != "." }) { text = "+" + text }
      return text.replacing("-", with: "−") + (isPercent ? " %" : "")
    }
  }
}

/// `5 × 10⁻⁵`: a power of ten, with as many digits before it as the number has.
private func scientific(_ value: Double) -> String {
  guard value != 0 else { return "0" }
  var mantissa = abs(value)
  var exponent = 0
  while mantissa >= 10 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
  while mantissa < 1 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
  let digits: [Character: Character] = [
    "-": "⁻", "0": "⁰", "1": "¹", "2": "²", "3": "³", "4": "⁴", "5": "⁵", "6": "⁶", "7": "⁷", "8": "⁸", "9": "⁹",
  ]
  let rounded = (mantissa * 1e6).rounded() / 1e6
  let front = rounded == rounded.rounded() ? fixed(rounded, 0) : "\(rounded)"
  return "\(value < 0 ? "−" : "")\(front) × 10\(String("\(exponent)".map { digits[$0] ?? $0 }))"
}

/// Thousands apart by commas.
private func grouped(_ digits: String) -> String {
  var text = ""
  for (position, digit) in digits.reversed().enumerated() {
    if position > 0, position % 3 == 0, digit.isNumber { text.append(",") }
    text.append(digit)
  }
  return String(text.reversed())
}
