/// A LaTeX file with everything blanked out that is not running text, line by line.
struct LatexMasker {
  struct Line {
    /// The line with blanks for what is not looked at.
    var visible: [Character]
    /// The reason of a `% literal:` comment, empty when it gives none; nil without such a comment.
    var literal: String?
  }

  private var text: [Character]
  private var literals: [Int: String] = [:]

  init(_ source: String) { text = Array(source.replacing("\r\n", with: "\n")) }

  mutating func lines() -> [Line] {
    maskComments()
    maskOutside()
    maskEnvironments()
    maskArguments()
    return text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map { index, line in
      Line(visible: Array(line), literal: literals[index])
    }
  }

  /// The lines of a file, comments blanked out.
  static func withoutComments(_ source: String) -> [String] {
    var masker = LatexMasker(source)
    masker.maskComments()
    return masker.text.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
  }

  private mutating func blank(_ range: Range<Int>) {
    for position in range where text[position] != "\n" { text[position] = " " }
  }

  /// Comments, from an unescaped % to the end of the line; those that begin with `literal:` are kept apart.
  private mutating func maskComments() {
    var line = 0
    var position = 0
    while position < text.count {
      switch text[position] {
      case "\n":
        line += 1
        position += 1
      case "\\": position += 2
      case "%":
        let end = text[position...].firstIndex(of: "\n") ?? text.count
        let comment = String(text[(position + 1)..<end]).drop { $0 == " " }
        if comment.hasPrefix("literal:") {
          let reason = comment.dropFirst("literal:".count).drop { $0 == " " }
          literals[line] = String(reason).trimmingSuffix { $0 == " " }
        }
        blank(position..<end)
        position = end
      default: position += 1
      }
    }
  }

  /// What stands before `\begin{document}` or after `\end{document}`; all is text in a file without them.
  private mutating func maskOutside() {
    if let begin = find("\\begin{document}", from: 0) { blank(0..<begin) }
    if let end = find("\\end{document}", from: 0) { blank(end..<text.count) }
  }

  private mutating func maskEnvironments() {
    for name in HandTypedNumbers.exemptEnvironments.sorted() {
      mask(from: "\\begin{\(name)}", to: "\\end{\(name)}")
    }
    mask(from: "\\[", to: "\\]")
  }

  private mutating func mask(from opening: String, to closing: String) {
    var start = 0
    while let begin = find(opening, from: start) {
      let end = find(closing, from: begin).map { $0 + closing.count } ?? text.count
      // `\\[2pt]` ends a line of a table and opens nothing.
      if opening == "\\[", begin > 0, text[begin - 1] == "\\" {
        start = begin + 2
        continue
      }
      blank(begin..<end)
      start = end
    }
  }

  /// The arguments of commands that name things, in brackets and braces.
  private mutating func maskArguments() {
    var position = 0
    while position < text.count {
      guard text[position] == "\\" else {
        position += 1
        continue
      }
      let start = position + 1
      position = start
      while position < text.count, text[position].isLetter { position += 1 }
      let name = String(text[start..<position])
      guard HandTypedNumbers.namingCommands.contains(name) else {
        position = max(position, start + 1)
        continue
      }
      if position < text.count, text[position] == "*" { position += 1 }
      let begin = position
      var braces = 0
      while position < text.count, "[{".contains(text[position]) {
        // The second argument of these is text.
        if text[position] == "{", braces == 1, ["href", "IfFileExists"].contains(name) { break }
        if text[position] == "{" { braces += 1 }
        position = afterGroup(position)
      }
      blank(begin..<position)
    }
  }

  /// The position after the group that opens at `position`.
  private func afterGroup(_ position: Int) -> Int {
    let (opening, closing): (Character, Character) = text[position] == "[" ? ("[", "]") : ("{", "}")
    var depth = 0
    for index in position..<text.count {
      if text[index] == opening { depth += 1 }
      if text[index] == closing { depth -= 1 }
      if depth == 0 { return index + 1 }
    }
    return text.count
  }

  private func find(_ pattern: String, from start: Int) -> Int? {
    let wanted = Array(pattern)
    guard start <= text.count - wanted.count else { return nil }
    return (start...(text.count - wanted.count)).first { offset in
      text[offset] == wanted[0] && wanted.indices.allSatisfy { text[offset + $0] == wanted[$0] }
    }
  }
}

extension String {
  fileprivate func trimmingSuffix(while isRemoved: (Character) -> Bool) -> String {
    guard let last = lastIndex(where: { !isRemoved($0) }) else { return "" }
    return String(self[...last])
  }
}
