import Basics
import Foundation
import Language
import ModelFiles
import TestSupport
import Testing

/// `train reward`, `train cost`, `score --scorer` and `data label` on a tiny random model.
@Suite struct ScorerCommandTests {
  @Test func `a reward model is trained, scores conversations, and labels rows`() throws {
    try withTinyModel { folder in
      let trained = try run(["train", "reward"] + options + ["--json", "--output", "reward"], in: folder)
      #expect(trained.status == 0 && trained.errors.contains("pairs to train on"), "\(trained.errors)")
      let record = try JSONValue(parsing: Data(trained.output.utf8), source: "train")
      #expect(record["schema"]?.number == 1 && record["kind"]?.string == "reward")
      #expect(record["curve"]?.array?.count == 2)
      let accuracy = record["evaluation"]?["order"]?["accuracy"]
      #expect(accuracy?["n"]?.number == record["heldOutPairs"]?.number && accuracy?["low"]?.number ?? 1 < 1)

      let lines = ["Gladly.", "Boom!"].map {
        #"{"messages":[{"role":"user","content":"Hi"}],"response":"\#($0)"}"#
      }
      let input = lines.joined(separator: "\n")
      let scored = try run(["score", "--scorer", "reward", "--data", "-", "--json"], input: input, in: folder)
      #expect(scored.status == 0 && scored.lines.count == 2, "\(scored.errors)")
      for line in scored.lines {
        let value = try JSONValue(parsing: Data(line.utf8), source: "score")
        #expect(value.object?.keys.sorted() == ["normalised", "reward"])
      }
      let columns = try run(["score", "--scorer", "reward", "--data", "-"], input: input, in: folder).lines
      #expect(columns.count == 3 && columns[0] == "reward\tnormalised")

      try Data(
        """
        {"prompt":"Hi","chosen":"Gladly.","rejected":"Boom!","safer":"chosen"}
        {"prompt":"Ho","chosen":"Boom!","rejected":"Gladly.","better":"rejected"}

        """.utf8
      ).write(to: folder.appending(path: "unlabelled.jsonl"))
      let labelled = try run(
        ["data", "label", "unlabelled.jsonl", "--scorer", "reward", "--output", "labelled.jsonl", "--json"], in: folder)
      #expect(labelled.status == 0, "\(labelled.errors)")
      let summary = try JSONValue(parsing: Data(labelled.output.utf8), source: "label")
      #expect(summary["supplied"]?["better"]?.number == 1 && summary["written"]?.number == 2)
      let digest = try #require(summary["models"]?["reward"]?.string)
      let rows = try String(contentsOf: folder.appending(path: "labelled.jsonl"), encoding: .utf8).split(
        separator: "\n")
      #expect(rows[0].contains(#""supplied":{"better":"\#(digest)"}"#) && !rows[1].contains("supplied"))
      // What a person said stays: the second row's better response is its `rejected`, which is now `chosen`.
      #expect(rows[1].contains(#""chosen":"Gladly.""#) && rows[1].contains(#""better":"chosen""#))
      #expect(try run(["data", "check", "labelled.jsonl", "--strict"], in: folder).status == 0)
    }
  }

  @Test func `Safe RLHF trains a language model with the two models, and says what it lacks`() throws {
    try withTinyModel { folder in
      for kind in ["reward", "cost"] {
        #expect(try run(["train", kind] + options + ["--output", kind], in: folder).status == 0)
      }
      let safe = [
        "train", "--objective", "safe-rlhf", "--set", "samples=4", "--max-new-tokens", "5", "--output", "policy",
      ]
      let models = ["--reward", "reward", "--cost", "cost"]
      let trained = try run(safe + models + options + ["--json"], in: folder)
      #expect(trained.status == 0, "\(trained.errors)")
      let record = try JSONValue(parsing: Data(trained.output.utf8), source: "train")
      #expect(record["curve"]?["points"]?.array?.last?["rollouts"]?["entropy"]?.number ?? 0 > 0)
      #expect(FileManager.default.fileExists(atPath: folder.appending(path: "policy/model.safetensors").path))
      let bare = try run(safe + options, in: folder)
      #expect(bare.status == 65 && bare.errors.contains("needs rewards and costs of texts"), "\(bare.errors)")
      let half = try run(safe + options + ["--reward", "reward"], in: folder)
      #expect(half.status == 64 && half.errors.contains("--cost"), "\(half.errors)")
    }
  }

