import Basics
import Foundation
import Laboratory
import TestSupport
import Testing

/// Cells that share frozen layers share what texts look like above them, with the models that score and judge.
@Suite("Hidden states in sweeps")
struct HiddenStateSweepTests {
  private let arms = """
    { name: "DPO", objective: "dpo", order: "helpfulness" }, { name: "IPO", objective: "ipo", order: "helpfulness" },
    { name: "Safe-RLHF", objective: "safe-rlhf", settings: { tau: 0.1, samples: 4, window: 8, lambdaMax: 1e6 } }
    """

  private func specification(_ rollouts: RolloutProject, arms: String, trainable: String) throws -> ExperimentSpec {
    let path = rollouts.project.root.path
    let text = """
      { name: "hidden", policy: { kind: "llama", model: "\(path)/model", maxTokens: 100, maxPromptTokens: 90,
        trainable: ["\(trainable)"] },
        data: { train: { files: ["\(path)/pairs.jsonl"] }, \(rollouts.standardData) },
        training: { steps: 3, batchSize: 4, sampling: "epochs", learningRate: 1e-2, microBatchSize: 2 },
        arms: [\(arms)], seeds: 1 }
      """
    return try ExperimentSpec(JSONValue(parsing: Data(text.utf8), json5: true, source: "test"), at: "test")
  }

  /// Runs every cell from nothing with so many MiB for hidden states.
  private func run(
    _ rollouts: RolloutProject, _ limit: String, workers: Int = 1, trainable: String = "layers.1.", only: Int? = nil
  ) throws -> [String: RunRecord] {
    let root = rollouts.project.root
    try? FileManager.default.removeItem(at: root.appending(path: ".cache"))
    let project = Project(root: root, hiddenStates: limit)
    let experiment = try Experiment(
      specification(rollouts, arms: arms, trainable: trainable), text: "{}", project: project, workers: workers)
    let folder = ResultsFolder(root.appending(path: UUID().uuidString))
    let cells = only.map { [experiment.cells[$0]] } ?? experiment.cells
    let outcome = try experiment.run(
      cells, into: folder, project: project, options: SweepOptions(workers: workers), isInterrupted: { false },
      report: { _ in })
    #expect(outcome.completed == cells.count)
    return folder.loadRecords().records
  }

  /// Everything but the provenance.
  private func compared(_ records: [String: RunRecord]) throws -> [String: String] {
    try records.mapValues { record in
      "\(record.metrics.sorted { $0.key < $1.key }) \(try canonicalJSON(record.curve)) \(try canonicalJSON(record.work))"
    }
  }

  @Test func `how much is remembered, by how many workers, alone or after other cells, changes no number`() throws {
    try withTemporaryFolder { folder in
      let rollouts = try RolloutProject(in: folder, trainable: ["layers.1."])
      let known = try run(rollouts, "64")
      let expected = try compared(known)
      #expect(expected.count == 3)
      let forgotten = try run(rollouts, "0", workers: 2)
      #expect(try compared(forgotten) == expected)
      for index in 0..<3 {
        for (id, text) in try compared(try run(rollouts, "1", only: index)) { #expect(text == expected[id]) }
      }

      for record in forgotten.values { #expect(record.provenance.hiddenStates?.readRows == 0) }
      func rows(_ records: [String: RunRecord], computed: Bool) -> Int {
        records.values.reduce(0) { sum, record in
          let counts = record.provenance.hiddenStates
          return sum + (computed ? counts?.computedRows : counts?.readRows).map { $0 }!
        }
      }
      // Policy, reference, reward, cost and judges read the same texts several times over.
      #expect(2 * rows(known, computed: true) < rows(forgotten, computed: true))
      #expect(rows(known, computed: false) > rows(known, computed: true))
    }
  }

  @Test func `a policy that trains its lowest layer keeps nothing, but scorers share what they have in common`() throws
  {
    try withTemporaryFolder { folder in
      let apart = try RolloutProject(in: folder)
      let none = try run(apart, "64", trainable: "down_proj")
      #expect(none.values.allSatisfy { $0.provenance.hiddenStates == nil })
    }
    try withTemporaryFolder { folder in
      let alike = try RolloutProject(in: folder, trainable: ["layers.1."])
      let records = try run(alike, "64", trainable: "down_proj")
      #expect(records.values.contains { ($0.provenance.hiddenStates?.readRows ?? 0) > 0 })
    }
  }

  @Test(arguments: ["much", "-1", "1.5", "99999999999"])
  func `a memory size that is none is refused`(limit: String) throws {
    try withTemporaryFolder { folder in
      let rollouts = try RolloutProject(in: folder)
      let error = #expect(throws: UserError.self) { try run(rollouts, limit) }
      #expect(error?.description.contains("BFPO_HIDDEN_STATES") == true && error?.exitCode == .usage)
    }
  }
}
