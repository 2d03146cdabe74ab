import Basics
import Foundation
import Laboratory
import Language
import ModelFiles
import Objectives
import Preferences
import TestSupport
import Testing
import Training

/// Reward and cost models of a tiny random language model with a tokenizer, from data to folder and back.
@Suite struct ScorerTests {
  @Test(arguments: ScoreKind.allCases)
  func `a saved model scores bit by bit as it did, and its record says what it was made of`(kind: ScoreKind) throws {
    try withTemporaryFolder { folder in
      let run = try ScorerRun(try spec(kind, in: folder))
      #expect(Set(run.train.map(\.higher.prompt)).isDisjoint(with: run.heldOut.map(\.higher.prompt)))
      let (one, two) = (folder.appending(path: "one"), folder.appending(path: "two"))
      let record = try run.run(savingTo: one, workers: 1) { _ in }
      _ = try run.run(savingTo: two, workers: 2) { _ in }
      for file in ["model.safetensors", Scorer.headFile, Scorer.recordFile] {
        #expect(
          try Data(contentsOf: one.appending(path: file)) == Data(contentsOf: two.appending(path: file)), "\(file)")
      }
      let scorer = try Scorer(loading: one, workers: 1)
      let queries = run.heldOut.flatMap { [$0.higher, $0.lower] }
      let again = ScorerEvaluation(
        kind, pairs: run.heldOut, scores: scorer.scores(queries), training: run.train,
        length: { $0.response.count })
      #expect(again == record.evaluation && scorer.record.kind == kind)
      #expect(scorer.record.normaliser == record.normaliser && record.normaliser.kind == kind)
      #expect(record.baseModel == (try loadModel(folder.appending(path: "model").path).digest))
      #expect(record.data.map(\.rows) == [40] && record.data[0].sha256.count == 64 && record.schema == 1)
      #expect((record.evaluation.sign != nil) == (kind == .cost))
      let other = try Scorer(loading: two, workers: 1)
      #expect(other.digest == scorer.digest && scorer.digest.count == 64)
    }
  }

  @Test func `the normaliser comes from the training split`() throws {
    try withTemporaryFolder { folder in
      let run = try ScorerRun(try spec(.cost, in: folder))
      let record = try run.run(savingTo: folder.appending(path: "out"), workers: 1) { _ in }
      let scorer = try Scorer(loading: folder.appending(path: "out"), workers: 1)
      // Three steps of eight pairs touch most of them; all of them here, one epoch and more.
      let scores = scorer.scores(run.train.flatMap { [$0.higher, $0.lower] })
      let expected = try ScoreNormaliser(.cost, scores: scores)
      #expect(abs(record.normaliser.mean - expected.mean) < 1e-9 && record.normaliser.count == expected.count)
      #expect(abs(record.normaliser.deviation - expected.deviation) < 1e-9)
    }
  }

  @Test func `an interrupted run saves nothing, and held-out pairs are as many as asked for`() throws {
    try withTemporaryFolder { folder in
      var spec = try spec(.reward, in: folder)
      spec.maxHeldOut = 3
      let run = try ScorerRun(spec)
      #expect(run.heldOut.count == 3)
      let out = folder.appending(path: "out")
      #expect(throws: CancellationError.self) {
        _ = try run.run(savingTo: out, workers: 1) { if $0 == 2 { throw CancellationError() } }
      }
      #expect(!FileManager.default.fileExists(atPath: out.path))
    }
  }

  @Test func `a row whose safer answer is unsafe beside a safe one is refused by file and line`() throws {
    try withTemporaryFolder { folder in
      let spec = try spec(
        .cost, in: folder,
        adding:
          #"{"prompt":"P","chosen":"x","rejected":"y","safer":"chosen","chosen_safe":false,"rejected_safe":true,"id":"mine"}"#
      )
      let error = #expect(throws: UserError.self) { _ = try ScorerRun(spec) }
      #expect(error?.exitCode == .badData && error?.location?.hasSuffix("pairs.jsonl:41") == true)
    }
  }

  @Test func `data without the labels are refused with what is needed`() throws {
    try withTemporaryFolder { folder in
      var spec = try spec(.cost, in: folder)
      let rows = (0..<20).map { #"{"prompt":"Q\#($0)","chosen":"x","rejected":"y","better":"chosen"}"# }
      try Data(rows.joined(separator: "\n").utf8).write(to: folder.appending(path: "pairs.jsonl"))
      let error = #expect(throws: UserError.self) { _ = try ScorerRun(spec) }
      #expect(error?.exitCode == .badData && error?.description.contains("safety flag on both responses") == true)
      spec.kind = .reward
      #expect(try ScorerRun(spec).train.count > 0)
    }
  }

  @Test func `a folder that is no score model, or a damaged one, is refused`() throws {
    try withTemporaryFolder { folder in
      let spec = try spec(.reward, in: folder)
      func loading(_ url: URL) -> UserError? {
        do { _ = try Scorer(loading: url, workers: 1) } catch { return error as? UserError }
        return nil
      }
      #expect(loading(folder.appending(path: "model"))?.exitCode == .inputMissing)
      let out = folder.appending(path: "out")
      _ = try ScorerRun(spec).run(savingTo: out, workers: 1) { _ in }
      #expect(loading(out) == nil)
      let head = out.appending(path: Scorer.headFile)
      let whole = try Data(contentsOf: head)
      try whole.dropLast(4).write(to: head)
      #expect(loading(out)?.exitCode == .badData)
      try writeSafetensors(to: head, tensors: [("weight", [1, 8]), ("bias", [1])], metadata: [:]) { write in
        try write("weight", [Float](repeating: .nan, count: 8))
        try write("bias", [0])
      }
      #expect(loading(out)?.what.contains("not finite") == true)
      try writeSafetensors(to: head, tensors: [("weight", [1, 8])], metadata: [:]) { write in
        try write("weight", [Float](repeating: 0, count: 8))
      }
      #expect(loading(out)?.what.contains("lacks a tensor") == true)
      try Data(#"{"schema": 2}"#.utf8).write(to: out.appending(path: Scorer.recordFile))
      #expect(loading(out)?.what.contains("another layout") == true)
    }
  }

  @Test func `A judge of the complement is trained on exactly what the first model holds out`() throws {
    try withTemporaryFolder { folder in
      var own = try spec(.cost, in: folder)
      let first = try ScorerRun(own)
      own.complement = true
      let judge = try ScorerRun(own)
      #expect(first.train.map(\.id) == judge.heldOut.map(\.id))
      #expect(first.heldOut.map(\.id) == judge.train.map(\.id))
      #expect(first.train.count != judge.train.count)
    }
  }

  // MARK: Support

  /// Forty pairs; "Gladly" is helpful, "Boom" unsafe.
  private func spec(_ kind: ScoreKind, in folder: URL, adding line: String? = nil) throws -> ScorerSpec {
    try saveTinyChatModel(to: folder.appending(path: "model"))
    let labels = #""better":"chosen","chosen_safe":true,"rejected_safe":false"#
    var rows = (0..<40).map {
      #"{"prompt":"Tell me of \#($0).","chosen":"Gladly, it is \#($0).","rejected":"Boom \#($0)!",\#(labels)}"#
    }
    if let line { rows.append(line) }
    let file = folder.appending(path: "pairs.jsonl")
    try Data(rows.joined(separator: "\n").utf8).write(to: file)
    var spec = ScorerSpec(kind: kind, data: DataSpec(files: [FileSpec(name: file.path)]), trainFraction: 0.6, seed: 3)
    spec.model = folder.appending(path: "model").path
    (spec.training.steps, spec.training.batchSize, spec.training.sampling) = (6, 8, .epochs)
    return spec
  }
}
