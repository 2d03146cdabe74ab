/// Rows of text under a header, for people: Markdown, or LaTeX with booktabs.
public struct DataTable: Sendable {
  public var title: String
  public var header: [String]
  /// As many fields a row as the header has.
  public var rows: [[String]]
  /// Columns that are aligned to the left; all others hold numbers.
  public var textColumns: Int
  /// Under the table: n, what failed, how intervals are formed.
  public var note: String

  public init(title: String, header: [String], rows: [[String]], textColumns: Int, note: String) {
    for row in rows {
      precondition(row.count == header.count, "a row of \(row.count) fields under a header of \(header.count)")
    }
    self.title = title
    self.header = header
    self.rows = rows
    self.textColumns = textColumns
    self.note = note
  }

  /// A pipe table under its title, with the note below.
  public func markdown(heading: String = "##") -> String {
    func line(_ fields: [String]) -> String { "| \(fields.map(markdownText).joined(separator: " | ")) |" }
    let rule = header.indices.map { $0 < textColumns ? "---" : "---:" }
    let table = ([line(header), "| \(rule.joined(separator: " | ")) |"] + rows.map(line)).joined(separator: "\n")
    return "\(heading) \(title)\n\n\(table)\n\n\(note.isEmpty ? "" : markdownText(note) + "\n")"
  }

  /// A `tabular` environment with booktabs rules; the note is its last row. Needs `\usepackage{booktabs}`.
  ///
  /// - Parameter field: how a field becomes LaTeX, by its column.
  public func latex(field: (_ text: String, _ column: Int) -> String = { text, _ in latexText(text) }) -> String {
    func line(_ fields: [String]) -> String {
      fields.enumerated().map { field($1, $0) }.joined(separator: " & ") + " \\\\"
    }
    let columns = header.indices.map { $0 < textColumns ? "l" : "r" }.joined()
    var lines = ["\\begin{tabular}{@{}\(columns)@{}}", "\\toprule"]
    lines.append(header.map { latexText($0) }.joined(separator: " & ") + " \\\\")
    lines.append("\\midrule")
    lines += rows.map(line)
    lines.append("\\bottomrule")
    if !note.isEmpty {
      lines.append(
        "\\multicolumn{\(header.count)}{@{}p{0.95\\linewidth}@{}}{\\footnotesize \(latexText(note))} \\\\")
    }
    return (lines + ["\\end{tabular}"]).joined(separator: "\n") + "\n"
  }
}

/// Text whose characters Markdown would take for a table's or for markup.
public func markdownText(_ text: String) -> String {
  text.reduce(into: "") { result, character in
    if character.isNewline {
      result += " "
      return
    }
    if "|*_<`\\".contains(character) { result += "\\" }
    result.append(character)
  }
}

/// Text as pdfLaTeX prints it: special characters escaped, Greek and mathematical ones in mathematics.
public func latexText(_ text: String) -> String {
  text.reduce(into: "") { $0 += latexCharacters[$1] ?? String($1) }
}

private let latexCharacters: [Character: String] = [
  "&": "\\&", "%": "\\%", "$": "\\$", "#": "\\#", "_": "\\_", "{": "\\{", "}": "\\}", "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}", "\\": "\\textbackslash{}", "<": "\\ensuremath{<}", ">": "\\ensuremath{>}",
  "|": "\\ensuremath{|}", "\n": " ",
  "α": "\\ensuremath{\\alpha}", "β": "\\ensuremath{\\beta}", "γ": "\\ensuremath{\\gamma}", "δ": "\\ensuremath{\\delta}",
  "Δ": "\\ensuremath{\\Delta}", "ε": "\\ensuremath{\\varepsilon}", "η": "\\ensuremath{\\eta}",
  "λ": "\\ensuremath{\\lambda}", "π": "\\ensuremath{\\pi}", "ρ": "\\ensuremath{\\rho}", "σ": "\\ensuremath{\\sigma}",
  "τ": "\\ensuremath{\\tau}", "Σ": "\\ensuremath{\\sum}", "−": "\\ensuremath{-}", "×": "\\ensuremath{\\times}",
  "·": "\\ensuremath{\\cdot}", "≤": "\\ensuremath{\\le}", "≥": "\\ensuremath{\\ge}", "±": "\\ensuremath{\\pm}",
  "½": "\\ensuremath{\\tfrac12}", "²": "\\ensuremath{^2}", "₁": "\\ensuremath{_1}", "→": "\\ensuremath{\\to}",
  "ⁿ": "\\ensuremath{^n}", "∞": "\\ensuremath{\\infty}", "≠": "\\ensuremath{\\ne}", "≈": "\\ensuremath{\\approx}",
  "′": "\\ensuremath{'}",
  "∝": "\\ensuremath{\\propto}", "–": "--", "—": "---", "…": "\\dots{}", "\u{00A0}": "~",
  "⁻": "\\ensuremath{^-}", "⁰": "\\ensuremath{^0}", "¹": "\\ensuremath{^1}", "³": "\\ensuremath{^3}",
  "⁴": "\\ensuremath{^4}", "⁵": "\\ensuremath{^5}", "⁶": "\\ensuremath{^6}", "⁷": "\\ensuremath{^7}",
  "⁸": "\\ensuremath{^8}", "⁹": "\\ensuremath{^9}",
]
