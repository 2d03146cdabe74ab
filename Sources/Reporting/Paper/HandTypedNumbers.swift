/// Numbers that a person typed into the text of the paper, where a result could go stale.
///
/// Looked at is what stands between `\begin{document}` and `\end{document}`. A number is
///
/// - a decimal or a power of ten (`0.58`, `1e-5`),
/// - a percentage, whole or not (`5\%`, `5 percent`), or
/// - a whole number of two or more digits (`960`, `230,400`) that is no year from 1900 to 2099.
///
/// Allowed without a word are numbers in comments, in displayed equations and verbatim text, in arguments of commands that name things
/// (``namingCommands``), lengths (`0.5\linewidth`, `2pt`), and numbers inside names (`SmolLM2-135M`, `arXiv:2408.15313`). Inline
/// mathematics is text: `$0.58$` is found. A line that ends with `% literal: REASON` may hold numbers; the reason is for the reader.
public struct HandTypedNumbers: Sendable {
  public struct Finding: Hashable, Sendable {
    /// From 1.
    public var line: Int
    public var message: String
  }

  /// Commands whose arguments name something: a label, a source, a file, an address, a claim.
  public static let namingCommands: Set<String> = [
    "label", "ref", "eqref", "pageref", "autoref", "cite", "citep", "citet", "citealp", "citealt", "citeauthor",
    "citeyear", "input", "include", "includegraphics", "IfFileExists", "url", "href", "bibliography",
    "bibliographystyle", "begin", "end", "result", "vspace", "hspace", "setlength", "usepackage", "documentclass",
  ]
  /// Environments of displayed mathematics and verbatim text.
  public static let exemptEnvironments: Set<String> = [
    "equation", "equation*", "align", "align*", "gather", "gather*", "displaymath", "verbatim",
  ]
  static let units = [
    "pt", "em", "ex", "mm", "cm", "in", "\\linewidth", "\\textwidth", "\\columnwidth", "\\baselineskip",
  ]

  /// What is wrong in a file, by line.
  public static func findings(in text: String) -> [Finding] {
    var findings: [Finding] = []
    var masker = LatexMasker(text)
    for (index, line) in masker.lines().enumerated() {
      let numbers = typedNumbers(in: line.visible)
      if let reason = line.literal {
        if reason.isEmpty {
          findings.append(Finding(line: index + 1, message: "`% literal:` needs a reason: say why the number is typed"))
        } else if numbers.isEmpty {
          findings.append(Finding(line: index + 1, message: "`% literal: \(reason)` stands on a line without a number"))
        }
      } else {
        findings += numbers.map {
          Finding(
            line: index + 1,
            message:
              "`\($0)` is typed by hand: take it from claims.json by \\result{ID}, or end the line with `% literal: REASON`"
          )
        }
      }
    }
    return findings
  }

  /// The numbers of a line after masking, as they stand there.
  static func typedNumbers(in line: [Character]) -> [String] {
    var found: [String] = []
    var position = 0
    while position < line.count {
      guard isWordCharacter(line[position]) else {
        position += 1
        continue
      }
      let start = position
      while position < line.count, isWordCharacter(line[position]) { position += 1 }
      // The name of a command, such as `\tfrac12`.
      if start > 0, line[start - 1] == "\\" { continue }
      var end = position
      while end > start, isPunctuation(line[end - 1]) { end -= 1 }
      let rest = String(line[end...].prefix(24))
      for part in String(line[start..<end]).drop(while: isPunctuation).split(separator: "/")
      where isTyped(String(part), followedBy: rest) {
        found.append(String(part))
      }
    }
    return found
  }

  private static func isPunctuation(_ character: Character) -> Bool { ".,:-/_".contains(character) }

  private static func isWordCharacter(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || isPunctuation(character)
  }

  private static func isTyped(_ word: String, followedBy rest: String) -> Bool {
    let parts = word.split(separator: "-").map(String.init)
    // A range such as 10--20 is two numbers; a name such as GPT-4 is none.
    if parts.count > 1, parts.allSatisfy({ $0.allSatisfy { $0.isNumber || ".,".contains($0) } }) {
      return parts.contains { isTyped($0, followedBy: rest) }
    }
    let digits = word.filter { $0 != "," }
    guard let first = digits.first, first.isNumber, Double(digits) != nil else { return false }
    if let unit = units.first(where: { rest.hasPrefix($0) }) {
      if unit.hasPrefix("\\") { return false }
      let after = rest.dropFirst(unit.count).first
      if after.map({ !$0.isLetter }) ?? true { return false }
    }
    if digits.contains(where: { ".eE".contains($0) }) { return true }
    let plain = rest.drop { " ~{}$".contains($0) }
    let tail = plain.hasPrefix("\\,") ? plain.dropFirst(2) : plain
    if tail.hasPrefix("\\%") || tail.hasPrefix("percent") || tail.hasPrefix("per cent") { return true }
    guard digits.count >= 2 else { return false }
    if digits.count == 4, !word.contains(","), let year = Int(digits), (1900..<2100).contains(year) { return false }
    return true
  }
}
