import Basics
import Foundation

/// Where a cell of a sweep stands.
public enum CellState: String, Codable, Sendable, CaseIterable, NamedChoice {
  /// No record, and nobody is at it.
  case planned
  /// A live process is at it.
  case running
  case done, failed
  /// A process was at it that is gone, or whose heartbeat stopped.
  case stale
}

/// What the last bytes of a record tell without reading it.
struct RecordState: Equatable, Sendable {
  var status: RunRecord.Status
  var stamp: FileStamp
}

extension ResultsFolder {
  var claimsFolder: URL { url.appendingPathComponent("claims") }
  var runnersFolder: URL { url.appendingPathComponent("runners") }
  func claimFile(_ id: String) -> URL { claimsFolder.appendingPathComponent(id) }
  func runnerFile(_ token: String) -> URL { runnersFolder.appendingPathComponent("\(token).json") }

  /// Who claims a cell; nil when nobody does.
  func claimant(_ id: String) -> String? {
    guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: claimFile(id).path) else {
      return nil
    }
    return String((target.split(separator: "/").last ?? "").dropLast(5))
  }

  func runner(_ token: String) -> Runner? {
    guard let data = FileManager.default.contents(atPath: runnerFile(token).path) else { return nil }
    return try? JSONDecoder().decode(Runner.self, from: data)
  }

  /// Every claim: cell → token.
  func claims() -> [String: String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: claimsFolder.path)) ?? []
    return names.filter { !$0.hasPrefix(".") }.reduce(into: [:]) { claims, id in claims[id] = claimant(id) }
  }

  /// The status of a cell's record, from its last lines (records are written with sorted keys, `status` last); nil when there is
  /// none that can be read.
  func state(_ id: String) -> RecordState? {
    let file = unsafe open(recordFile(id).path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    guard let stamp = FileStamp(descriptor: file) else { return nil }
    let length = lseek(file, 0, SEEK_END)
    var tail = [UInt8](repeating: 0, count: 64)
    let start = max(0, length - 64)
    let count = unsafe tail.withUnsafeMutableBytes { unsafe pread(file, $0.baseAddress, 64, start) }
    let text = String(decoding: tail.prefix(max(0, count)), as: UTF8.self)
    for status in [RunRecord.Status.done, .failed]
    where text.hasSuffix("\"schema\" : \(RunRecord.schemaVersion),\n  \"status\" : \"\(status.rawValue)\"\n}\n") {
      return RecordState(status: status, stamp: stamp)
    }
    return record(id).map { RecordState(status: $0.status, stamp: stamp) }
  }

  /// The state of every cell, by id. A process of another machine counts as gone when its heartbeat is older than
  /// ``CellClaims/staleAfter`` by the file system's clock.
  public func states(_ cells: [PlannedCell]) -> [String: CellState] {
    let claims = claims()
    let now = claims.isEmpty ? nil : fileSystemClock()
    var alive: [String: Bool] = [:]
    for token in Set(claims.values) { alive[token] = isAlive(token, now: now) }
    var states: [String: CellState] = [:]
    for cell in cells where states[cell.id] == nil {
      switch (state(cell.id)?.status, claims[cell.id].map { alive[$0] ?? false }) {
      case (.done?, _): states[cell.id] = .done
      case (_, true?): states[cell.id] = .running
      case (_, false?): states[cell.id] = .stale
      case (.failed?, nil): states[cell.id] = .failed
      case (nil, nil): states[cell.id] = .planned
      }
    }
    return states
  }

  /// Who runs a cell, and how long ago, in seconds, its heartbeat was seen; never negative.
  public func running(_ id: String) -> (runner: Runner, age: Double)? {
    guard let token = claimant(id), let runner = runner(token) else { return nil }
    return (runner, heartbeatAge(token, now: fileSystemClock()) ?? 0)
  }

  private func isAlive(_ token: String, now: Double?) -> Bool {
    switch runner(token)?.liveness ?? .unknown {
    case .alive: true
    case .dead: false
    case .unknown: heartbeatAge(token, now: now).map { $0 < seconds(CellClaims.staleAfter) } ?? false
    }
  }

  private func heartbeatAge(_ token: String, now: Double?) -> Double? {
    guard let stamp = FileStamp(runnerFile(token)) else { return nil }
    return max(0, (now ?? Date().timeIntervalSince1970) - Double(stamp.seconds))
  }

  /// The time that a file made now gets, which on a network file system is the server's; nil when none can be made.
  private func fileSystemClock() -> Double? {
    let probe = runnersFolder.appendingPathComponent(".clock.\(ProcessInfo.processInfo.processIdentifier)")
    guard FileManager.default.createFile(atPath: probe.path, contents: nil) else { return nil }
    defer { try? FileManager.default.removeItem(at: probe) }
    return FileStamp(probe).map { Double($0.seconds) }
  }
}
