import Basics
import Foundation

/// Where the cells of a sweep stand.
public struct SweepStatus: Encodable, Sendable {
  public struct Arm: Encodable, Sendable {
    public var name: String
    public var counts: [CellState: Int]
  }

  public struct Failure: Encodable, Sendable {
    public var id: String
    public var arm: String
    public var message: String
    public var exitCode: Int32
  }

  public struct Running: Encodable, Sendable {
    public var id: String
    public var arm: String
    public var host: String
    public var process: Int32
    /// Seconds since its heartbeat.
    public var age: Double
  }

  /// In the order of the plan; a cell that two arms share counts in both.
  public var arms: [Arm]
  /// Each cell once.
  public var counts: [CellState: Int]
  public var failures: [Failure]
  public var running: [Running]
  /// Seconds until what is left is done at the present pace; nil when nothing is left or nothing is known.
  public var remaining: SweepEstimate.Range?
  public var unreadable: [String]

  /// Whether nothing can change unless somebody starts a run.
  public var isOver: Bool { (counts[.running] ?? 0) + (counts[.planned] ?? 0) + (counts[.stale] ?? 0) == 0 }

  public init(_ cells: [PlannedCell], in folder: ResultsFolder) {
    let states = folder.states(cells)
    var arms: [Arm] = []
    for cell in cells {
      if arms.last?.name != cell.arm { arms.append(Arm(name: cell.arm, counts: [:])) }
      arms[arms.count - 1].counts[states[cell.id] ?? .planned, default: 0] += 1
    }
    self.arms = arms
    let unique = uniqueCells(cells)
    counts = unique.reduce(into: [:]) { $0[states[$1.id] ?? .planned, default: 0] += 1 }
    failures = unique.filter { states[$0.id] == .failed }.compactMap { cell in
      folder.record(cell.id)?.failure.map {
        Failure(id: cell.id, arm: cell.arm, message: $0.message, exitCode: $0.exitCode)
      }
    }
    running = unique.filter { states[$0.id] == .running }.compactMap { cell in
      folder.running(cell.id).map {
        Running(id: cell.id, arm: cell.arm, host: $0.runner.host, process: $0.runner.process, age: $0.age)
      }
    }
    let left = unique.filter { states[$0.id] != .done && states[$0.id] != .failed }
    remaining =
      left.isEmpty ? nil : SweepEstimate.remaining(left, of: cells, in: folder, sideBySide: running.count)
    unreadable = left.map { folder.recordFile($0.id).path }.filter { FileManager.default.fileExists(atPath: $0) }
  }

  enum CodingKeys: String, CodingKey { case arms, counts, failures, running, remaining, unreadable }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    func named(_ counts: [CellState: Int]) -> [String: Int] {
      CellState.allCases.reduce(into: [:]) { $0[$1.rawValue] = counts[$1] ?? 0 }
    }
    var list = container.nestedUnkeyedContainer(forKey: .arms)
    for arm in arms {
      try list.encode(
        named(arm.counts).mapValues { JSONValue.number(Double($0)) }.merging(["name": .string(arm.name)]) { $1 })
    }
    try container.encode(named(counts), forKey: .counts)
    try container.encode(failures, forKey: .failures)
    try container.encode(running, forKey: .running)
    try container.encodeIfPresent(remaining, forKey: .remaining)
    try container.encode(unreadable, forKey: .unreadable)
  }
}
