/// Rows of text in aligned columns.
struct Table {
  enum Alignment: Sendable { case left, right }

  private var rows: [[String]]
  private var header: [String]?
  private var alignment: [Alignment]

  /// - Parameter alignment: one per column; columns without one are aligned to the left.
  init(_ rows: [[String]], header: [String]?, alignment: [Alignment] = []) {
    self.rows = rows
    self.header = header
    self.alignment = alignment
  }

  /// The table, one row a line, columns two spaces apart, no blanks at the ends of lines.
  func text() -> String {
    let all = (header.map { [$0] } ?? []) + rows
    let count = all.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in all.map { column < $0.count ? displayWidth($0[column]) : 0 }.max() ?? 0 }
    func line(_ cells: [String]) -> String {
      var text = ""
      for (column, cell) in cells.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - displayWidth(cell))
        if column > 0 { text += "  " }
        text += column < alignment.count && alignment[column] == .right ? padding + cell : cell + padding
      }
      return text.trimmingTrailingSpaces() + "\n"
    }
    var text = ""
    if let header {
      text += line(header)
      text += widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ") + "\n"
    }
    for row in rows { text += line(row) }
    return text
  }
}

/// The number of terminal columns a text takes: two for a wide East Asian character or an emoji, one for any other character.
func displayWidth(_ text: String) -> Int {
  text.reduce(0) { total, character in
    guard let scalar = character.unicodeScalars.first else { return total }
    return total + (isWide(scalar.value) || character.unicodeScalars.contains("\u{FE0F}") ? 2 : 1)
  }
}

private func isWide(_ value: UInt32) -> Bool {
  switch value {
  case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
    0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
    true
  default: false
  }
}

extension String {
  fileprivate func trimmingTrailingSpaces() -> String {
    guard let last = lastIndex(where: { $0 != " " }) else { return "" }
    return String(self[...last])
  }
}
