import Basics
import Foundation

/// `Results/<name>/`: one record a cell, and what is made from them.
public struct ResultsFolder: Sendable {
  public let url: URL

  public init(_ url: URL) { self.url = url }

  public var cellsFolder: URL { url.appendingPathComponent("cells") }

  public func recordFile(_ id: String) -> URL { cellsFolder.appendingPathComponent("\(id).json") }

  /// Every readable record, by id; a record that cannot be read, or of another schema, counts as missing and is reported.
  public func loadRecords() -> (records: [String: RunRecord], unreadable: [String]) {
    var records: [String: RunRecord] = [:]
    var unreadable: [String] = []
    let files = (try? FileManager.default.contentsOfDirectory(atPath: cellsFolder.path)) ?? []
    let decoder = JSONDecoder()
    for file in files.sorted() where file.hasSuffix(".json") && !file.hasPrefix(".") {
      let url = cellsFolder.appendingPathComponent(file)
      if let data = try? Data(contentsOf: url), let record = try? decoder.decode(RunRecord.self, from: data),
        record.schema == RunRecord.schemaVersion, file == "\(record.id).json"
      {
        records[record.id] = record
      } else {
        unreadable.append(url.path)
      }
    }
    return (records, unreadable)
  }

  public func save(_ record: RunRecord) throws {
    try AtomicFile.write(try canonicalJSON(record, pretty: true) + "\n", to: recordFile(record.id))
  }

  /// Checks that results can be written before hours are spent on making them.
  ///
  /// - Throws: ``UserError`` (73).
  public func checkWritable() throws {
    let probe = cellsFolder.appendingPathComponent(".writable")
    try AtomicFile.write("", to: probe)
    try? FileManager.default.removeItem(at: probe)
  }
}
