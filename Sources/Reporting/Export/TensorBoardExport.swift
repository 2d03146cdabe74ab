import Basics
import Foundation
import Laboratory

/// Writes one event file per recorded cell: `<arm>/<setting>/seed-<k>/events.out.tfevents.0.bfpo`.
///
/// Scalars `training/…` follow the curve, `metrics/…` stand at the last step; hyper-parameters and state are those of the HParams
/// dashboard, where a failed cell is a failed session. A record says when it ended and how long it took, so the time of a step between is
/// interpolated.
///
/// - Returns: the folder, to be given to `tensorboard --logdir`.
func writeEventFiles(_ sweep: CollectedSweep, into folder: URL) throws -> URL {
  let places = Dictionary(grouping: sweep.cells, by: \.id)
  let cells = uniqueCells(sweep.cells).filter { sweep.results[$0.id] != nil }
  let failures = parallelMap(cells.count, workers: processorCount()) { index -> UserError? in
    let id = cells[index].id
    guard let result = sweep.results[id] else { return nil }
    do {
      let record = try JSONDecoder().decode(EventSource.self, from: try AtomicFile.read(sweep.folder.recordFile(id)))
      for place in places[id] ?? [] {
        let setting = place.axes.isEmpty ? "default" : place.axes.map { "\($0.name)=\($0.text)" }.joined(separator: ",")
        let run = [place.arm, setting, "seed-\(place.configuration.seed)"].map(pathComponent).joined(separator: "/")
        let bytes = eventFile(place, result: result, curve: record.curve?.points ?? []).bytes
        try write(bytes, to: folder.appendingPathComponent("\(run)/events.out.tfevents.0.bfpo"))
      }
      return nil
    } catch {
      return error as? UserError ?? UserError("a record changed while it was read", at: id, exitCode: .badData)
    }
  }
  if let failure = failures.compactMap(\.self).first { throw failure }
  return folder
}

/// Writes an event file without waiting for the disk: thousands of them are made again as fast as they are read.
private func write(_ bytes: [UInt8], to file: URL) throws {
  do {
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
  } catch {
    throw UserError(
      "cannot write the file", at: file.path, because: error.localizedDescription,
      advice: "check that you may write there, and that the disk is not full", exitCode: .cannotCreateOutput)
  }
}

/// The part of a record that only event files need; points are numbers by name, whatever a curve holds.
private struct EventSource: Decodable {
  var curve: Curve?

  struct Curve: Decodable {
    var points: [CurveNumber]
  }
}

/// A number of a curve's point, or numbers by name.
enum CurveNumber: Decodable {
  case number(Double)
  case group([String: CurveNumber])

  init(from decoder: any Decoder) throws {
    if let value = try? decoder.singleValueContainer().decode(Double.self) {
      self = .number(value)
    } else {
      self = .group(try decoder.singleValueContainer().decode([String: CurveNumber].self))
    }
  }

  subscript(name: String) -> Double? {
    if case .group(let members) = self, case .number(let value)? = members[name] { return value }
    return nil
  }
}

func eventFile(_ cell: PlannedCell, result: CellResult, curve: [CurveNumber]) -> EventFile {
  let steps = curve.compactMap { $0["step"] }
  let last = steps.last ?? Double(cell.configuration.totalSteps)
  let end = (try? Date(result.provenance.finished, strategy: .iso8601))?.timeIntervalSince1970 ?? 0
  func time(_ step: Double) -> Double { end - result.provenance.seconds * (last > 0 ? 1 - step / last : 0) }

  var file = EventFile(time: time(0))
  let group = ([cell.arm] + cell.axes.map(\.text)).joined(separator: " ")
  file.addHyperparameters(hyperparameters(cell), group: group, time: time(0))
  for (point, step) in zip(curve, steps) {
    for (name, value) in numbers(in: point, below: "training") where name != "training/step" {
      file.addScalar(name, value, step: Int(step), time: time(step))
    }
  }
  for (name, value) in result.metrics.sorted(by: { $0.key < $1.key }) {
    file.addScalar("metrics/\(name)", value, step: Int(last), time: end)
  }
  file.addEnd(succeeded: result.status == .done, time: end)
  return file
}

private func hyperparameters(_ cell: PlannedCell) -> [String: JSONValue] {
  let named: [String: JSONValue] = [
    "arm": .string(cell.arm), "objective": .string(cell.configuration.objective),
    "order": .string(cell.configuration.order.rawValue), "seed": .number(Double(cell.configuration.seed)),
  ]
  return (cell.configuration.parameters.object ?? [:]).merging(cell.axes.map { ($0.name, $0.value) }) { $1 }
    .merging(named) { $1 }
}

/// The numbers of a point and of the groups in it, by path, in the order of names.
private func numbers(in value: CurveNumber, below path: String) -> [(String, Double)] {
  switch value {
  case .number(let number): [(path, number)]
  case .group(let members):
    members.sorted { $0.key < $1.key }.flatMap { numbers(in: $0.value, below: "\(path)/\($0.key)") }
  }
}

/// A name that is one folder: no slash, and not hidden.
private func pathComponent(_ name: String) -> String {
  let plain = name.replacing("/", with: "_").replacing("\u{0}", with: "_")
  return plain.hasPrefix(".") ? "_" + plain : plain
}