  @Test func `a cost model is trained, says what is unsafe, and shows its table`() throws {
    try withTinyModel { folder in
      let trained = try run(["train", "cost"] + options + ["--held-out", "5", "-o", "cost"], in: folder)
      #expect(trained.status == 0, "\(trained.errors)")
      for text in ["pairs in order", "sides of zero", "by a threshold of length", "calibration error", "saved: cost"] {
        #expect(trained.output.contains(text), "\(text)")
      }
      let line = #"{"messages":[{"role":"user","content":"Hi"}],"response":"Boom!"}"#
      let scored = try run(["score", "--scorer", "cost", "--data", "-", "--json"], input: line, in: folder)
      let value = try JSONValue(parsing: Data(scored.output.utf8), source: "score")
      #expect(value["unsafe"]?.bool == ((value["cost"]?.number ?? .nan) > 0))
    }
  }

  @Test func `mistakes are usage errors or bad data, each with its reason`() throws {
    try withTinyModel { folder in
      for (words, status, text) in [
        (["train", "reward", "--output", "x"], 64, "--data"),
        (["train", "cost", "--data", "pairs.jsonl"], 64, "--output"),
        (["train", "reward"] + options + ["-o", "x", "--split", "1"], 64, "leaves nothing"),
        (["train", "reward"] + options + ["-o", "x", "--head-learning-rate", "0"], 64, "must be positive"),
        (["train", "reward"] + options + ["-o", "x", "--regularisation=-1"], 64, "cannot be negative"),
        (["train", "reward"] + options + ["-o", "x", "--format", "cannonical"], 64, "did you mean `canonical`"),
        (["train", "reward"] + options + ["-o", "x", "--training", "stepz=3"], 65, "unknown key `stepz`"),
        (["train", "reward"] + options + ["-o", "x", "--max-tokens", "3"], 65, "no pair of the part"),
        (["score", "--scorer", "model", "--data", "-"], 66, "train reward"),
        (["score", "--scorer", "model", "--model", "model", "--data", "-"], 64, "does not go with"),
        (["data", "label", "pairs.jsonl"], 64, "--scorer"),
        (["data", "label", "pairs.jsonl", "--scorer", "model", "--json"], 64, "needs `--output`"),
        (["data", "label", "contradiction.jsonl", "--scorer", "model"], 65, "contradiction.jsonl:2"),
        (
          ["train", "cost", "--data", "contradiction.jsonl", "--model", "model", "-o", "x"], 65, "contradiction.jsonl:2"
        ),
      ] as [([String], Int32, String)] {
        let run = try run(words, in: folder)
        #expect(run.status == status && run.errors.contains(text), "\(words): \(run.status) \(run.errors)")
      }
    }
  }

  @Test func `the shell completes the options of train reward, and those of train`() throws {
    let script = #"""
      "$BFPO" completions bash > completions.bash
      bash -c 'source completions.bash
      COMP_WORDS=(bfpo train reward --re); COMP_CWORD=3; _bfpo; echo "${COMPREPLY[@]}"
      COMP_WORDS=(bfpo train --obj); COMP_CWORD=2; _bfpo; echo "${COMPREPLY[@]}"'
      """#
    try withTemporaryFolder { folder in
      let run = try runShell(script, in: folder)
      #expect(run.status == 0 && run.lines == ["--regularisation", "--objective"], "\(run.output)\(run.errors)")
    }
  }

  // MARK: Support

  private let options = [
    "--data", "pairs.jsonl", "--model", "model", "--steps", "2", "--batch-size", "4", "--workers", "1",
  ]

  private func run(_ words: [String], input: String = "", in folder: URL) throws -> ProgramRun {
    try runProgram(words, input: input, in: folder)
  }

  private func withTinyModel(_ body: (URL) throws -> Void) throws {
    try withTemporaryFolder { folder in
      try saveTinyChatModel(to: folder.appending(path: "model"))
      let labels = #""better":"chosen","chosen_safe":true,"rejected_safe":false"#
      let rows = (0..<40).map {
        #"{"prompt":"Tell me of \#($0).","chosen":"Gladly, it is \#($0).","rejected":"Boom \#($0)!",\#(labels)}"#
      }
      try Data(rows.joined(separator: "\n").utf8).write(to: folder.appending(path: "pairs.jsonl"))
      let wrong =
        #"{"prompt":"P","chosen":"x","rejected":"y","safer":"chosen","chosen_safe":false,"rejected_safe":true}"#
      try Data("\(rows[0])\n\(wrong)\n".utf8).write(to: folder.appending(path: "contradiction.jsonl"))
      try body(folder)
    }
  }
}
