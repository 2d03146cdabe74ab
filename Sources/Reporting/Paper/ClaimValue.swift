import Basics
import Laboratory

/// Looks up what claims ask for; each study is read once.
struct ClaimReader {
  private var studies: [String: Study] = [:]
  private var tables: [String: CSVTable] = [:]
  let open: (_ name: String, _ location: String) throws -> Study

  init(open: @escaping (_ name: String, _ location: String) throws -> Study) { self.open = open }

  mutating func study(_ name: String, at location: String) throws -> Study {
    if let study = studies[name] { return study }
    let study = try open(name, location)
    studies[name] = study
    return study
  }

  private mutating func table(_ source: RowSelection.Source, of name: String, at location: String) throws -> CSVTable {
    let key = "\(name)/\(source.rawValue)"
    if let table = tables[key] { return table }
    let table = try study(name, at: location).table(source)
    tables[key] = table
    return table
  }

  /// The text of a claim.
  ///
  /// - Throws: ``UserError``: 65 when a column is unknown, or the rows chosen are none or, for `only`, several.
  mutating func text(of claim: ClaimSpec, at location: String) throws -> String {
    switch claim.table {
    case .study, .specification:
      let study = try study(claim.experiment, at: location)
      let value =
        claim.table == .study
        ? try study.number(claim.key, at: location) : try study.specified(claim.key, at: location)
      return try require(claim.format.text(value), value, claim.format, at: location)
    default:
      let table = try table(claim.table, of: claim.experiment, at: location)
      let rows = try chosen(claim.where, from: table.rows, of: table, at: location)
      let field = FieldSpec(
        metric: claim.metric.isEmpty ? nil : claim.metric, column: claim.column.isEmpty ? nil : claim.column,
        aggregate: claim.aggregate, format: claim.format)
      return try text(field, rows, of: table, at: location)
    }
  }

  /// The lines of a table, each with its fields.
  mutating func rows(of spec: TableSpec, at location: String) throws -> [[String]] {
    let table = try table(spec.table, of: spec.experiment, at: location)
    for line in spec.lines { try table.require(line.column, at: location) }
    let rows = try chosen(spec.where, from: table.rows, of: table, at: location)
    var order: [[String]] = []
    var groups: [[String]: [[String: String]]] = [:]
    for row in rows {
      let key = spec.lines.map { row[$0.column] ?? "" }
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append(row)
    }
    return try order.map { key in
      try key.map { $0.isEmpty ? "–" : $0 }
        + spec.columns.map { column in
          let field = FieldSpec(
            metric: column.metric, column: column.column, aggregate: column.aggregate ?? .only, format: column.format)
          return try text(field, groups[key] ?? [], of: table, at: "\(location), line \(key.joined(separator: " "))")
        }
    }
  }

  /// One number of some rows.
  private struct FieldSpec {
    var metric: String?
    var column: String?
    var aggregate: ClaimSpec.Aggregate
    var format: NumberFormat
  }

  private func text(
    _ field: FieldSpec, _ rows: [[String: String]], of table: CSVTable, at location: String
  ) throws -> String {
    var rows = rows
    if let metric = field.metric { rows = try chosen(["metric": .string(metric)], from: rows, of: table, at: location) }
    let column = field.column ?? (table.header.contains("mean") ? "mean" : "value")
    if field.aggregate == .count { return field.format.text("\(rows.count)") ?? "\(rows.count)" }
    try table.require(column, at: location)
    guard !rows.isEmpty else { throw noRows(of: table, at: location) }
    if field.aggregate == .only {
      guard rows.count == 1 else {
        throw UserError(
          "\(rows.count) rows of \(table.source) are chosen, and one is needed", at: location,
          advice: "choose by more columns, or say how they are put together, such as `aggregate: \"mean\"`",
          exitCode: .badData)
      }
      let ends = intervalColumns(column, in: table)
      let value = rows[0][column] ?? ""
      let text = field.format.text(value, low: rows[0][ends.low], high: rows[0][ends.high])
      if text == nil, value.isEmpty { return "–" }
      return try require(text, value, field.format, at: location)
    }
    let values = try rows.map { row in
      guard let value = Double(row[column] ?? "") else {
        throw UserError("`\(row[column] ?? "")` is no number", at: "\(location), \(table.source)", exitCode: .badData)
      }
      return value
    }
    let value: Double
    switch field.aggregate {
    case .mean: value = mean(values)
    case .min: value = values.min() ?? .nan
    case .max: value = values.max() ?? .nan
    default: value = values.reduce(0, +)
    }
    return try require(field.format.text("\(value)"), "\(value)", field.format, at: location)
  }

  private func require(
    _ text: String?, _ value: String, _ format: NumberFormat, at location: String
  ) throws -> String {
    if let text { return text }
    throw UserError(
      "`\(value)` cannot be printed as `\(format.pattern)`", at: location,
      because: format.hasInterval
        ? "there is no interval beside it, or one of its ends is no number" : "it is no number",
      exitCode: .badData)
  }

  private func chosen(
    _ selection: [String: JSONValue], from rows: [[String: String]], of table: CSVTable, at location: String
  ) throws -> [[String: String]] {
    for column in selection.keys.sorted() { try table.require(column, at: location) }
    let kept = rows.filter { row in selection.allSatisfy { matches($0.value, row[$0.key] ?? "") } }
    if kept.isEmpty, !selection.isEmpty { throw noRows(of: table, at: location) }
    return kept
  }

  private func noRows(of table: CSVTable, at location: String) -> UserError {
    UserError(
      "no row of \(table.source) is chosen", at: location,
      advice: "compare `where` and `metric` with the table's values", exitCode: .badData)
  }
}

/// Whether a field is the value, or one of the values; numbers are compared as numbers.
private func matches(_ wanted: JSONValue, _ field: String) -> Bool {
  switch wanted {
  case .array(let values): values.contains { matches($0, field) }
  case .null: field.isEmpty
  case .number(let number): Double(field) == number
  default: field == axisText(wanted)
  }
}

/// The columns that hold a column's interval: `xLow` and `xHigh` where they exist, else `low` and `high`.
private func intervalColumns(_ column: String, in table: CSVTable) -> (low: String, high: String) {
  table.header.contains("\(column)Low") ? ("\(column)Low", "\(column)High") : ("low", "high")
}
