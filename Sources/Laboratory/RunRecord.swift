import Basics
import Policies
import Training

/// What is kept of one cell: its configuration and numbers, and apart from them where and when they were made.
///
/// Everything but `provenance` is a function of the configuration: two runs of a cell agree byte for byte.
public struct RunRecord: Codable, Sendable {
  public static let schemaVersion = 1

  public enum Status: String, Codable, Sendable { case done, failed }

  public var schema = RunRecord.schemaVersion
  public var id: String
  public var status: Status
  public var configuration: CellConfiguration
  /// Name → value; see `Results/README.md` for units.
  public var metrics: [String: Double]
  public var curve: TrainingCurve?
  /// What training computed; absent in records made before it was counted.
  public var work: TrainingWork?
  /// One line that answers "is this normal?".
  public var diagnosis: String?
  /// Why the cell failed.
  public var failure: Failure?
  public var provenance: Provenance

  /// A failed cell's error.
  public struct Failure: Codable, Sendable {
    public var message: String
    public var exitCode: Int32
    /// The last lines that the cell's process wrote, for one that ended without a word of its own.
    public var log: [String]?
  }
}

/// What a finished cell computed.
public struct CellOutcome: Sendable {
  public var metrics: [String: Double]
  public var curve: TrainingCurve
  /// Of all stages together.
  public var work: TrainingWork
  /// What looking up hidden states of frozen layers saved; nil where none are looked up. It depends on what ran before.
  public var hiddenStates: HiddenStateCounts?

  public init(metrics: [String: Double], curve: TrainingCurve, work: TrainingWork) {
    self.metrics = metrics
    self.curve = curve
    self.work = work
  }
}
