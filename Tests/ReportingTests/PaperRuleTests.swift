import Basics
import Foundation
import Objectives
import Reporting
import TestSupport
import Testing

/// The rule for numbers in the paper's text, the formats of generated ones, and the bibliography.
@Suite struct PaperRuleTests {
  private func findings(_ text: String) -> [String] {
    HandTypedNumbers.findings(in: text).map { "\($0.line) \($0.message.prefix { $0 != ":" })" }
  }

  @Test(arguments: [
    ("accuracy of 0.58 rises", "0.58"), ("by 5\\% only", "5"), ("by 5~\\% only", "5"), ("by 5\\,\\% only", "5"),
    ("12 percent", "12"), ("$0.58$", "0.58"), ("$p=1e-5$", "1e-5"), ("960 cells", "960"), ("(230,400)", "230,400"),
    ("from 10--20 cells", "10--20"), ("12.", "12"), ("\\emph{0.5}", "0.5"), ("\\href{https://x.org/1.5}{0.5}", "0.5"),
    ("3.5 in the text", "3.5"),
  ])
  func `a number typed into the text is found`(text: String, number: String) {
    #expect(findings(text) == ["1 `\(number)` is typed by hand"])
  }

  @Test(arguments: [
    "in 2024 and 1998", "SmolLM2-135M and GPT-4o", "arXiv:2408.15313", "one of 3 methods", "% 0.58 in a comment",
    "\\label{fig:0.5}", "\\citep[p.~17]{x2024}", "\\result{hh-12}", "\\includegraphics[width=0.5\\linewidth]{a-10.pdf}",
    "\\vspace{12pt}", "\\\\[2.5pt]", "\\hspace{0.25em}", "a width of 0.5\\linewidth", "\\[ x = 0.5 \\]",
    "\\begin{equation} x = 0.25, 17 \\end{equation}", "\\tfrac12", "\\url{https://example.org/12345}",
    "0.05 % literal: a setting, not a result",
  ])
  func `what names something, or is said to be literal, is allowed`(text: String) {
    #expect(findings(text).isEmpty)
  }

  @Test func `lines are counted, the preamble is left alone, and equations may span lines`() {
    let text = """
      \\usepackage[margin=2.4cm]{geometry}
      \\begin{document}
      \\begin{align}
        x &= 0.5
      \\end{align}
      it is 0.75
      \\end{document}
      after 0.9
      """
    #expect(findings(text) == ["6 `0.75` is typed by hand"])
  }

  @Test func `a literal needs a reason, and a number`() {
    #expect(findings("0.5 % literal:") == ["1 `% literal"])
    #expect(findings("nothing % literal: why") == ["1 `% literal"])
  }

  @Test(arguments: [
    ("0.00", "0.5849", "0.58"), ("0", "49.6", "50"), ("+0.00", "0.1", "+0.10"), ("+0.00", "-0.1", "−0.10"),
    ("+0.00", "0.001", "0.00"), ("0.0%", "0.1234", "12.3 %"), ("0,000", "230400", "230,400"), ("0,000", "96", "96"),
    ("0e0", "5e-05", "5 × 10⁻⁵"), ("0e0", "0.0025", "2.5 × 10⁻³"), ("text", "τ = 0.1", "τ = 0.1"),
  ])
  func `a number is printed as its format shows`(pattern: String, value: String, text: String) throws {
    let format = try #require(NumberFormat(pattern))
    #expect(format.text(value) == text)
  }

  @Test func `an interval needs both ends, and a format that is none is refused`() throws {
    let format = try #require(NumberFormat("0.00 [0.00, 0.00]"))
    #expect(format.text("0.5", low: "0.4", high: "0.6") == "0.50 [0.40, 0.60]")
    #expect(format.text("0.5", low: "", high: "0.6") == nil && format.text("nan", low: "0", high: "1") == nil)
    for pattern in ["0.0x", "1.00", "", "0.00 [0.0, 0.0]", "0.", "%"] { #expect(NumberFormat(pattern) == nil) }
  }

  @Test func `the bibliography has authors, title and year of every method's source and of everything cited`() throws {
    func text(_ name: String) throws -> String {
      try String(contentsOf: packageRoot.appending(path: "Paper/\(name)"), encoding: .utf8)
    }
    let entries = try text("references.bib").components(separatedBy: "\n@")
    var fields: [String: String] = [:]
    for entry in entries {
      let key = entry.drop { $0 != "{" }.dropFirst().prefix { $0 != "," }
      #expect(fields.updateValue(entry, forKey: String(key)) == nil, "\(key) is there twice")
      for field in ["author", "title", "year"] { #expect(entry.contains("  \(field)"), "\(key): \(field)") }
    }
    let methods = (catalogue + rolloutCatalogue).map(\.card.citationKey)
    let cited = try text("main.tex").matches(of: /\\cite[tp]?\{([^}]*)\}/).flatMap { $0.1.split(separator: ",") }
    try #require(!cited.isEmpty)
    for key in Set(methods + cited.map { $0.trimmingCharacters(in: .whitespaces) }) {
      #expect(fields[key] != nil, "references.bib lacks \(key)")
    }
  }
}
