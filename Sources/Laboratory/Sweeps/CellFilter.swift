import Basics

/// A condition on cells, as `--where` takes it: `objective == bfpo && (alpha > 0.25 || seed < 2)`.
///
///     condition  = conjunction { "||" conjunction }
///     conjunction = term { "&&" term }
///     term       = "!" term | "(" condition ")" | name operator value
///     operator   = "==" | "!=" | "<" | "<=" | ">" | ">="
///
/// Names are `arm`, `objective`, `order`, `seed`, `id`, the swept hyper-parameters and the objectives' others. A value is a number,
/// a word, or a text in quotes. A cell that does not have the hyper-parameter meets no comparison with it, `!=` included.
public struct CellFilter: Sendable {
  indirect enum Condition: Sendable {
    case any([Condition])
    case all([Condition])
    case not(Condition)
    case comparison(name: String, sign: String, value: JSONValue)
  }

  private let root: Condition

  /// Reads a condition and checks its names and words against the cells it is for.
  ///
  /// - Throws: ``UserError`` (64) that points at the place, with the nearest name.
  public init(_ text: String, cells: [PlannedCell], at location: String = "--where") throws {
    var parser = try CellFilterParser(text, location: location)
    root = try parser.parse()
    let vocabulary = Vocabulary(cells)
    try vocabulary.check(root, at: location)
  }

  public func matches(_ cell: PlannedCell) -> Bool { Self.holds(root, cell) }

  private static func holds(_ condition: Condition, _ cell: PlannedCell) -> Bool {
    switch condition {
    case .any(let parts): parts.contains { holds($0, cell) }
    case .all(let parts): parts.allSatisfy { holds($0, cell) }
    case .not(let part): !holds(part, cell)
    case .comparison(let name, let sign, let value): cell.value(name).map { compare($0, sign, value) } ?? false
    }
  }

  private static func compare(_ own: JSONValue, _ sign: String, _ value: JSONValue) -> Bool {
    if let a = own.number, let b = value.number {
      return switch sign {
      case "==": a == b
      case "!=": a != b
      case "<": a < b
      case "<=": a <= b
      case ">": a > b
      default: a >= b
      }
    }
    return sign == "!=" ? axisText(own) != axisText(value) : sign == "==" && axisText(own) == axisText(value)
  }
}

extension PlannedCell {
  /// What a condition calls `name`; nil when the cell has nothing of that name.
  fileprivate func value(_ name: String) -> JSONValue? {
    switch name {
    case "id": .string(id)
    case "arm": .string(arm)
    case "objective": .string(configuration.objective)
    case "order": .string(configuration.order.rawValue)
    case "seed": .number(Double(configuration.seed))
    default: axes.first { $0.name == name }?.value ?? configuration.parameters[name]
    }
  }
}

/// The names that cells know, and the words that some of them take.
private struct Vocabulary {
  private let cells: [PlannedCell]
  private let names: [String]

  init(_ cells: [PlannedCell]) {
    self.cells = cells
    let parameters = Set(
      cells.flatMap { $0.axes.map(\.name) + Array(($0.configuration.parameters.object ?? [:]).keys) })
    names = ["arm", "objective", "order", "seed", "id"] + parameters.sorted()
  }

  func check(_ condition: CellFilter.Condition, at location: String) throws {
    switch condition {
    case .any(let parts), .all(let parts): for part in parts { try check(part, at: location) }
    case .not(let part): try check(part, at: location)
    case .comparison(let name, let sign, let value):
      guard names.contains(name) else {
        throw UserError(
          "no cell has `\(name)`", at: location, advice: suggestion(for: name, among: names), exitCode: .usage)
      }
      try checkValue(name, sign, value, at: location)
    }
  }

  private func checkValue(_ name: String, _ sign: String, _ value: JSONValue, at location: String) throws {
    let present = cells.compactMap { $0.value(name) }
    if present.allSatisfy({ $0.number != nil }) {
      if value.number != nil { return }
      throw UserError(
        "`\(name)` is a number, and `\(axisText(value))` is none", at: location,
        advice: "write for example `\(name) \(sign) \(present.first.map(axisText) ?? "1")`", exitCode: .usage)
    }
    guard sign == "==" || sign == "!=" else {
      if present.contains(where: { $0.number != nil }), value.number != nil { return }
      throw UserError(
        "`\(name)` is a text, which has no order", at: location, because: "`\(sign)` compares numbers",
        advice: "use `==` or `!=`", exitCode: .usage)
    }
    let known = Set(present.map(axisText))
    if name != "id", !known.contains(axisText(value)) {
      throw UserError(
        "no cell has \(name) `\(axisText(value))`", at: location,
        advice: suggestion(for: axisText(value), among: Array(known)), exitCode: .usage)
    }
  }
}
