import Basics
import Preferences

/// Where a language-model experiment's comparisons come from, and what judges its policies.
///
///     data: {
///       train:  { files: ["hh_dual_labelled.jsonl"], flags: "hh-subset", split: { seed: 1, fractions: { train: .6, test: .4 } } },
///       buffer: { files: ["ultrafeedback.jsonl"], order: "helpfulness", flags: "both-safe" },
///       evaluation: {
///         helpfulness: { files: ["hh_dual_labelled.jsonl"], sources: ["helpful"], split: { … as above … } },
///         safety:      { files: ["hh_dual_labelled.jsonl"], sources: ["harmless"], split: { … as above … } },
///       },
///       scorers: { reward: "reward", cost: "cost" },                                what arms are trained with
///       judges:  { reward: "reward-judge", cost: "cost-judge", prompts: ["safety_problem.json"] },
///       rollouts: { maxNewTokens: 48 },
///     }
///
/// Training data is the part `train` of a split, evaluation data the part `test`; without a split, all of it. A conversation that
/// is trained on is dropped from the evaluation, and counted.
public struct ExperimentData: Sendable {
  public var train: DataSpec
  /// The helpfulness buffer of BFPO's Algorithm 1: a second stream for the arms that ask for it.
  public var buffer: DataSpec?
  /// What judges the trained policies; a single training run can do without.
  public var evaluation: Evaluation?
  /// Rewards and costs of responses, for the objectives that need them.
  public var scorers: ScorersSpec?
  /// Models that judge the trained policies' replies.
  public var judges: JudgesSpec?
  public var rollouts = RolloutSpec()

  /// Held-out, human-labelled comparisons.
  public struct Evaluation: Sendable {
    /// Judged by the helpfulness order.
    public var helpfulness: DataSpec
    /// Judged by the harmlessness order.
    public var safety: DataSpec
    /// Prompts for the KL estimate: this many replies are sampled from the trained policy at temperature 1.
    public var samples: Int
    /// Longest sampled reply, tokens.
    public var sampleTokens: Int
  }

  static let keys = ["train", "buffer", "evaluation", "scorers", "judges", "rollouts"]

  init(_ json: JSONValue, at location: String) throws {
    let members = try checkedMembers(json, keys: Self.keys, at: location)
    train = try dataSpec(members["train"], at: "\(location), train")
    buffer = try members["buffer"].map { try dataSpec($0, at: "\(location), buffer") }
    evaluation = try members["evaluation"].map { try Evaluation($0, at: "\(location), evaluation") }
    scorers = try members["scorers"].map { try ScorersSpec(strictly: $0, at: "\(location), scorers") }
    judges = try members["judges"].map { try JudgesSpec(strictly: $0, at: "\(location), judges") }
    if let rollouts = members["rollouts"] {
      self.rollouts = try RolloutSpec(strictly: rollouts, at: "\(location), rollouts")
    }
    if let judges, judges.prompts.isEmpty, evaluation == nil {
      throw UserError(
        "judges have nothing to judge", at: "\(location), judges",
        because: "there are neither `prompts` nor `evaluation` data", advice: "name files of prompts",
        exitCode: .badData)
    }
    if let judges, let scorers, judges.reward == scorers.reward || judges.cost == scorers.cost {
      throw UserError(
        "a model that arms are trained with cannot judge them", at: "\(location), judges",
        because: "`scorers` and `judges` name the same folder",
        advice: "train a second model on other prompts: `./bfpo train reward --complement …`", exitCode: .badData)
    }
  }
}

extension ExperimentData.Evaluation {
  static let keys = ["helpfulness", "safety", "samples", "sampleTokens"]

  init(_ json: JSONValue, at location: String) throws {
    let members = try checkedMembers(json, keys: Self.keys, at: location)
    self.init(
      helpfulness: try dataSpec(members["helpfulness"], at: "\(location), helpfulness"),
      safety: try dataSpec(members["safety"], at: "\(location), safety"),
      samples: try whole(members["samples"], default: 0, at: "\(location), samples"),
      sampleTokens: try whole(members["sampleTokens"], default: 32, at: "\(location), sampleTokens"))
  }
}

/// An object whose keys are all known.
func checkedMembers(_ json: JSONValue, keys: [String], at location: String) throws -> [String: JSONValue] {
  guard let members = json.object else {
    throw UserError("expected an object `{…}`", at: location, exitCode: .badData)
  }
  for key in members.keys.sorted() where !keys.contains(key) {
    throw UserError("unknown key `\(key)`", at: location, advice: suggestion(for: key, among: keys), exitCode: .badData)
  }
  return members
}

private func dataSpec(_ json: JSONValue?, at location: String) throws -> DataSpec {
  guard let json else { throw UserError("this data set is missing", at: location, exitCode: .badData) }
  do {
    return try json.decode(DataSpec.self)
  } catch var error as UserError {
    error.location = error.location.map { "\(location), \($0)" } ?? location
    throw error
  } catch {
    throw UserError("the data set cannot be read", at: location, because: decodingReason(error), exitCode: .badData)
  }
}

private func whole(_ json: JSONValue?, default value: Int, at location: String) throws -> Int {
  guard let json else { return value }
  guard let number = json.number.flatMap({ Int(exactly: $0) }), number >= 0 else {
    throw UserError("expected a whole number of at least 0", at: location, exitCode: .badData)
  }
  return number
}
