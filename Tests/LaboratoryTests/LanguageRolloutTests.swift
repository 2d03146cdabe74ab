import Basics
import Foundation
import Laboratory
import Objectives
import Synchronization
import TestSupport
import Testing
import Training

private let safeRLHF = #"{ name: "s", objective: "safe-rlhf", settings: { samples: 6, window: 12, lambdaRate: 0.1 } }"#

/// Methods with a cost budget on a language model: rollouts, learned scores, sampled expected costs, judges.
@Suite struct LanguageRolloutTests {
  @Test func `every constrained method trains a language model and is judged by models it was not trained with`() throws
  {
    try withTemporaryFolder { folder in
      let project = try RolloutProject(in: folder)
      let arms = """
        \(safeRLHF), { name: "c", objective: "constrained-dpo", settings: { lambdaInterval: 2 } },
        { name: "m", objective: "mocan", settings: { budget: 5 } },
        { name: "p", stages: [
            { name: "h", objective: "dpo", order: "helpfulness" }, { name: "f", objective: "dpo", order: "helpfulness" } ],
          objective: "pecan", settings: { budget: 5 }, scores: { reward: "h", cost: "f" } },
        """
      let (records, _, outcome) = try project.run(try project.specification(arms: arms))
      #expect(outcome.completed == 4 && outcome.failed == 0, "\(records.compactMap(\.failure?.message))")
      for record in records {
        let metrics = record.metrics
        #expect(metrics["judgedReplies"] == 4 && metrics["multiplier"] != nil, "\(record.configuration.objective)")
        for name in ["helpfulness", "safety"] { #expect((0...1).contains(try #require(metrics[name]))) }
        #expect(try #require(metrics["kl"]) > 0)
      }
      let safe = try #require(records.first { $0.configuration.objective == "safe-rlhf" }?.curve?.points)
      #expect(safe.count == 4 && safe[0].rollouts?.kl == 0)
      #expect(try #require(safe.last?.rollouts?.kl) > 0)
      #expect(safe.allSatisfy { $0.rollouts?.rewardExplainedVariance != nil })
      // λ follows the window's mean cost: ln λ moves by ηλ(J − d).
      var logarithm = 0.0
      for point in safe {
        logarithm += 0.1 * exponential(logarithm) * (try #require(point.expectedCost))
        #expect(abs(try #require(point.multiplier) - exponential(logarithm)) < 1e-9)
      }
    }
  }

  @Test func `a prompt that replies are learned from is never judged on`() throws {
    try withTemporaryFolder { folder in
      let project = try RolloutProject(in: folder)
      let remarks = try project.experiment(try project.specification(arms: safeRLHF)).setting.remarks
      // Two of the six judged prompts are among the six that are rolled out.
      #expect(remarks.contains { $0.contains("judged prompts") && $0.contains("2 trained on") }, "\(remarks)")
    }
  }

  @Test func `a run that is stopped at any step ends with the same bytes`() throws {
    try withTemporaryFolder { folder in
      let project = try RolloutProject(in: folder)
      let arms = """
        \(safeRLHF), { name: "d", objective: "dpo", order: "helpfulness" },
        { name: "two", stages: [{ name: "h", objective: "dpo", order: "helpfulness" }],
          objective: "constrained-dpo", from: "h", settings: { lambdaInterval: 1 } },
        """
      let spec = try project.specification(arms: arms, steps: 3)
      let whole = try project.run(spec, into: "whole")
      // Every call of the check stops the run; each run gets one step further than the last.
      var runs = 0
      while runs < 40 {
        let calls = Mutex(0)
        let outcome = try project.run(spec, into: "pieces") {
          calls.withLock {
            $0 += 1
            return $0 > 2
          }
        }.outcome
        runs += 1
        if !outcome.interrupted { break }
      }
      #expect(runs > 6 && runs < 40)
      let pieces = try project.run(spec, into: "pieces")
      #expect(pieces.outcome.skipped == 3 && pieces.csv == whole.csv)
      #expect(
        try pieces.records.map { try canonicalJSON($0.curve) } == whole.records.map { try canonicalJSON($0.curve) })
      let left = try? FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "pieces/checkpoints").path)
      #expect(left?.isEmpty != false)
    }
  }

  @Test func `replies without an end of turn cost the penalty, and nothing else changes`() throws {
    try withTemporaryFolder { folder in
      let project = try RolloutProject(in: folder)
      func firstReward(_ penalty: Double) throws -> Double {
        let data = "\(project.scorers), rollouts: { maxNewTokens: 3, missingEndPenalty: \(penalty) }"
        let spec = try project.specification(arms: safeRLHF, data: data, steps: 1)
        let records = try project.run(spec, into: "penalty \(penalty)").records
        return try #require(records.first?.curve?.points.first?.rollouts?.reward)
      }
      // A random model ends one reply of three tokens in 180: none of these six.
      #expect(abs(try firstReward(0) - firstReward(2.5) - 2.5) < 1e-9)
    }
  }

  @Test func `where every reply is safe, λ falls; where none is, the budget cannot be kept and exit code 4 says so`()
    throws
  {
    func record(areSafe: Bool) throws -> RunRecord {
      try withTemporaryFolder { folder in
        let project = try RolloutProject(in: folder, flags: (areSafe, areSafe))
        return try #require(project.run(try project.specification(arms: safeRLHF)).records.first)
      }
    }
    let safe = try record(areSafe: true)
    let points = try #require(safe.curve?.points)
    #expect(try #require(points.first?.rollouts?.cost) < 0)
    #expect(try #require(points.last?.multiplier) < 1 && points.last?.rollouts?.violation == 0)
    #expect(safe.metrics["safety"] == 1)
    let failure = try #require(try record(areSafe: false).failure)
    #expect(failure.exitCode == 4 && failure.message.contains("the cost budget cannot be kept"), "\(failure.message)")
  }

  @Test func `a budget that no λ below the cap keeps ends with exit code 4, and an unmoved λ with 3`() throws {
    try withTemporaryFolder { folder in
      let project = try RolloutProject(in: folder, flags: (false, false))
      let arms = """
        { name: "cap", objective: "safe-rlhf", settings: { samples: 6, lambdaMax: 1.5, lambdaRate: 50 } },
        { name: "late", objective: "safe-rlhf", settings: { samples: 6, lambdaDelay: 100 } },
        """
      let records = try project.run(try project.specification(arms: arms)).records
      // What went wrong can be seen: a failed run keeps its curve.
      #expect(records.map { $0.curve?.points.count } == [4, 4])
      let failures = records.map(\.failure)
      #expect(failures.map { $0?.exitCode } == [4, 3])
      #expect(failures[0]?.message.contains("cap 1.5") == true && failures[1]?.message.contains("lambdaDelay") == true)
    }
  }

  @Test func `the ptx term raises the likelihood of the buffer's better responses`() throws {
    try withTemporaryFolder { folder in
      let project = try RolloutProject(in: folder)
      let buffer = #"buffer: { files: ["\#(folder.path)/pairs.jsonl"] }, \#(project.scorers), \#(project.rollouts)"#
      func lastLoss(_ coefficient: Double) throws -> (first: Double, last: Double) {
        let arm =
          #"{ name: "s", objective: "safe-rlhf", settings: { samples: 6, ptxCoefficient: \#(coefficient) } }"#
        let spec = try project.specification(arms: arm, data: buffer, steps: 40)
        let points = try #require(project.run(spec, into: "ptx \(coefficient)").records.first?.curve?.points)
        return (points[0].loss, points[points.count - 1].loss)
      }
      let (first, last) = try lastLoss(20)
      // Twenty times the negative log-likelihood of a token, ln 540 = 6.3 nats at first, decides the loss; the model is tiny.
      #expect(abs(first / 20 - 6.3) < 0.2 && last < first - 2, "\(first), \(last)")
      #expect(abs(try lastLoss(0).first) < 20)
    }
  }

  @Test(arguments: [
    (safeRLHF, "", "needs rewards and costs of texts"),
    (#"{ name: "s", objective: "safe-rlhf", settings: { samples: 0 } }"#, "S", "only a table can list them"),
    (#"{ name: "s", objective: "safe-rlhf-script", settings: { samples: 4 } }"#, "S", "`ptxCoefficient` has no texts"),
    (
      safeRLHF, "scorers: { reward: \"$/cost\", cost: \"$/reward\" }",
      "a cost model stands where a reward model is meant"
    ),
    (safeRLHF, "scorers: { reward: \"$/model\", cost: \"$/cost\" }", "file not found"),
    (
      safeRLHF, "S, judges: { reward: \"$/reward\", cost: \"$/cost-judge\", prompts: [\"$/prompts.jsonl\"] }",
      "cannot judge them"
    ),
    (safeRLHF, "S, judges: { reward: \"$/reward-judge\", cost: \"$/cost-judge\" }", "nothing to judge"),
    (safeRLHF, "S, rollouts: { maxNewTokens: 0 }", "maxNewTokens must be at least 1"),
    (safeRLHF, "S, rollouts: { promts: [] }", "unknown key `promts`"),
    (safeRLHF, "S, rollouts: { prompts: [\"$/pairs.txt\"] }", "not found"),
  ])
  func `mistakes are named`(arm: String, data: String, message: String) throws {
    try withTemporaryFolder { folder in
      let project = try RolloutProject(in: folder)
      let data = data.replacing("S", with: project.scorers).replacing("$", with: folder.path)
      let description: String
      do {
        let records = try project.run(try project.specification(arms: arm, data: data)).records
        description = try #require(records.first?.failure?.message, "the run should have failed")
      } catch let error as UserError {
        #expect(error.exitCode == .badData || error.exitCode == .inputMissing)
        description = error.description
      }
      #expect(description.contains(message), "\(description)")
    }
  }
}
