/// Estimates how much room a text takes, without a font at hand.
///
/// Viewers draw `fontFamily` with Helvetica, Arial or a metric-compatible font, or else often with DejaVu Sans, which is wider:
/// each advance below is the larger of Helvetica's (Adobe font metrics) and DejaVu Sans's, so a text fits in either.
package enum TextMetrics {
  /// Generic families only, so that every renderer has one of them.
  package static let fontFamily = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"

  /// The height of capitals over the font size: what centring a line vertically needs.
  static let capHeight = 0.72

  /// Advance widths of U+0020 … U+007E, in thousandths of the font size.
  private static let asciiAdvances: [Double] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337,
    636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 556,
    1015, 684, 686, 722, 770, 667, 611, 778, 752, 295, 500, 667, 557, 863, 748, 787,
    667, 787, 722, 667, 611, 732, 684, 989, 685, 667, 685, 390, 337, 390, 838, 556,
    500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612,
    635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
  ]

  /// The same for other characters of figures: Greek letters, signs, dashes.
  private static let otherAdvances: [Character: Double] = [
    "α": 659, "β": 638, "γ": 592, "δ": 612, "ε": 541, "θ": 612, "λ": 592, "μ": 636, "π": 602, "σ": 634, "τ": 602,
    "\u{2212}": 838, "→": 1000, "←": 1000, "·": 318, "–": 556, "—": 1000, "…": 1000, "≥": 838, "≤": 838, "×": 838,
    "±": 838, "∞": 833, "≈": 838, "’": 318, "‘": 318, "“": 518, "”": 518, "°": 500, "²": 401, "′": 227, "Σ": 650,
  ]

  /// Width of one line, in points.
  package static func width(_ text: String, size: Double, bold: Bool = false) -> Double {
    let thousandths = text.reduce(0.0) { $0 + advance($1) }
    return thousandths / 1000 * size * (bold ? 1.15 : 1)
  }

  /// Breaks a text at spaces into lines of at most `width` points; a longer word stays whole.
  static func wrap(_ text: String, width: Double, size: Double) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      let longer = line.isEmpty ? String(word) : line + " " + word
      if line.isEmpty || self.width(longer, size: size) <= width {
        line = longer
      } else {
        lines.append(line)
        line = String(word)
      }
    }
    return line.isEmpty ? lines : lines + [line]
  }

  /// The text if it fits, else its longest beginning that fits, with an ellipsis.
  static func shortened(_ text: String, width: Double, size: Double, bold: Bool = false) -> String {
    guard self.width(text, size: size, bold: bold) > width else { return text }
    var kept = text
    while !kept.isEmpty, self.width(kept + "…", size: size, bold: bold) > width { kept.removeLast() }
    return kept + "…"
  }

  private static func advance(_ character: Character) -> Double {
    if let code = character.asciiValue, (0x20...0x7e).contains(code) { return asciiAdvances[Int(code) - 0x20] }
    if let known = otherAdvances[character] { return known }
    let isLatinOrGreek = character.unicodeScalars.first.map { $0.value < 0x500 } ?? false
    return isLatinOrGreek ? 700 : 1000
  }
}
