import Basics
import Foundation
import Laboratory
import Objectives
import Preferences
import TestSupport
import Training

/// A folder with a tiny model, invented pairs, and small reward and cost models, for methods that need them.
struct RolloutProject {
  let project: Project
  private var path: String { project.root.path }

  /// - Parameters:
  ///   - flags: safety flags of (`Gladly`, `Boom`) in the data that the cost model learns from.
  ///   - trainable: tensors of the reward and cost models to train.
  init(in folder: URL, flags: (Bool, Bool) = (true, false), trainable: [String] = ["down_proj"]) throws {
    project = Project(root: folder)
    try saveTinyChatModel(to: folder.appending(path: "model"))
    let labels = #""better":"chosen","chosen_safe":\#(flags.0),"rejected_safe":\#(flags.1)"#
    let rows = (0..<30).map {
      #"{"prompt":"Tell me of \#($0).","chosen":"Gladly, it is \#($0).","rejected":"Boom \#($0)!",\#(labels)}"#
    }
    try Data(rows.joined(separator: "\n").utf8).write(to: folder.appending(path: "pairs.jsonl"))
    let prompts = (0..<6).map { #"{"prompt":"What about \#($0)?"}"# }
    try Data(prompts.joined(separator: "\n").utf8).write(to: folder.appending(path: "prompts.jsonl"))
    let judged = (4..<10).map { #"{"prompt":"What about \#($0)?"}"# }
    try Data(judged.joined(separator: "\n").utf8).write(to: folder.appending(path: "judged.jsonl"))
    for (name, complement) in [("", false), ("-judge", true)] {
      for kind in ScoreKind.allCases {
        var spec = ScorerSpec(
          kind: kind, data: DataSpec(files: [FileSpec(name: "\(folder.path)/pairs.jsonl")]), trainFraction: 0.6, seed: 3
        )
        spec.complement = complement
        spec.trainable = trainable
        spec.model = "\(folder.path)/model"
        (spec.training.steps, spec.training.batchSize, spec.training.sampling) = (6, 8, .epochs)
        _ = try ScorerRun(spec).run(savingTo: folder.appending(path: "\(kind.rawValue)\(name)"), workers: 1) { _ in }
      }
    }
  }

  /// - Parameters:
  ///   - data: members of `data` beside the training pairs.
  func specification(
    arms: String, data: String? = nil, steps: Int = 4, seeds: Int = 1
  ) throws -> ExperimentSpec {
    let text = """
      { name: "rollouts", policy: { kind: "llama", model: "\(path)/model", maxTokens: 100, maxPromptTokens: 90 },
        data: { train: { files: ["\(path)/pairs.jsonl"] }, \(data ?? standardData) },
        training: { steps: \(steps), batchSize: 4, sampling: "epochs", learningRate: 1e-2, microBatchSize: 2 },
        arms: [\(arms)], seeds: \(seeds) }
      """
    return try ExperimentSpec(JSONValue(parsing: Data(text.utf8), json5: true, source: "test"), at: "test")
  }

  var standardData: String { "\(scorers), \(judges), \(rollouts)" }
  var scorers: String { #"scorers: { reward: "\#(path)/reward", cost: "\#(path)/cost" }"# }
  var judges: String {
    """
    judges: { reward: "\(path)/reward-judge", cost: "\(path)/cost-judge", prompts: ["\(path)/judged.jsonl"],
      count: 4, maxNewTokens: 6 }
    """
  }
  var rollouts: String {
    #"rollouts: { prompts: ["\#(path)/prompts.jsonl"], maxNewTokens: 6, constraintPrompts: 3 }"#
  }

  func experiment(_ spec: ExperimentSpec) throws -> Experiment {
    try Experiment(spec, text: "{}", project: project, workers: 1)
  }

  /// Runs every cell.
  ///
  /// - Returns: the records by arm, and the files' table of metrics.
  func run(
    _ spec: ExperimentSpec, into name: String = "out", isInterrupted: @escaping @Sendable () -> Bool = { false }
  ) throws -> (records: [RunRecord], csv: String, outcome: SweepOutcome) {
    let experiment = try experiment(spec)
    let folder = ResultsFolder(project.root.appending(path: name))
    let outcome = try experiment.run(
      into: folder, project: project, options: SweepOptions(workers: 1), isInterrupted: isInterrupted,
      report: { _ in })
    let records = folder.loadRecords().records
    return (
      experiment.cells.compactMap { records[$0.id] }, metricsCSV(experiment.cells, records: records), outcome
    )
  }
}
