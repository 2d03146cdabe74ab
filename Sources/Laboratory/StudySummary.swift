import Basics
import Foundation

/// What a reader must know of a study to judge and repeat it, from its specification and its records' provenance.
///
/// Written as `study.json`. Unlike the other tables it holds what differs between two runs of the same cells: when, by what, how long.
public struct StudySummary: Codable, Sendable {
  public var schema = 1
  public var name: String
  public var question: String
  public var policy: String
  public var model: String?
  public var arms: Int
  /// Arms at each combination of their hyper-parameters.
  public var settings: Int
  public var seeds: [Int]
  public var cells: Counts
  public var training: JSONValue
  public var axes: [String: JSONValue]
  /// How many runs recorded each value.
  public var tools: [String: Int]
  public var commits: [String: Int]
  public var systems: [String: Int]
  public var blas: [String: Int]
  public var processors: [String: Int]
  /// Wall-clock seconds of all recorded runs together.
  public var seconds: Double
  /// One line for each failed cell.
  public var failures: [String]

  /// Different cells by state.
  public struct Counts: Codable, Hashable, Sendable {
    public var planned: Int
    public var done: Int
    public var failed: Int
    public var missing: Int

    public init(planned: Int, done: Int, failed: Int, missing: Int) {
      self.planned = planned
      self.done = done
      self.failed = failed
      self.missing = missing
    }

    /// `9 of 10 cells done, 1 failed, 0 missing`.
    public var text: String { "\(done) of \(planned) cells done, \(failed) failed, \(missing) missing" }
    public var isComplete: Bool { done == planned }
  }

  public init(_ spec: ExperimentSpec, cells: [PlannedCell], results: [String: CellResult], settings: Int) {
    let unique = uniqueCells(cells)
    let own = unique.compactMap { results[$0.id] }
    func count(_ value: (Provenance) -> String) -> [String: Int] {
      own.reduce(into: [:]) { $0[value($1.provenance), default: 0] += 1 }
    }
    name = spec.name
    question = spec.question
    policy = spec.policy.kind.rawValue
    model = spec.policy.model.isEmpty ? nil : spec.policy.model
    arms = spec.arms.count
    self.settings = settings
    seeds = spec.seeds
    self.cells = Counts(unique, results: results)
    training = (try? JSONValue(encoding: spec.training)) ?? .null
    axes = spec.axes.mapValues(JSONValue.array)
    tools = count(\.tool)
    commits = count(\.commit)
    systems = count(\.operatingSystem)
    blas = count(\.blas)
    processors = count { "\($0.processors)" }
    seconds = (own.reduce(0) { $0 + $1.provenance.seconds } * 1000).rounded() / 1000
    failures = unique.compactMap { cell in
      results[cell.id]?.failure.map { failure in
        "\(cell.id) \(cell.arm) \(cell.setting)seed \(cell.configuration.seed): \(failure.firstLine)"
      }
    }
  }
}

extension StudySummary.Counts {
  public init(_ unique: [PlannedCell], results: [String: CellResult]) {
    let done = unique.count { results[$0.id]?.status == .done }
    let failed = unique.count { results[$0.id]?.status == .failed }
    self.init(planned: unique.count, done: done, failed: failed, missing: unique.count - done - failed)
  }
}

extension RunRecord.Failure {
  /// The message's first line without its `error: `.
  public var firstLine: String {
    let line = message.split(separator: "\n", maxSplits: 1).first.map(String.init) ?? ""
    return line.hasPrefix("error: ") ? String(line.dropFirst(7)) : line
  }
}

extension PlannedCell {
  /// The swept hyper-parameters, each followed by a space.
  fileprivate var setting: String { axes.map { "\($0.name)=\($0.text) " }.joined() }
}
