import Basics
import Foundation
import Laboratory
import Language
import ModelFiles
import TestSupport
import Testing
import Training

private let standardArms = """
  { name: "BFPO", objective: "bfpo", order: "helpfulness" },
  { name: "BFPO-buffer", objective: "bfpo", order: "helpfulness", buffer: true },
  { name: "DPO", objective: "dpo", order: "helpfulness" },
  """

/// The language-model path of the driver, on a random two-layer model and invented pairs.
@Suite struct LanguageSweepTests {
  @Test func `cells are trained, judged on held-out pairs, resumed, and do not depend on the number of workers`() throws
  {
    try withTemporaryFolder { folder in
      let project = try makeProject(in: folder)
      let one = try sweep(project, results: "one", workers: 1)
      #expect(one.outcome.completed == 6, "\(one.failures)")
      #expect(one.outcome.failed == 0, "\(one.failures)")
      #expect(one.csv.contains(",helpfulness_n,4.0") && one.csv.contains(",klPerToken,"))
      let two = try sweep(project, results: "two", workers: 2)
      #expect(one.csv == two.csv)
      let again = try sweep(project, results: "two", workers: 2)
      #expect(again.outcome.skipped == 6 && again.outcome.completed == 0)
    }
  }

  @Test func `BFPO without flags says which labels are missing`() throws {
    try withTemporaryFolder { folder in
      let project = try makeProject(in: folder)
      let result = try sweep(project, results: "out", workers: 1, flagRule: "none")
      #expect(result.outcome.failed == 4)
      #expect(result.failures.contains { $0.contains("safetyFlags") && $0.contains("flags by a rule") })
    }
  }

  @Test func `a conversation that is trained on is never judged on`() throws {
    try withTemporaryFolder { folder in
      let project = try makeProject(in: folder)
      let leaking = try specification(project, flagRule: "both-safe", evaluation: "train.jsonl")
      let error = #expect(throws: UserError.self) { try Experiment(leaking, text: "", project: project, workers: 1) }
      #expect(error?.why?.contains("the prompt appears in data kept apart") == true)
    }
  }

  @Test func `a trained policy is saved, loads again, and carries its origin`() throws {
    try withTemporaryFolder { folder in
      let project = try makeProject(in: folder)
      let experiment = try Experiment(
        try specification(project, flagRule: "both-safe"), text: "", project: project, workers: 1)
      let output = folder.appending(path: "saved")
      let record = try experiment.runOnce(
        savingTo: output, project: project, workers: 1, isInterrupted: { false }, afterStep: { _ in })
      let saved = try #require(try ModelPackage(output).source() as? HuggingFaceModel)
      #expect(saved.metadata["cell"] == record.id)
      let base = try ModelPackage(project.root.appending(path: "model")).source()
      for tensor in base.configuration.tensors {
        let same =
          try saved.tensor(named: tensor.name, shape: tensor.shape)
          == base.tensor(named: tensor.name, shape: tensor.shape)
        #expect(same != tensor.name.contains("down_proj"), "\(tensor.name)")
      }
    }
  }

  @Test func `SPO reads the graded responses, moves the policy, is part of a cell's identity and resumes`() throws {
    try withTemporaryFolder { folder in
      let project = try makeProject(in: folder)
      let arms = """
        { name: "DPO", objective: "dpo", order: "helpfulness" },
        { name: "SPO", objective: "dpo", order: "helpfulness", auxiliary: { kind: "spo", weight: 2 } },
        { name: "probe", objective: "dpo", order: "helpfulness", auxiliary: { weight: 0, levels: 3 } },
        """
      let experiment = try Experiment(
        try specification(project, flagRule: "none", arms: arms), text: "{}", project: project, workers: 1)
      let results = ResultsFolder(folder.appending(path: "out"))
      func run() throws -> SweepOutcome {
        try experiment.run(
          into: results, project: project, options: SweepOptions(workers: 1), isInterrupted: { false }, report: { _ in }
        )
      }
      #expect(try run().completed == 6)
      #expect(try run().skipped == 6)
      let records = results.loadRecords().records.values.sorted { $0.configuration.seed < $1.configuration.seed }
      func record(_ auxiliary: AuxiliarySpec?) throws -> RunRecord {
        try #require(records.first { $0.configuration.auxiliary == auxiliary })
      }
      var (spo, probe) = (AuxiliarySpec(), AuxiliarySpec())
      spo.weight = 2
      (probe.weight, probe.levels) = (0, 3)
      let plain = try record(nil)
      #expect(try !canonicalJSON(plain).contains("auxiliary"))
      #expect(Set(records.map(\.id)).count == 6)
      let (spoRecord, probeRecord) = (try record(spo), try record(probe))
      #expect(spoRecord.metrics != plain.metrics && probeRecord.metrics == plain.metrics)
      // At the zero head each response costs log K; each has keywords, and the last level lacks them all.
      let first = try #require(probeRecord.curve?.points.first?.auxiliaryLoss)
      #expect(abs(first - 2 * naturalLogarithm(3)) < 1e-9)
    }
  }

