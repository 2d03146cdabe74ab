import Basics
import Foundation

/// A specification with the plan of its cells, without what running them needs.
public struct ExperimentPlan: Sendable {
  public var spec: ExperimentSpec
  /// The specification as a person wrote it.
  public var text: String
  public var cells: [PlannedCell]
  /// The untrained reference's metrics.
  public var reference: [String: Double]
  /// What people should know before a run, one line each.
  public var remarks: [String]
  /// See ``Setting/cellsRunSideBySide``.
  public var cellsRunSideBySide: Bool

  /// Writes what tables, figures and other runners need besides the records.
  public func save(in folder: ResultsFolder) throws {
    try folder.savePlan(specification: text, cells: cells, reference: reference)
  }

  /// The plan of a specification, for looking at: that of the last run where the specification has not changed since, so that a
  /// language model and its data need not be read.
  ///
  /// - Throws: ``UserError``.
  public static func known(
    _ url: URL, project: Project, folder: (ExperimentSpec) -> ResultsFolder
  ) throws -> ExperimentPlan {
    let spec = try ExperimentSpec(contentsOf: url)
    let text = String(decoding: try AtomicFile.read(url), as: UTF8.self)
    let folder = folder(spec)
    if spec.world == nil, folder.savedSpecification == text, let saved = try? folder.loadPlan() {
      return ExperimentPlan(
        spec: spec, text: text, cells: saved.cells, reference: saved.reference, remarks: [], cellsRunSideBySide: false)
    }
    return try Experiment(spec, text: text, project: project, workers: 1).planned
  }
}
