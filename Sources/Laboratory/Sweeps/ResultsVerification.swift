import Basics
import Foundation

/// What a look at a results folder found: whether its records are what they say they are (R-16).
public struct ResultsVerification: Encodable, Sendable {
  public enum Kind: String, Encodable, Sendable {
    /// It cannot be read, its checksum does not fit, or its id is not the digest of its configuration.
    case damaged
    /// The specification with the data of today has no such cell.
    case otherData
    /// Another build, commit or work tree than most records.
    case otherCode
    /// Running the cell again gave other numbers.
    case differs
  }

  public struct Finding: Encodable, Sendable {
    public var kind: Kind
    public var id: String
    public var what: String
  }

  public var records = 0
  /// Records without a checksum, made before there were any.
  public var unchecked = 0
  public var findings: [Finding] = []
  /// Records by what made them: `bfpo 0.1.0, commit …, program …`.
  public var makers: [String: Int] = [:]
  /// Why the records were not held against today's data; nil when they were.
  public var dataProblem: String?
  /// Ids of the cells that were run again.
  public var rerun: [String] = []
  /// The largest relative difference of a metric that was run again.
  public var largestDifference = 0.0

  public func count(_ kind: Kind) -> Int { findings.count { $0.kind == kind } }

  /// Reads every record of a folder.
  ///
  /// - Parameter experiment: the experiment as it is today; nil when it cannot be prepared, which `dataProblem` explains.
  public init(_ folder: ResultsFolder, experiment: Experiment?, dataProblem: String?) {
    self.dataProblem = dataProblem
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.cellsFolder.path)) ?? []
    let ids = names.filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.map { String($0.dropLast(5)) }.sorted()
    let planned = experiment.map { Dictionary($0.cells.map { ($0.id, $0) }) { first, _ in first } }
    var made: [String: [String]] = [:]
    for id in ids {
      records += 1
      guard let (record, isChecked, complaint) = readRecord(id, in: folder) else {
        findings.append(Finding(kind: .damaged, id: id, what: "the record cannot be read"))
        continue
      }
      if !isChecked { unchecked += 1 }
      if let complaint { findings.append(Finding(kind: .damaged, id: id, what: complaint)) }
      if let planned, planned[id] == nil {
        findings.append(Finding(kind: .otherData, id: id, what: difference(record.configuration, experiment)))
      }
      made[maker(record.provenance), default: []].append(id)
    }
    makers = made.mapValues(\.count)
    let usual = made.max { ($0.value.count, $1.key) < ($1.value.count, $0.key) }?.key
    for (maker, ids) in made.sorted(by: { $0.key < $1.key }) where maker != usual {
      findings += ids.map { Finding(kind: .otherCode, id: $0, what: maker) }
    }
  }

  /// Runs some cells again, drawn by a seed, and compares them: byte for byte where processor, BLAS and matrix
  /// engine are those of the record, else within a relative tolerance.
  ///
  /// - Throws: ``UserError`` of a run.
  public mutating func rerun(
    _ count: Int, seed: Int, tolerance: Double, experiment: Experiment, folder: ResultsFolder,
    afterCell: (Int) throws -> Void
  ) throws {
    let done = uniqueCells(experiment.cells).filter { folder.state($0.id)?.status == .done }.sorted { $0.id < $1.id }
    var random = SeedTree(seed).child("results verify").generator()
    let drawn = random.permutation(done.count).prefix(count).map { done[$0] }
    let here = Provenance.machine
    for (index, cell) in drawn.enumerated() {
      guard let record = folder.record(cell.id) else { continue }
      let outcome = try experiment.setting.run(cell.configuration, savingPolicyTo: nil) { _ in }
      rerun.append(cell.id)
      let difference = largestRelativeDifference(record.metrics, outcome.metrics)
      largestDifference = max(largestDifference, difference)
      let isSameMachine =
        record.provenance.processor == here.processor && record.provenance.blas == here.blas
        && record.provenance.engine == here.engine
      if let complaint = complaint(
        record, outcome, difference: difference, tolerance: isSameMachine ? nil : tolerance)
      {
        findings.append(Finding(kind: .differs, id: cell.id, what: complaint))
      }
      try afterCell(index + 1)
    }
  }

  private func complaint(
    _ record: RunRecord, _ outcome: CellOutcome, difference: Double, tolerance: Double?
  ) -> String? {
    if let tolerance {
      return difference <= tolerance
        ? nil : "a metric differs by \(difference) of itself, more than \(tolerance), on another processor or engine"
    }
    let same =
      (try? canonicalJSON(record.metrics)) == (try? canonicalJSON(outcome.metrics))
      && (try? canonicalJSON(record.curve)) == (try? canonicalJSON(outcome.curve))
    return same
      ? nil : "the same processor gives other bytes; the largest relative difference of a metric is \(difference)"
  }
}

/// ∞ when one of them lacks a metric.
private func largestRelativeDifference(_ a: [String: Double], _ b: [String: Double]) -> Double {
  if a.keys.sorted() != b.keys.sorted() { return .infinity }
  return a.reduce(0) { worst, entry in
    let other = b[entry.key] ?? .nan
    let scale = max(abs(entry.value), abs(other))
    return max(worst, scale == 0 ? 0 : abs(entry.value - other) / scale)
  }
}

private func readRecord(_ id: String, in folder: ResultsFolder) -> (RunRecord, isChecked: Bool, complaint: String?)? {
  guard let data = FileManager.default.contents(atPath: folder.recordFile(id).path),
    let record = try? JSONDecoder().decode(RunRecord.self, from: data)
  else { return nil }
  let check = RecordChecksum.check(data)
  var complaint: String?
  if record.id != id {
    complaint = "the file is named for another cell than `\(record.id)`"
  } else if (try? record.configuration.identity()) != id {
    complaint = "its configuration is not what its id is the digest of"
  } else if check == false {
    complaint = "its content has been changed since it was written"
  } else if let bad = record.metrics.first(where: { !$0.value.isFinite })?.key {
    complaint = "the metric `\(bad)` is not finite"
  }
  return (record, check != nil, complaint)
}

private func maker(_ provenance: Provenance) -> String {
  let commit = provenance.commit.isEmpty ? "no commit" : "commit \(provenance.commit)"
  return "\(provenance.tool), \(commit), program \(provenance.program.map { String($0.prefix(12)) } ?? "not recorded")"
}

/// Which inputs of a record differ from those of a cell of today that is otherwise the same.
private func difference(_ configuration: CellConfiguration, _ experiment: Experiment?) -> String {
  func apart(_ configuration: CellConfiguration) -> CellConfiguration {
    var copy = configuration
    copy.inputs = [:]
    return copy
  }
  let own = apart(configuration)
  guard let twin = experiment?.cells.first(where: { apart($0.configuration) == own }) else {
    return "the specification has no such cell any more"
  }
  let inputs = configuration.inputs
  let names = Set(inputs.keys).union(twin.configuration.inputs.keys).sorted()
  let changed = names.filter { inputs[$0] != twin.configuration.inputs[$0] }
  return "made from another \(changed.map { "`\($0)`" }.joined(separator: " and "))"
}
