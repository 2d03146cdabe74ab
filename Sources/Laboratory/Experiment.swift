import Basics
import Foundation
import Policies

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
  public init(contentsOf url: URL, project: Project, workers: Int) throws {
    let text = String(decoding: try AtomicFile.read(url), as: UTF8.self)
    try self.init(try ExperimentSpec(contentsOf: url), text: text, project: project, workers: workers)
  }

  /// - Parameter text: the specification as a person wrote it.
  public init(_ spec: ExperimentSpec, text: String, project: Project, workers: Int) throws {
    self.spec = spec
    self.text = text
    if let world = spec.world {
      setting = TabularSetting(world)
      cells = try plan(spec)
    } else {
      _ = try plan(spec)
      let language = try LanguageSetting(spec, project: project, workers: workers)
      setting = language
      cells = try plan(spec, inputs: language.inputs)
    }
  }

  /// What remains when a language model and its data are let go.
  public var planned: ExperimentPlan {
    ExperimentPlan(
      spec: spec, text: text, cells: cells, reference: setting.referenceMetrics, remarks: setting.remarks,
      cellsRunSideBySide: setting.cellsRunSideBySide)
  }

  /// Runs what is missing, then writes the tables. See ``runSweep``.
  ///
  /// - Parameter selection: the cells to run; nil means all.
  public func run(
    _ selection: [PlannedCell]? = nil, into folder: ResultsFolder, project: Project, options: SweepOptions,
    isInterrupted: @escaping @Sendable () -> Bool, report: @escaping @Sendable (SweepEvent) -> Void
  ) throws -> SweepOutcome {
    try planned.save(in: folder)
    return try runSweep(
      selection ?? cells, setting: setting, into: folder,
      provenance: Provenance.current(root: project.root, workers: options.workers), options: options,
      isInterrupted: isInterrupted, report: report)
  }

  /// Runs the first cell and saves its policy and its record, `record.json`, in one folder.
  ///
  /// - Throws: ``UserError``, a failed run among them.
  public func runOnce(
    savingTo folder: URL, project: Project, workers: Int, isInterrupted: () -> Bool, afterStep: (Int) -> Void
  ) throws -> RunRecord {
    let cell = cells[0]
    let clock = ContinuousClock()
    let begin = clock.now
    try ResultsFolder(folder).checkWritable()
    let outcome = try setting.run(cell.configuration, savingPolicyTo: folder) { step in
      afterStep(step)
      if isInterrupted() {
        throw UserError(
          "interrupted at step \(step)", because: "nothing was saved", advice: "run the command again",
          exitCode: .interrupted)
      }
    }
    var record = RunRecord(
      id: cell.id, status: .done, configuration: cell.configuration, metrics: outcome.metrics, curve: outcome.curve,
      work: outcome.work, diagnosis: outcome.curve.diagnosis,
      provenance: Provenance.current(root: project.root, workers: workers).finished(after: seconds(clock.now - begin)))
    record.provenance.hiddenStates = outcome.hiddenStates
    try AtomicFile.write(
      try canonicalJSON(record, pretty: true) + "\n", to: folder.appendingPathComponent("record.json"))
    return record
  }
}

/// Where the project's folders are: the wrapper exports `BFPO_HOME`; otherwise the current directory.
public struct Project: Sendable {
  public let root: URL
  /// See ``hiddenStateByteLimit()``; MiB.
  private let hiddenStates: String?

  /// - Parameter hiddenStates: MiB for hidden states of frozen layers; nil for the standard.
  public init(root: URL, hiddenStates: String? = nil) { (self.root, self.hiddenStates) = (root, hiddenStates) }

  public init(environment: [String: String]) {
    let path = environment["BFPO_HOME"].flatMap { $0.isEmpty ? nil : $0 }
    root = URL(fileURLWithPath: path ?? FileManager.default.currentDirectoryPath)
    hiddenStates = environment[Self.hiddenStatesVariable].flatMap { $0.isEmpty ? nil : $0 }
  }

  private static let hiddenStatesVariable = "BFPO_HIDDEN_STATES"

  /// Memory for hidden states of layers that nothing trains, bytes: `BFPO_HIDDEN_STATES` in MiB, else the standard. It decides how
  /// much is computed again, and no result.
  ///
  /// - Throws: ``UserError`` (64) when the variable holds no whole number of MiB.
  func hiddenStateByteLimit() throws -> Int {
    guard let hiddenStates else { return HiddenStateCache<Float>.defaultByteLimit }
    guard let limit = Int(hiddenStates), (0...1 << 24).contains(limit) else {
      throw UserError(
        "`\(hiddenStates)` is no memory size", at: "environment variable \(Self.hiddenStatesVariable)",
        because: "it is a whole number of MiB, and 0 keeps nothing", exitCode: .usage)
    }
    return limit << 20
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
