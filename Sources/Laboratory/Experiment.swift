import Basics
import Foundation

/// A specification together with what its cells share and the plan of its cells.
public struct Experiment: Sendable {
  public let spec: ExperimentSpec
  /// The specification's text, kept beside the results.
  public let text: String
  public let setting: any Setting
  public let cells: [PlannedCell]

  /// Reads a specification, prepares its setting (a language model's data and reference), and plans its cells.
  ///
  /// - Throws: ``UserError``.
  public init(contentsOf url: URL, project: Project) throws {
    spec = try ExperimentSpec(contentsOf: url)
    text = String(decoding: try AtomicFile.read(url), as: UTF8.self)
    guard let world = spec.world else {
      throw UserError("not a tabular experiment", at: url.path, exitCode: .badData)
    }
    setting = TabularSetting(world)
    cells = try plan(spec)
  }

  /// Runs what is missing, then writes the tables. See ``runSweep``.
  public func run(
    into folder: ResultsFolder, project: Project, options: SweepOptions,
    isInterrupted: @escaping @Sendable () -> Bool, report: @escaping @Sendable (SweepEvent) -> Void
  ) throws -> SweepOutcome {
    try folder.savePlan(specification: text, cells: cells, reference: setting.referenceMetrics)
    return try runSweep(
      cells, setting: setting, into: folder,
      provenance: Provenance.current(root: project.root, workers: options.workers), options: options,
      isInterrupted: isInterrupted, report: report)
  }
}

/// Where the project's folders are: the wrapper exports `BFPO_HOME`; otherwise the current directory.
public struct Project: Sendable {
  public let root: URL

  public init(root: URL) { self.root = root }

  public init(environment: [String: String]) {
    let path = environment["BFPO_HOME"].flatMap { $0.isEmpty ? nil : $0 }
    root = URL(fileURLWithPath: path ?? FileManager.default.currentDirectoryPath)
  }

  public var results: URL { root.appendingPathComponent("Results") }
  public var experiments: URL { root.appendingPathComponent("Experiments") }
  public var cache: URL { root.appendingPathComponent(".cache") }

  /// A path as the user gave it, else below the project's root.
  public func locate(_ path: String) -> URL {
    let given = URL(fileURLWithPath: path)
    if FileManager.default.fileExists(atPath: given.path) || path.hasPrefix("/") { return given }
    let below = root.appendingPathComponent(path)
    return FileManager.default.fileExists(atPath: below.path) ? below : given
  }
}
