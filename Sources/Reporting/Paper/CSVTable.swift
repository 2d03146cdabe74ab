import Basics
import Foundation

/// A comma-separated table with a header, read whole.
struct CSVTable: Sendable {
  let source: String
  let header: [String]
  let rows: [[String: String]]

  /// Reads RFC 4180: quoted fields may hold commas, line breaks and doubled quotes.
  ///
  /// - Throws: ``UserError``: 66 when the file is missing, 65 when a row has another number of fields than the header.
  init(contentsOf url: URL, advice: String? = nil) throws {
    try self.init(String(decoding: try AtomicFile.read(url, advice: advice), as: UTF8.self), source: url.relativePath)
  }

  init(_ text: String, source: String) throws {
    let records = csvRecords(text)
    guard let header = records.first else { throw UserError("the table is empty", at: source, exitCode: .badData) }
    for (index, record) in records.enumerated() where record.count != header.count {
      throw UserError(
        "a row has \(record.count) fields, the header \(header.count)", at: "\(source), row \(index)",
        advice: "make it again with `./bfpo sweep collect`", exitCode: .badData)
    }
    self.source = source
    self.header = header
    rows = records.dropFirst().map { Dictionary(zip(header, $0)) { first, _ in first } }
  }

  /// The values of a column; the nearest name is suggested for one that is not there.
  func require(_ column: String, at location: String) throws {
    if header.contains(column) { return }
    throw UserError(
      "\(source) has no column `\(column)`", at: location, advice: suggestion(for: column, among: header),
      exitCode: .badData)
  }
}

private func csvRecords(_ text: String) -> [[String]] {
  var records: [[String]] = []
  var record: [String] = []
  var field: [UInt8] = []
  var isQuoted = false
  var previousWasQuote = false
  func closed() -> String { String(decoding: field, as: UTF8.self) }
  for byte in text.utf8 {
    if isQuoted, byte != UInt8(ascii: "\"") {
      field.append(byte)
      continue
    }
    switch byte {
    case UInt8(ascii: "\""):
      if !isQuoted, previousWasQuote { field.append(byte) }
      isQuoted.toggle()
      previousWasQuote = !isQuoted
      continue
    case UInt8(ascii: ","):
      record.append(closed())
      field = []
    case UInt8(ascii: "\n"):
      records.append(record + [closed()])
      record = []
      field = []
    case UInt8(ascii: "\r"): break
    default: field.append(byte)
    }
    previousWasQuote = false
  }
  if !record.isEmpty || !field.isEmpty { records.append(record + [closed()]) }
  return records
}
