import Basics
import Objectives
import Preferences
import Training

/// One training run of an arm that trains more than once, such as the first half of SACPO.
///
///     { name: "helpful", objective: "dpo", order: "helpfulness", settings: { tau: 0.5 } }
public struct StageSpec: Specification {
  /// How later stages and the merge call it.
  public var name: String
  /// A name of the catalogue.
  public var objective: String
  public var order: PreferenceOrder
  /// Hyper-parameters that differ from the objective's defaults.
  public var settings: [String: JSONValue]
  /// Whether the rejected response takes the chosen one's place, as for the θ⁻ of a preference vector.
  public var flipped: Bool
  /// The earlier stage that it starts from and that is its reference; the arm's reference policy when absent.
  public var from: String?
  /// Earlier stages whose implicit rewards take the place of the reward and cost of the world.
  public var scores: ScoreSource?
  /// A loss on the policy's hidden states beside the objective's; language models only.
  public var auxiliary: AuxiliarySpec?

  enum CodingKeys: String, CodingKey, CaseIterable {
    case name, objective, order, settings, flipped, from, scores, auxiliary
  }

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }
  public static var defaults: [String: JSONValue] { ["settings": .object([:]), "flipped": .bool(false)] }
}

extension StageSpec {
  /// - Throws: ``UserError`` (65) for a name that `stage.hyper-parameter` of a sweep could not hold.
  func checkName(at location: String) throws {
    guard name.isEmpty || name.contains(".") else { return }
    throw UserError(
      name.isEmpty ? "a stage has an empty name" : "the stage name `\(name)` has a dot", at: location,
      because: "a sweep names a stage's hyper-parameter `stage.name`", advice: "give it a name without dots",
      exitCode: .badData)
  }

  /// - Throws: ``UserError`` (65) when `scores` is missing where the objective cannot do without, or given where nothing reads it.
  func checkScores(at location: String) throws {
    let entry = try catalogueEntry(objective, at: location)
    let source = scores ?? ScoreSource()
    let needsBoth = (entry.method as? any Objective)?.needsImpliedScores == true
    if needsBoth, source.reward == nil || source.cost == nil {
      throw UserError(
        "\(entry.card.id) needs the scores of two earlier stages", at: location,
        because: "its rewards and costs are implied by policies trained on each order",
        advice:
          "add `stages`, and name them: `scores: { reward: \"helpful\", cost: \"safe\" }`; `mocan` takes the world's own",
        exitCode: .badData)
    }
    for (part, stage, need) in [("reward", source.reward, LabelNeed.rewards), ("cost", source.cost, .costs)] {
      guard let stage, !entry.card.labels.contains(need) else { continue }
      throw UserError(
        "\(entry.card.id) reads no \(part)s", at: location,
        because: "`scores` takes its \(part)s from stage `\(stage)`",
        advice: "leave `\(part)` out of `scores`, or choose an objective with \(part)s", exitCode: .badData)
    }
  }
}

/// Where the rewards and costs of responses come from: the implicit reward of a policy that an earlier stage trained.
///
///     r(y) = τ_r (log π_r(y|x) − log π_ref(y|x))        c(y) = −τ_c (log π_c(y|x) − log π_ref(y|x))
///
/// τ_k is the τ of the stage, so that a stage of DPO gives back the Bradley–Terry reward of its order: `cost` names a stage that
/// was trained towards the *safer* response. A part that is absent comes from the world. A policy fixes its implicit reward only
/// up to a constant of each prompt: a budget for an implied cost counts from the reference's expected cost.
/// Source: Rafailov et al. 2023, arXiv 2305.18290, section 4. The code of arXiv 2405.19544 leaves τ out, which scales r and c.
public struct ScoreSource: Codable, Hashable, Sendable {
  public var reward: String?
  public var cost: String?

  public init(reward: String? = nil, cost: String? = nil) {
    self.reward = reward
    self.cost = cost
  }

  enum CodingKeys: String, CodingKey, CaseIterable { case reward, cost }

  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(CodingKeys.self)
    let container = try decoder.container(keyedBy: CodingKeys.self)
    reward = try container.decodeIfPresent(String.self, forKey: .reward)
    cost = try container.decodeIfPresent(String.self, forKey: .cost)
  }

  var names: [String] { [reward, cost].compactMap(\.self) }
}

/// A stage with every default filled in: part of a cell's identity.
public struct StageConfiguration: Codable, Hashable, Sendable {
  public var name: String
  public var objective: String
  /// Every hyper-parameter of the objective under its canonical name.
  public var parameters: JSONValue
  public var order: PreferenceOrder
  public var flipped: Bool?
  public var from: String?
  public var scores: ScoreSource?
  public var auxiliary: AuxiliarySpec?

  init(_ spec: StageSpec, objective: any TrainingMethod) throws {
    name = spec.name
    self.objective = type(of: objective).card.id
    parameters = try objective.recordedParameters()
    order = spec.order
    flipped = spec.flipped ? true : nil
    from = spec.from
    scores = spec.scores
    auxiliary = spec.auxiliary
  }

  init(
    name: String, objective: String, parameters: JSONValue, order: PreferenceOrder, flipped: Bool?, from: String?,
    scores: ScoreSource?, auxiliary: AuxiliarySpec?
  ) {
    self.name = name
    self.objective = objective
    self.parameters = parameters
    self.order = order
    self.flipped = flipped
    self.from = from
    self.scores = scores
    self.auxiliary = auxiliary
  }

  /// The method the stage trains with.
  public func makeMethod() throws -> any TrainingMethod {
    try catalogueEntry(objective).makeMethod(parameters.object ?? [:], at: "stage `\(name)`")
  }

  /// τ of the objective, 1 for an objective without: the scale of its implicit reward.
  var tau: Double { parameters["tau"]?.number ?? 1 }

  /// The labels that training needs of a pair.
  func needs() throws -> Set<LabelNeed> { try catalogueEntry(objective).card.labels }

  /// The comparisons as the stage sees them, `first` chosen: in its order, flipped where it says so, without pairs that lack a
  /// label or that the objective does not learn from. A stage without an order takes each pair once, as it stands.
  func oriented<Item>(_ comparisons: [Comparison<Item>], objective: any Objective) throws -> [Comparison<Item>] {
    let needs = try needs()
    let pairs = needs.contains(.order) ? order.oriented(comparisons).pairs : comparisons
    return pairs.lazy.map { flipped == true ? $0.swapped : $0 }.filter { pair in
      if needs.contains(.safetyFlags), pair.firstSafe == nil || pair.secondSafe == nil { return false }
      return objective.admits(PairLabel(chosenSafe: pair.firstSafe, rejectedSafe: pair.secondSafe))
    }
  }
}
