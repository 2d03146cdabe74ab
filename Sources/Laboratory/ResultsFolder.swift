import Basics
import Foundation

/// `Results/<name>/`: one record a cell, and what is made from them.
public struct ResultsFolder: Sendable {
  public let url: URL

  public init(_ url: URL) { self.url = url }

  public var cellsFolder: URL { url.appendingPathComponent("cells") }

  public func recordFile(_ id: String) -> URL { cellsFolder.appendingPathComponent("\(id).json") }

  /// A cell's scratch folder for checkpoints; removed when the cell is done.
  public func checkpointFolder(_ id: String) -> URL { url.appendingPathComponent("checkpoints/\(id)") }

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
    try AtomicFile.write(try canonicalJSON(record, pretty: true) + "\n", to: recordFile(record.id))
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