  @Test(arguments: [
    (#"{ kind: "sbo" }"#, "unknown name `sbo`"), ("{ wieght: 1 }", "unknown key `wieght`"),
    ("{ weight: -1 }", "weight must be at least 0"), ("{ levels: 1 }", "levels must be from 2"),
  ])
  func `mistakes in an auxiliary loss are named`(auxiliary: String, message: String) throws {
    try withTemporaryFolder { folder in
      let arm = #"{ name: "a", objective: "dpo", order: "helpfulness", auxiliary: \#(auxiliary) }"#
      let error = #expect(throws: UserError.self) {
        try specification(Project(root: folder), flagRule: "none", arms: arm)
      }
      #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
      #expect(error?.exitCode == .badData)
    }
  }

  // MARK: Helpers

  private func sweep(
    _ project: Project, results: String, workers: Int, flagRule: String = "both-safe"
  ) throws -> (outcome: SweepOutcome, csv: String, failures: [String]) {
    let experiment = try Experiment(
      try specification(project, flagRule: flagRule), text: "{}", project: project, workers: workers)
    let folder = ResultsFolder(project.root.appending(path: results))
    let outcome = try experiment.run(
      into: folder, project: project, options: SweepOptions(workers: workers), isInterrupted: { false },
      report: { _ in })
    let records = folder.loadRecords().records
    return (outcome, metricsCSV(experiment.cells, records: records), records.values.compactMap { $0.failure?.message })
  }

  private func makeProject(in folder: URL) throws -> Project {
    try saveTinyChatModel(to: folder.appending(path: "model"))
    for (name, topics) in [("train", 0..<8), ("test", 8..<12)] {
      let rows = topics.map { topic in
        #"{"prompt":"Tell me about topic \#(topic).","chosen":"Gladly, it is \#(topic).","rejected":"No \#(topic)."}"#
      }
      try Data(rows.joined(separator: "\n").utf8).write(to: folder.appending(path: "\(name).jsonl"))
    }
    return Project(root: folder)
  }

  private func specification(
    _ project: Project, flagRule: String, evaluation: String = "test.jsonl", arms: String = standardArms
  ) throws -> ExperimentSpec {
    let path = project.root.path
    let judged = #"{ files: ["\#(path)/\#(evaluation)"], order: "#
    let text = """
      { name: "language", policy: { kind: "llama", model: "\(path)/model", maxTokens: 100, maxPromptTokens: 90 },
        data: {
          train: { files: ["\(path)/train.jsonl"], order: "helpfulness", flags: "\(flagRule)" },
          buffer: { files: ["\(path)/train.jsonl"], order: "helpfulness", flags: "both-safe" },
          evaluation: { helpfulness: \(judged)"helpfulness" }, safety: \(judged)"safety" }, samples: 2, sampleTokens: 5 },
        },
        training: { steps: 3, batchSize: 2, sampling: "epochs", learningRate: 1e-3 },
        arms: [\(arms)], seeds: 2 }
      """
    return try ExperimentSpec(JSONValue(parsing: Data(text.utf8), json5: true, source: "test"), at: "test")
  }
}
