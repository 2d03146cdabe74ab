import Basics
import Foundation

/// What every cell of an experiment shares, prepared once, and how a cell is run in it.
public protocol Setting: Sendable {
  /// Whether cells are small enough to run side by side, one thread each; otherwise a cell uses every worker itself.
  var cellsRunSideBySide: Bool { get }

  /// Trains and evaluates one cell.
  ///
  /// - Parameters:
  ///   - folder: where the trained policy is saved; nil keeps nothing.
  ///   - checkpoints: the cell's own scratch folder, kept until the cell is done: a run that finds a checkpoint there goes on from
  ///     it and ends with the same bytes. It need not exist. Nil: nothing is kept of a run that stops.
  ///   - afterStep: called with the number of steps done; throwing stops the cell, after a checkpoint where it keeps them.
  func run(
    _ cell: CellConfiguration, savingPolicyTo folder: URL?, checkpoints: URL?, afterStep: (Int) throws -> Void
  ) throws -> CellOutcome

  /// The untrained reference's metrics, where they are known without a run.
  var referenceMetrics: [String: Double] { get }

  /// What people should know before a run, one line each: rows read, dropped and kept.
  var remarks: [String] { get }
}

extension Setting {
  /// Trains and evaluates one cell without checkpoints.
  public func run(
    _ cell: CellConfiguration, savingPolicyTo folder: URL?, afterStep: (Int) throws -> Void
  ) throws -> CellOutcome {
    try run(cell, savingPolicyTo: folder, checkpoints: nil, afterStep: afterStep)
  }
}
