import Basics
import Foundation
import Objectives
import Preferences
import Training

/// An experiment: a question, where comparisons come from, a policy, how it is trained, arms × sweeps, and seeds.
public struct ExperimentSpec: Sendable {
  public var name: String
  public var question: String
  /// The synthetic world of a tabular experiment.
  public var world: SyntheticWorldSpec?
  /// The data of a language-model experiment.
  public var data: ExperimentData?
  public var policy: PolicySpec
  public var training: TrainingConfiguration
  /// Hyper-parameter → values, for every arm whose objective has it.
  public var axes: [String: [JSONValue]]
  public var arms: [ArmSpec]
  public var seeds: [Int]
  /// The arm that tables of differences hold the others against; decides no cell.
  public var baseline: String?

  static let keys = ["name", "question", "world", "data", "policy", "training", "axes", "arms", "seeds", "baseline"]

  /// Reads a JSON5 file.
  ///
  /// - Throws: ``UserError``: 66 when it is missing, 65 when a key is unknown or a value wrong.
  public init(contentsOf url: URL) throws {
    let json = try JSONValue(
      parsing: try AtomicFile.read(url, advice: "`./bfpo sweep --help` shows how to name a specification"), json5: true,
      source: url.path)
    do {
      try self.init(json, at: url.path)
    } catch var error as UserError where error.exitCode == .usage {
      // An objective's complaint is about the command line, unless a file gave the setting.
      error.exitCode = .badData
      throw error
    }
  }

  public init(_ json: JSONValue, at location: String) throws {
    guard let members = json.object else {
      throw UserError("an experiment is an object `{…}`", at: location, exitCode: .badData)
    }
    for key in members.keys.sorted() where !Self.keys.contains(key) {
      throw UserError(
        "unknown key `\(key)`", at: location, advice: suggestion(for: key, among: Self.keys), exitCode: .badData)
    }
    func part<T: Specification>(_ key: String) throws -> T? {
      try members[key].map { try T(strictly: $0, at: "\(location), \(key)") }
    }
    guard let name = members["name"]?.string, isFolderName(name) else {
      throw UserError(
        "`name` must be a plain folder name", at: location, because: "results go to Results/<name>/",
        advice: "use letters, digits, `-`, `_` and `.`", exitCode: .badData)
    }
    self.name = name
    question = members["question"]?.string ?? ""
    world = try part("world")
    data = try members["data"].map { try ExperimentData($0, at: "\(location), data") }
    training = try part("training") ?? TrainingConfiguration()
    policy = try part("policy") ?? PolicySpec()
    axes = try readAxes(members["axes"], at: "\(location), axes")
    seeds = try readSeeds(members["seeds"], at: "\(location), seeds")
    arms = try (members["arms"]?.array ?? []).enumerated().map { index, arm in
      try ArmSpec(strictly: arm, at: "\(location), arms[\(index)]")
    }
    baseline = members["baseline"]?.string
    try check(at: location)
    if let given = members["baseline"], !arms.contains(where: { $0.name == given.string }) {
      throw UserError(
        "`baseline` names no arm", at: location,
        advice: suggestion(for: given.string ?? "", among: arms.map(\.name)), exitCode: .badData)
    }
  }

