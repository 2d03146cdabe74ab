import Basics
import Objectives
import Preferences
import Training

/// One arm of an experiment: an objective, the order that makes a response the chosen one, and what is swept.
///
/// An arm may train more than once. `stages` come first, in their order; the arm's own objective is the last stage, called
/// ``finalName``; `merge` puts the result together from the parameters of stages. An arm with a merge may do without an objective
/// of its own.
///
///     { name: "SACPO", stages: [{ name: "helpful", objective: "dpo", order: "helpfulness" }],
///       objective: "dpo", order: "safety", from: "helpful" }
public struct ArmSpec: Specification {
  public var name: String
  /// A name of the catalogue.
  public var objective: String?
  public var order: PreferenceOrder
  /// Hyper-parameters that differ from the objective's defaults.
  public var settings: [String: JSONValue]
  /// Hyper-parameter → values; takes the place of the experiment's `axes` for that hyper-parameter. `stage.name` means one stage's
  /// hyper-parameter; a bare name means every stage that has it and does not fix it in its settings.
  public var sweep: [String: [JSONValue]]
  /// Whether the helpfulness buffer is a second stream of this arm (BFPO's Algorithm 1).
  public var buffer: Bool
  /// See ``StageSpec``; of the arm's own objective.
  public var flipped: Bool
  public var from: String?
  public var scores: ScoreSource?
  /// A loss on a language model's hidden states beside the objective's, `{ kind: "spo", weight: 0.1, levels: 4 }`.
  public var auxiliary: AuxiliarySpec?
  public var stages: [JSONValue]
  /// Arms of a group share a panel of the figures, under this title; says nothing about what is trained.
  public var group: String
  public var merge: JSONValue?

  enum CodingKeys: String, CodingKey, CaseIterable {
    case name, objective, order, settings, sweep, buffer, flipped, from, scores, auxiliary, stages, group, merge
  }

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }
  public static var defaults: [String: JSONValue] {
    [
      "settings": .object([:]), "sweep": .object([:]), "buffer": .bool(false), "flipped": .bool(false),
      "stages": .array([]), "group": .string(""), "order": .string(PreferenceOrder.helpfulness.rawValue),
    ]
  }

  /// What the other stages call the stage of the arm's own objective.
  public static let finalName = "final"

  /// Whether the arm is more than one training run of its objective.
  public var trainsInStages: Bool { !stages.isEmpty || merge != nil }

  /// Every stage in the order of training; the last one is the arm's own where it has an objective.
  ///
  /// - Throws: ``UserError`` (65) for a wrong key, a repeated name, or a name that no earlier stage has.
  func allStages(at location: String) throws -> [StageSpec] {
    var all = try stages.enumerated().map { index, json in
      try StageSpec(strictly: json, at: "\(location), stages[\(index)]")
    }
    if let objective {
      all.append(
        StageSpec(
          name: Self.finalName, objective: objective, order: order, settings: settings, flipped: flipped, from: from,
          scores: scores, auxiliary: auxiliary))
    }
    guard !all.isEmpty else {
      throw UserError("the arm has no objective", at: location, advice: "add `objective: \"bfpo\"`", exitCode: .badData)
    }
    var known: [String] = []
    for stage in all {
      for name in [stage.from].compactMap(\.self) + (stage.scores?.names ?? []) {
        try checkStage(name, among: known, at: "\(location), stage `\(stage.name)`")
      }
      if known.contains(stage.name) {
        throw UserError(
          "two stages are named `\(stage.name)`", at: location,
          because: stage.name == Self.finalName ? "the stage of the arm's own objective has that name" : nil,
          advice: "rename one of them", exitCode: .badData)
      }
      try stage.checkName(at: location)
      try stage.checkScores(at: "\(location), stage `\(stage.name)`")
      known.append(stage.name)
    }
    if objective == nil, auxiliary != nil {
      throw UserError(
        "`auxiliary` stands beside no objective", at: location, because: "the arm trains in its stages alone",
        advice: "move it into a stage", exitCode: .badData)
    }
    if objective == nil, merge == nil {
      throw UserError(
        "the arm ends with no policy", at: location, because: "it has stages, but neither an objective nor a merge",
        advice: "add `objective` for the last stage, or `merge`", exitCode: .badData)
    }
    return all
  }

  /// Whether a stage has an auxiliary loss.
  func hasAuxiliary(at location: String) throws -> Bool {
    try allStages(at: "\(location), arm `\(name)`").contains { $0.auxiliary != nil }
  }

  /// Whether a stage reads a reward or a cost that no earlier stage implies.
  func readsScores(at location: String) throws -> Bool {
    try allStages(at: "\(location), arm `\(name)`").contains { stage in
      let labels = try catalogueEntry(stage.objective, at: location).card.labels
      return labels.contains(.rewards) && stage.scores?.reward == nil
        || labels.contains(.costs) && stage.scores?.cost == nil
    }
  }

  /// The merge, whose stages all exist.
  func checkedMerge(_ stages: [StageSpec], at location: String) throws -> MergeSpec? {
    guard let merge else { return nil }
    let spec = try MergeSpec(strictly: merge, at: "\(location), merge")
    for (name, _) in spec.weights { try checkStage(name, among: stages.map(\.name), at: "\(location), merge") }
    return spec
  }
}

private func checkStage(_ name: String, among known: [String], at location: String) throws {
  if known.contains(name) { return }
  throw UserError(
    "no earlier stage is named `\(name)`", at: location,
    advice: known.isEmpty ? "leave it out: no stage comes before this one" : suggestion(for: name, among: known),
    exitCode: .badData)
}
