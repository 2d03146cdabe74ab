import Basics
import Foundation
import Language

/// The pairs of one data file, and the rows that give none.
public struct PreferenceFile: Sendable {
  /// A row that is a pair. Nothing has been judged yet: responses may be identical or empty.
  public struct Row: Sendable {
    public var comparison: Comparison<TextQuery>
    /// Counted from 1.
    public var line: Int
  }

  /// A row that cannot be a pair.
  public struct UnusableRow: Hashable, Sendable {
    public var line: Int
    public var reason: DropReason
  }

  /// What reports call the file: the name it was asked for by.
  public let name: String
  /// Digest of the file's bytes as they lie on the disk.
  public let sha256: String
  public let byteCount: Int
  public let format: DataFormat
  /// By which order `chosen` beats `rejected`, when the format has these.
  public let order: CarriedOrder?
  public private(set) var rows: [Row] = []
  public private(set) var unusable: [UnusableRow] = []

  /// Reads a file: JSON Lines or a JSON list, plain or gzip.
  ///
  /// - Throws: ``UserError`` with file and line: 66 when it is missing, 65 when it is not what it should be, 64 when the options do
  ///   not fit the format.
  public init(reading url: URL, name: String? = nil, options: ReadOptions = ReadOptions()) throws {
    try self.init(DataFile(reading: url, name: name, limits: options.limits), options: options)
  }

  /// Reads a file's bytes.
  public init(_ bytes: [UInt8], name: String, options: ReadOptions = ReadOptions()) throws {
    try self.init(DataFile(bytes, name: name, limits: options.limits), options: options)
  }

  private init(_ file: DataFile, options: ReadOptions) throws {
    var iterator = RowIterator(file)
    let firstRows = try Self.peek(iterator, 20)
    format = try options.format ?? FormatDetection(file: file.name).format(of: firstRows)
    order = options.order
    name = file.name
    sha256 = file.sha256
    byteCount = file.byteCount
    guard let first = firstRows.first else { preconditionFailure("an iterator without rows throws") }
    let reader = try Self.reader(format, options: options, first: first)
    while let row = try iterator.next() {
      switch try reader.read(row) {
      case .comparison(var comparison):
        if comparison.source.isEmpty { comparison.source = options.source ?? "" }
        rows.append(Row(comparison: comparison, line: row.line))
      case .unusable(let reason): unusable.append(UnusableRow(line: row.line, reason: reason))
      }
    }
  }

  private static func peek(_ iterator: RowIterator, _ count: Int) throws -> [RowFields] {
    var copy = iterator
    var rows: [RowFields] = []
    while rows.count < count, let row = try copy.next() { rows.append(row) }
    return rows
  }

  private static func reader(_ format: DataFormat, options: ReadOptions, first: RowFields) throws -> any RowReader {
    switch format {
    case .pkuSafeRLHF, .hhDual:
      if let order = options.order {
        throw UserError(
          "the order `\(order.rawValue)` does not apply to \(format.rawValue)", at: first.file,
          because: "its rows name the winner of each order themselves", advice: "leave the order out", exitCode: .usage)
      }
      return try ResponsePairReader(promptIsTranscript: format == .hhDual, first: first)
    case .hhRLHF, .trl, .ultrafeedback, .canonical:
      if format.needsOrder, options.order == nil, !options.allowsUnnamedOrder {
        throw missingOrder(at: first.file, format: format)
      }
      return format == .hhRLHF ? TranscriptPairReader(order: options.order) : ChosenRejectedReader(format, options)
    }
  }

  static func missingOrder(at location: String, format: DataFormat) -> UserError {
    UserError(
      "the order that `chosen` follows must be named", at: location,
      because:
        "a \(format.rawValue) file says which response was chosen, not whether it is the more helpful or the safer one",
      advice:
        "name it, `helpfulness`, `safety` or `both`: `order: …` in a specification, `--order …` on the command line",
      exitCode: .usage)
  }
}
