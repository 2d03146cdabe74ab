/// What people need to know of an objective before they use it.
public struct ObjectiveCard: Hashable, Sendable {
  /// The name in specifications and on the command line.
  public var id: String
  public var title: String
  /// The loss of one pair, as text.
  public var equation: String
  /// What a larger τ does.
  public var tauDirection: String
  /// Authors, year, venue, arXiv id, equation.
  public var source: String
  /// BibTeX key in `Paper/references.bib`.
  public var citationKey: String
  /// The labels a pair must carry.
  public var labels: Set<LabelNeed>
  /// What differs from other codebases.
  public var conventions: String
  /// The margin h at which the loss of one pair is stationary.
  public var stationaryPoint: String
  /// Loss of a pair at the reference policy (h = 0), for the step-0 self-check.
  public var stepZero: String

  public init(
    id: String, title: String, equation: String, tauDirection: String, source: String, citationKey: String,
    labels: Set<LabelNeed>, conventions: String, stationaryPoint: String, stepZero: String
  ) {
    self.id = id
    self.title = title
    self.equation = equation
    self.tauDirection = tauDirection
    self.source = source
    self.citationKey = citationKey
    self.labels = labels
    self.conventions = conventions
    self.stationaryPoint = stationaryPoint
    self.stepZero = stepZero
  }
}

/// A label that an objective may need.
public enum LabelNeed: String, Codable, CaseIterable, Sendable {
  /// Which response is preferred, in the order the arm names.
  case order
  /// Whether each response is safe.
  case safetyFlags
}
