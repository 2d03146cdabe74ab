/// What people need to know of an objective before they use it.
public struct ObjectiveCard: Hashable, Sendable {
  /// The name in specifications and on the command line.
  public var id: String
  /// Other names that people use for it.
  public var aliases: [String]
  /// Other names that codebases give to its hyper-parameters, in lowercase, with the names they have here.
  public var parameterAliases: [String: String]
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
  /// What it converges to on a population where y_w is preferred with probability p, or why that does not exist.
  public var populationOptimum: String
  /// Loss of a pair at the reference policy (h = 0), for the step-0 self-check.
  public var stepZero: String

  public init(
    id: String, aliases: [String] = [], parameterAliases: [String: String] = ["beta": "tau"], title: String,
    equation: String, tauDirection: String, source: String,
    citationKey: String, labels: Set<LabelNeed>, conventions: String, stationaryPoint: String,
    populationOptimum: String, stepZero: String
  ) {
    self.id = id
    self.aliases = aliases
    self.parameterAliases = parameterAliases
    self.title = title
    self.equation = equation
    self.tauDirection = tauDirection
    self.source = source
    self.citationKey = citationKey
    self.labels = labels
    self.conventions = conventions
    self.stationaryPoint = stationaryPoint
    self.populationOptimum = populationOptimum
    self.stepZero = stepZero
  }
}

/// A label that an objective may need.
public enum LabelNeed: String, Codable, CaseIterable, Sendable {
  /// Which response is preferred, in the order the arm names.
  case order
  /// Whether each response is safe.
  case safetyFlags
  /// A reward of each response.
  case rewards
  /// A cost of each response, above 0 when it is unsafe.
  case costs
}
