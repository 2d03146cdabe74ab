import Basics
import Foundation
import Training

/// What tables need of a cell's record: everything but its configuration, which the plan has, and its curve.
public struct CellResult: Decodable, Sendable {
  public var schema: Int
  public var id: String
  public var status: RunRecord.Status
  public var metrics: [String: Double]
  public var work: TrainingWork?
  public var diagnosis: String?
  public var failure: RunRecord.Failure?
  public var provenance: Provenance

  public init(_ record: RunRecord) {
    schema = record.schema
    id = record.id
    status = record.status
    metrics = record.metrics
    work = record.work
    diagnosis = record.diagnosis
    failure = record.failure
    provenance = record.provenance
  }
}

extension ResultsFolder {
  /// The result of every cell that has a readable record, by id, and the files that could not be read.
  ///
  /// Records are read one at a time on each thread and their curves are not kept, so memory does not grow with the length of runs.
  ///
  /// - Parameter cells: the plan; a cell that two arms share is read once.
  public func results(
    of cells: [PlannedCell], workers: Int = processorCount()
  ) -> (results: [String: CellResult], unreadable: [String]) {
    var results: [String: CellResult] = [:]
    var unreadable: [String] = []
    forEachRecord(of: cells, as: CellResult.self, workers: workers) { cell, read in
      switch read {
      case .record(let result) where result.id == cell.id && result.schema == RunRecord.schemaVersion:
        results[cell.id] = result
      case .missing: break
      default: unreadable.append(recordFile(cell.id).path)
      }
    }
    return (results, unreadable)
  }

  /// What reading one record gave.
  public enum RecordReading<Record: Sendable>: Sendable {
    case record(Record)
    case missing
    /// There is a file, and it is no record.
    case damaged
  }

  /// Calls `body` with every cell's record in the order of the plan, each cell once.
  ///
  /// A few hundred records are read at a time, side by side, and then forgotten.
  public func forEachRecord<Record: Decodable & Sendable>(
    of cells: [PlannedCell], as type: Record.Type, workers: Int = processorCount(),
    _ body: (PlannedCell, RecordReading<Record>) throws -> Void
  ) rethrows {
    let unique = uniqueCells(cells)
    let length = 256
    for start in stride(from: 0, to: unique.count, by: length) {
      let chunk = unique[start..<min(start + length, unique.count)]
      let readings = parallelMap(chunk.count, workers: workers) { readRecord(chunk[start + $0].id, as: type) }
      for (cell, reading) in zip(chunk, readings) { try body(cell, reading) }
    }
  }

  private func readRecord<Record: Decodable>(_ id: String, as type: Record.Type) -> RecordReading<Record> {
    let file = recordFile(id)
    guard let data = try? Data(contentsOf: file) else {
      return FileManager.default.fileExists(atPath: file.path) ? .damaged : .missing
    }
    return (try? JSONDecoder().decode(type, from: data)).map(RecordReading.record) ?? .damaged
  }
}
