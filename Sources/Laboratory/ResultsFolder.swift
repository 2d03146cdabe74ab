import Basics
import Foundation
import Synchronization

/// `Results/<name>/`: one record a cell, and what is made from them.
public struct ResultsFolder: Sendable {
  public let url: URL

  public init(_ url: URL) { self.url = url }

  public var cellsFolder: URL { url.appendingPathComponent("cells") }

  public func recordFile(_ id: String) -> URL { cellsFolder.appendingPathComponent("\(id).json") }

  /// A cell's scratch folder for checkpoints; removed when the cell is done.
  public func checkpointFolder(_ id: String) -> URL { url.appendingPathComponent("checkpoints/\(id)") }

  public func logFile(_ id: String) -> URL { url.appendingPathComponent("logs/\(id).log") }

  /// One cell's record; nil when there is none that can be read.
  public func record(_ id: String) -> RunRecord? {
    guard let data = FileManager.default.contents(atPath: recordFile(id).path) else { return nil }
    return Self.decode(data, id: id)
  }

  private static func decode(_ data: Data, id: String) -> RunRecord? {
    guard let record = try? JSONDecoder().decode(RunRecord.self, from: data), record.schema == RunRecord.schemaVersion,
      record.id == id
    else { return nil }
    return record
  }

  /// Every readable record, by id; a record that cannot be read, or of another schema, counts as missing and is reported.
  ///
  /// - Parameter curves: whether to keep the curves, which are nearly all of a record's size.
  public func loadRecords(curves: Bool = true) -> (records: [String: RunRecord], unreadable: [String]) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: cellsFolder.path)) ?? []
    let files = names.filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.sorted()
    let loaded = Mutex<(records: [String: RunRecord], unreadable: [String])>(([:], []))
    parallelForEach(files.count, workers: processorCount()) { index in
      let id = String(files[index].dropLast(5))
      var record = record(id)
      if !curves { record?.curve = nil }
      loaded.withLock { all in
        if let record { all.records[id] = record } else { all.unreadable.append(recordFile(id).path) }
      }
    }
    return loaded.withLock { ($0.records, $0.unreadable.sorted()) }
  }

  /// Keeps what the tables and figures need besides the records: the specification, the plan, the reference's metrics.
  public func savePlan(specification: String, cells: [PlannedCell], reference: [String: Double]) throws {
    try AtomicFile.write(specification, to: specificationFile)
    let lines = try cells.map { try canonicalJSON($0) + "\n" }
    try AtomicFile.write(lines.joined(), to: planFile)
    try AtomicFile.write(try canonicalJSON(reference, pretty: true) + "\n", to: referenceFile)
  }

  /// What ``savePlan(specification:cells:reference:)`` kept.
  ///
  /// - Throws: ``UserError`` (66) when no sweep has run into this folder, (65) when the files are damaged.
  public func loadPlan() throws -> (spec: ExperimentSpec, cells: [PlannedCell], reference: [String: Double]) {
    let advice = "run `./bfpo sweep run SPEC` first; its results folder holds `plan.jsonl`"
    let lines = String(decoding: try AtomicFile.read(planFile, advice: advice), as: UTF8.self).split(separator: "\n")
    let decoder = JSONDecoder()
    do {
      return (
        try ExperimentSpec(contentsOf: specificationFile),
        try lines.map { try decoder.decode(PlannedCell.self, from: Data($0.utf8)) },
        try decoder.decode([String: Double].self, from: try AtomicFile.read(referenceFile))
      )
    } catch let error as DecodingError {
      throw UserError(
        "the plan is damaged", at: url.path, because: decodingReason(error),
        advice: "run the sweep again: it rewrites the plan and keeps the records", exitCode: .badData)
    }
  }

  /// The text of the specification that last ran into this folder.
  var savedSpecification: String? {
    FileManager.default.contents(atPath: specificationFile.path).map { String(decoding: $0, as: UTF8.self) }
  }

  private var specificationFile: URL { url.appendingPathComponent("experiment.json5") }
  private var planFile: URL { url.appendingPathComponent("plan.jsonl") }
  private var referenceFile: URL { url.appendingPathComponent("reference.json") }

  /// Makes the records' diagnoses again from their curves, as tables and figures are; nothing else of a record is derived.
  public func refreshDiagnoses() throws {
    for var record in loadRecords().records.values.sorted(by: { $0.id < $1.id }) {
      guard let diagnosis = record.curve?.diagnosis, diagnosis != record.diagnosis else { continue }
      record.diagnosis = diagnosis
      try save(record)
    }
  }

  public func save(_ record: RunRecord) throws {
    let text = try canonicalJSON(record, pretty: true) + "\n"
    try AtomicFile.write(RecordChecksum.add(to: text), to: recordFile(record.id))
  }

  /// Checks that results can be written before hours are spent on making them.
  ///
  /// - Throws: ``UserError`` (73).
  public func checkWritable() throws {
    var parent = url
    while parent.path.count > 1, !FileManager.default.fileExists(atPath: parent.path) {
      parent.deleteLastPathComponent()
    }
    if (try? parent.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == false {
      throw UserError(
        "a file stands where a results folder should be", at: parent.path, advice: "name another folder",
        exitCode: .cannotCreateOutput)
    }
    let probe = url.appendingPathComponent(".writable")
    try AtomicFile.write("", to: probe)
    try? FileManager.default.removeItem(at: probe)
  }
}
