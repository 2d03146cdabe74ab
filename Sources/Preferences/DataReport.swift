/// What was read, what was left out and why, and what the rest says: the part of a run's record that describes its data.
public struct DataReport: Codable, Hashable, Sendable {
  public struct File: Codable, Hashable, Sendable {
    /// The name the file was asked for by, not a path of this machine.
    public var name: String
    /// Digest of the file's bytes as they lie on the disk.
    public var sha256: String
    public var bytes: Int
    public var format: DataFormat
    public var order: CarriedOrder?
    public var rows: Int
  }

  public struct Part: Codable, Hashable, Sendable {
    public var name: String
    /// The share that was asked for, of prompts.
    public var fraction: Double
    public var comparisons: Int
    public var prompts: Int
    /// The share of comparisons it got.
    public var share: Double

    public init(name: String, fraction: Double, comparisons: Int, prompts: Int, share: Double) {
      self.name = name
      self.fraction = fraction
      self.comparisons = comparisons
      self.prompts = prompts
      self.share = share
    }
  }

  public var files: [File] = []
  public var rowsRead = 0
  public var kept = 0
  /// Left out by the split's fractions; not a defect of the data.
  public var inNoPart = 0
  public var dropped = DropCounts()
  public var flagRule = FlagRule.none
  /// Comparisons with a flag that the rule supplied.
  public var flagsSupplied = 0
  /// The labels of every row that is a pair, before anything was dropped or supplied.
  public var labelsRead = LabelStatistics([Comparison<Int>]())
  /// The labels of what was kept.
  public var labelsKept = LabelStatistics([Comparison<Int>]())
  public var split: SplitSpec?
  public var parts: [Part] = []
}