  private func check(at location: String) throws {
    if arms.isEmpty { throw UserError("an experiment needs at least one arm", at: location, exitCode: .badData) }
    if let repeated = Dictionary(grouping: arms, by: \.name).first(where: { $0.value.count > 1 })?.key {
      throw UserError("two arms are named `\(repeated)`", at: location, exitCode: .badData)
    }
    switch policy.kind {
    case .tabular where world == nil || data != nil:
      throw UserError("a tabular policy needs `world`, and no `data`", at: location, exitCode: .badData)
    case .llama where data == nil || world != nil:
      throw UserError("a llama policy needs `data`, and no `world`", at: location, exitCode: .badData)
    default: break
    }
    if let arm = arms.first(where: \.buffer), data?.buffer == nil {
      throw UserError(
        "arm `\(arm.name)` uses a buffer that the experiment does not have", at: location,
        advice: "add `data: { buffer: {…} }`", exitCode: .badData)
    }
    if policy.kind == .tabular, let arm = try arms.first(where: { try $0.hasAuxiliary(at: location) }) {
      throw UserError(
        "arm `\(arm.name)` has an auxiliary loss, and a tabular policy cannot have one", at: location,
        because: "it reads a language model's hidden states, and a table has neither those nor text to delete from",
        advice: "remove `auxiliary`, or use `policy: { kind: \"llama\" }` with `data`", exitCode: .badData)
    }
    if let data, data.scorers == nil, let arm = try arms.first(where: { try $0.readsScores(at: location) }) {
      throw UserError(
        "arm `\(arm.name)` needs rewards and costs of texts", at: location,
        because: "the experiment has no reward and cost model",
        advice:
          "train them (`./bfpo train reward`, `./bfpo train cost`) and name their folders: `data: { scorers: { reward: …, cost: … } }`",
        exitCode: .badData)
    }
    if policy.kind == .llama {
      for arm in arms { try refusePromptMultipliers(arm, at: "\(location), arm `\(arm.name)`") }
    }
    for arm in arms { try checkRollouts(arm, at: "\(location), arm `\(arm.name)`") }
    let entries = try arms.flatMap { arm in
      try arm.allStages(at: "\(location), arm `\(arm.name)`").map { try catalogueEntry($0.objective, at: location) }
    }
    let known = Set(entries.flatMap(\.parameters.keys))
    for axis in axes.keys.sorted() where !entries.contains(where: { $0.canonicalName(axis) != nil }) {
      throw UserError(
        "no arm has the axis `\(axis)`", at: "\(location), axes",
        advice: suggestion(for: axis, among: Array(known)), exitCode: .badData)
    }
    for arm in arms { _ = try arm.variants(axes: axes, at: "\(location), arm `\(arm.name)`") }
  }

  /// A λ for every prompt is refused for a language model: its prompts seldom come back.
  private func refusePromptMultipliers(_ arm: ArmSpec, at location: String) throws {
    for stage in try arm.variants(axes: axes, at: location).flatMap(\.stages)
    where (stage.objective as? any RolloutObjective)?.lambdaScope == .prompt {
      throw UserError(
        "`lambdaScope: \"prompt\"` cannot train a language model", at: "\(location), stage `\(stage.spec.name)`",
        because: "a prompt that is drawn once or twice in a run never moves a multiplier of its own",
        advice:
          "use `lambdaScope: \"all\"`, with a `costTail` below 1 if the worst responses matter, or a synthetic `world`",
        exitCode: .badData)
    }
  }

  /// What only pairs have is refused for a stage that learns from the policy's own responses.
  private func checkRollouts(_ arm: ArmSpec, at location: String) throws {
    for stage in try arm.allStages(at: location)
    where try catalogueEntry(stage.objective, at: location).method is any RolloutObjective {
      guard stage.flipped || arm.buffer else { continue }
      throw UserError(
        "`\(stage.flipped ? "flipped" : "buffer")` says nothing to `\(stage.objective)`", at: location,
        because: "it learns from the policy's own responses, not from pairs", advice: "remove it", exitCode: .badData)
    }
  }
}

private func isFolderName(_ name: String) -> Bool {
  !name.isEmpty && !name.hasPrefix(".")
    && name.unicodeScalars.allSatisfy {
      $0.isASCII
        && ($0.properties.isAlphabetic || $0.properties.numericType != nil || "-_.".unicodeScalars.contains($0))
    }
}

private func readAxes(_ json: JSONValue?, at location: String) throws -> [String: [JSONValue]] {
  guard let json else { return [:] }
  guard let members = json.object else { throw UserError("expected an object", at: location, exitCode: .badData) }
  return try members.mapValues { value in
    guard let values = value.array, !values.isEmpty else {
      throw UserError("an axis is a list of values that is not empty", at: location, exitCode: .badData)
    }
    return values
  }
}

/// A count n means the seeds 0 … n − 1.
private func readSeeds(_ json: JSONValue?, at location: String) throws -> [Int] {
  func whole(_ value: JSONValue) -> Int? { value.number.flatMap { Int(exactly: $0) } }
  switch json {
  case nil: return [0]
  case .number(let count)?:
    guard let n = Int(exactly: count), (1...1_000_000).contains(n) else { break }
    return Array(0..<n)
  case .array(let values)?:
    let seeds = values.compactMap(whole)
    guard seeds.count == values.count, !seeds.isEmpty, Set(seeds).count == seeds.count else { break }
    return seeds
  default: break
  }
  throw UserError(
    "seeds are a positive count or a list of distinct whole numbers", at: location, exitCode: .badData)
}
