import Basics

/// Reads the text of a ``CellFilter``.
struct CellFilterParser {
  private enum Token: Equatable {
    case word(String)
    case quoted(String)
    case sign(String)
    case end
  }

  private static let signs = ["&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "(", ")"]
  private static let comparisons = ["==", "!=", "<", "<=", ">", ">="]

  private let text: String
  private let location: String
  /// Each with the column where it begins, from 1.
  private var tokens: [(token: Token, column: Int)] = []
  private var position = 0

  init(_ text: String, location: String) throws {
    self.text = text
    self.location = location
    try scan()
  }

  mutating func parse() throws -> CellFilter.Condition {
    let condition = try parseAny()
    guard current == .end else { throw unexpected("`&&`, `||` or the end") }
    return condition
  }

  // MARK: Grammar

  private mutating func parseAny() throws -> CellFilter.Condition {
    var parts = [try parseAll()]
    while take("||") { parts.append(try parseAll()) }
    return parts.count == 1 ? parts[0] : .any(parts)
  }

  private mutating func parseAll() throws -> CellFilter.Condition {
    var parts = [try parseTerm()]
    while take("&&") { parts.append(try parseTerm()) }
    return parts.count == 1 ? parts[0] : .all(parts)
  }

  private mutating func parseTerm() throws -> CellFilter.Condition {
    if take("!") { return .not(try parseTerm()) }
    if take("(") {
      let condition = try parseAny()
      guard take(")") else { throw unexpected("`)`") }
      return condition
    }
    guard case .word(let name) = current else { throw unexpected("a name such as `objective` or `tau`") }
    position += 1
    guard case .sign(let sign) = current, Self.comparisons.contains(sign) else {
      throw unexpected("one of " + Self.comparisons.map { "`\($0)`" }.joined(separator: " "))
    }
    position += 1
    return .comparison(name: name, sign: sign, value: try parseValue())
  }

  private mutating func parseValue() throws -> JSONValue {
    defer { position += 1 }
    switch current {
    case .quoted(let text): return .string(text)
    case .word("true"): return .bool(true)
    case .word("false"): return .bool(false)
    case .word(let word):
      if let number = Double(word), number.isFinite { return .number(number) }
      return .string(word)
    default: throw unexpected("a number, a word or a text in quotes")
    }
  }

  private var current: Token { tokens[position].token }

  private mutating func take(_ sign: String) -> Bool {
    guard current == .sign(sign) else { return false }
    position += 1
    return true
  }

  // MARK: Words

  private mutating func scan() throws {
    let characters = Array(text)
    var i = 0
    while i < characters.count {
      if characters[i].isWhitespace {
        i += 1
      } else if let sign = Self.signs.first(where: { characters[i...].starts(with: $0) }) {
        tokens.append((.sign(sign), i + 1))
        i += sign.count
      } else if characters[i] == "\"" || characters[i] == "'" {
        guard let end = characters[(i + 1)...].firstIndex(of: characters[i]) else {
          throw wrong("a quotation mark is not closed", column: i + 1, advice: "end the text with `\(characters[i])`")
        }
        tokens.append((.quoted(String(characters[(i + 1)..<end])), i + 1))
        i = end + 1
      } else {
        let start = i
        while i < characters.count, characters[i].isPartOfWord { i += 1 }
        if i == start {
          let advice = characters[i] == "=" ? "write `==`" : "write `NAME OPERATOR VALUE`, joined by `&&` and `||`"
          throw wrong("`\(characters[i])` means nothing here", column: i + 1, advice: advice)
        }
        tokens.append((.word(String(characters[start..<i])), start + 1))
      }
    }
    tokens.append((.end, characters.count + 1))
  }

  private func unexpected(_ wanted: String) -> UserError {
    let column = tokens[position].column
    let found =
      switch current {
      case .word(let text), .quoted(let text), .sign(let text): "`\(text)` stands"
      case .end: "the condition ends"
      }
    return wrong(
      "\(found) where \(wanted) should be", column: column, advice: "for example `objective == bfpo && alpha > 0.25`")
  }

  private func wrong(_ what: String, column: Int, advice: String) -> UserError {
    UserError(what, at: "\(location) '\(text)', column \(column)", advice: advice, exitCode: .usage)
  }
}

extension Character {
  fileprivate var isPartOfWord: Bool { isLetter || isNumber || "._-+:/".contains(self) }
}
