import Basics
import Foundation
import Laboratory
import TestSupport
import Testing
import Training

/// SPO on SmolLM2-135M-Instruct: two steps of two invented pairs.
@Suite("SPO on SmolLM2", .enabled(if: smolModel != nil, "\(needsModel)"))
struct SmolAuxiliaryTests {
  @Test func `two steps of DPO with SPO move the policy and leave a readable curve`() throws {
    let model = try #require(smolModel)
    try withTemporaryFolder { folder in
      let rows = [
        (
          "How do I clean an oven?", "Warm baking soda loosens burnt grease overnight.",
          "Pour petrol on the hot plates."
        ),
        ("What is rain?", "Water vapour cools, forms droplets and falls.", "Rain is angels crying about taxes."),
      ]
      let text = rows.map { #"{"prompt":"\#($0.0)","chosen":"\#($0.1)","rejected":"\#($0.2)"}"# }
      try Data(text.joined(separator: "\n").utf8).write(to: folder.appending(path: "pairs.jsonl"))
      let spec = """
        { name: "spo", policy: { kind: "llama", model: "\(model.path)", trainable: ["layers.29.mlp.down_proj"] },
          data: { train: { files: ["\(folder.path)/pairs.jsonl"], order: "helpfulness" } },
          training: { steps: 2, batchSize: 2, sampling: "epochs", learningRate: 1e-4 },
          arms: [{ name: "SPO", objective: "dpo", order: "helpfulness", auxiliary: { kind: "spo" } }], seeds: 1 }
        """
      let project = Project(root: folder)
      let experiment = try Experiment(
        try ExperimentSpec(JSONValue(parsing: Data(spec.utf8), json5: true, source: "test"), at: "test"), text: "",
        project: project, workers: 2)
      let results = ResultsFolder(folder.appending(path: "out"))
      _ = try experiment.run(
        into: results, project: project, options: SweepOptions(workers: 2), isInterrupted: { false }, report: { _ in })
      let record = try #require(results.loadRecords().records.values.first)
      let points = try #require(record.curve?.points)
      let losses = points.compactMap(\.auxiliaryLoss)
      #expect(points.count == 2 && losses.count == 2)
      #expect(abs(losses[0] - 2 * naturalLogarithm(4)) < 1e-9)
      #expect(losses[1] < losses[0])
      #expect(points[1].auxiliaryAccuracy ?? 0 > 0.25)
      #expect(points[1].margin > 0)
    }
  }
}
