import Basics
import Foundation

/// `Paper/claims.json`: every number, table and figure that the paper takes from committed results.
public struct PaperSpec: Sendable {
  public var claims: [ClaimSpec]
  public var tables: [TableSpec]
  public var figures: [FigureSpec]
  /// Studies in the order of the checklist.
  public var studies: [String]

  static let keys = ["schema", "studies", "claims", "tables", "figures"]

  /// - Throws: ``UserError``: 66 when the file is missing, 65 for a wrong key or a repeated id.
  public init(contentsOf url: URL) throws {
    let place = url.relativePath
    let json = try JSONValue(
      parsing: try AtomicFile.read(url, advice: "the paper needs `claims.json` beside `main.tex`"), json5: true,
      source: place)
    guard let members = json.object else {
      throw UserError("claims are an object `{…}`", at: place, exitCode: .badData)
    }
    for key in members.keys.sorted() where !Self.keys.contains(key) {
      throw UserError(
        "unknown key `\(key)`", at: place, advice: suggestion(for: key, among: Self.keys), exitCode: .badData)
    }
    func parts<Part: Specification>(_ key: String, _ type: Part.Type) throws -> [Part] {
      try (members[key]?.array ?? []).enumerated().map { index, part in
        let id = part["id"]?.string.map { " `\($0)`" } ?? ""
        return try Part(strictly: part, at: "\(place), \(key)[\(index)]\(id)")
      }
    }
    studies = (members["studies"]?.array ?? []).compactMap(\.string)
    claims = try parts("claims", ClaimSpec.self)
    tables = try parts("tables", TableSpec.self)
    figures = try parts("figures", FigureSpec.self)
    for ids in [claims.map(\.id), tables.map(\.id), figures.map(\.id)] {
      if let twice = Dictionary(grouping: ids, by: \.self).first(where: { $0.value.count > 1 })?.key {
        throw UserError("the id `\(twice)` is given twice", at: place, advice: "rename one", exitCode: .badData)
      }
    }
  }
}

/// Which rows of which committed table of a study.
public struct RowSelection: Codable, Hashable, Sendable {
  /// A folder of `Results/`.
  public var experiment: String
  public var table: Source
  /// Column → the value, or a list of values, that a row must have; null where it must be empty.
  public var rows: [String: JSONValue]

  public enum Source: String, NamedChoice {
    case summary, frontier, arms, comparisons, metrics
    /// A key such as `training.steps` of `experiment.json5`.
    case specification
    /// A key of ``Study``: arms, settings, seeds, cells, done, failed, missing.
    case study
  }
}

/// One number of the paper.
public struct ClaimSpec: Specification, Hashable {
  public var id: String
  /// What the number is, for `results.md`.
  public var text: String
  public var experiment: String
  public var table: RowSelection.Source
  public var `where`: [String: JSONValue]
  /// The key of a specification or study, instead of rows.
  public var key: String
  /// Shorthand for `where: { metric: … }`.
  public var metric: String
  public var column: String
  public var aggregate: Aggregate
  /// See ``NumberFormat``.
  public var format: NumberFormat

  enum CodingKeys: String, CodingKey, CaseIterable {
    case id, text, experiment, table, `where`, key, metric, column, aggregate, format
  }

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }
  public static var defaults: [String: JSONValue] {
    [
      "text": .string(""), "table": .string("summary"), "where": .object([:]), "key": .string(""),
      "metric": .string(""), "column": .string(""), "aggregate": .string("only"), "format": .string("0.00"),
    ]
  }

  public var complaint: String? {
    if id.isEmpty || !id.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }) {
      return "`id` is letters, digits and `-`, got `\(id)`"
    }
    if [.specification, .study].contains(table) != !key.isEmpty {
      return "`key` belongs to the tables `specification` and `study`, which need it"
    }
    return format.hasInterval && aggregate != .only ? "an interval belongs to one row: `aggregate` must be `only`" : nil
  }

  /// What is made of the chosen rows.
  public enum Aggregate: String, NamedChoice {
    /// There is exactly one.
    case only
    case mean, min, max, sum, count
  }
}

/// One table of the paper: a line for each combination of some columns, a field for each chosen number.
public struct TableSpec: Specification, Hashable {
  public var id: String
  public var title: String
  public var experiment: String
  public var table: RowSelection.Source
  public var `where`: [String: JSONValue]
  /// Columns whose combinations are the lines, in the order of the committed table, each with its title.
  public var lines: [Line]
  public var columns: [Column]
  public var note: String

  enum CodingKeys: String, CodingKey, CaseIterable { case id, title, experiment, table, `where`, lines, columns, note }

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }
  public static var defaults: [String: JSONValue] {
    ["table": .string("summary"), "where": .object([:]), "note": .string("")]
  }

  public struct Line: Codable, Hashable, Sendable {
    public var column: String
    public var title: String
  }

  public struct Column: Codable, Hashable, Sendable {
    public var title: String
    public var metric: String?
    public var column: String?
    public var aggregate: ClaimSpec.Aggregate?
    public var format: NumberFormat
  }
}

/// One figure of the paper: an SVG of a study.
public struct FigureSpec: Specification, Hashable {
  public var id: String
  public var experiment: String
  public var file: String

  enum CodingKeys: String, CodingKey, CaseIterable { case id, experiment, file }

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }
}
