import Basics
import Language
import ModelFiles
import Objectives
import Policies
import Preferences
import TestSupport
import Testing
import Training

/// Ten training steps of SmolLM2-135M-Instruct against a hand-written PyTorch loop in float64 (`Tests/Peers/ten_steps.py`).
///
/// PyTorch's own float32 losses depart from its float64 ones by up to 1.4e-4, relative.
@Suite(.serialized, .enabled(if: smolModel != nil, "\(needsModel)")) struct TenStepTests {
  @Test func `conversations become the same token ids`() throws {
    let encoder = try ChatEncoder(
      tokenizer: Tokenizer(GGUFFile(#require(smolModel))), template: .chatMLDefaultSystem)
    for pair in try golden("ten-steps.json", as: File.self).pairs {
      #expect(encoder.prompt(pair.messages) == pair.promptIds)
      #expect(encoder.response(pair.chosen) == pair.chosenIds)
      #expect(encoder.response(pair.rejected) == pair.rejectedIds)
    }
  }

  @Test(arguments: ["dpo", "ipo-clipped", "bfpo-cosine", "ipo-mean-decay", "dpo-all"])
  func `loss, margin, gradient norm and learning rate of every step`(name: String) throws {
    let file = try golden("ten-steps.json", as: File.self)
    let variant = try #require(file.variants.first { $0.name == name })
    let training = variant.training
    var policy = try LlamaPolicy<Float>(loading: GGUFModel(#require(smolModel)), trainable: [training.trainable])
    let queries = file.pairs.flatMap { [$0.query($0.chosenIds), $0.query($0.rejectedIds)] }
    let reference = policy.score(queries)
    for (ours, theirs) in zip(reference, file.reference.joined()) { #expect(abs(ours - theirs) < 2e-3) }

    var configuration = TrainingConfiguration()
    configuration.steps = variant.steps.count
    configuration.batchSize = file.batch
    configuration.sampling = .inOrder
    configuration.learningRate = training.rate
    configuration.weightDecay = training.decay
    configuration.maxGradientNorm = training.clip ?? 0
    if let warmup = training.warmup {
      configuration.warmup = Double(warmup) / Double(variant.steps.count)
      configuration.schedule = .cosine
    }
    let curve = try trainOffline(
      &policy, streams: [PairStream(name: "pairs", pairs: file.prepared(reference: reference))],
      objective: catalogueEntry(variant.objective).make(variant.set), configuration: configuration, seed: SeedTree(0),
      stepZeroTolerance: 1e-4)

    #expect(curve.points.count == variant.steps.count)
    for (ours, theirs) in zip(curve.points, variant.steps) {
      let comment = Comment(rawValue: "\(name), step \(ours.step)")
      #expect(abs(ours.loss - theirs.loss) < 1e-3 * theirs.loss, comment)
      #expect(abs(ours.margin - theirs.margin) < 5e-3, comment)
      #expect(abs(ours.gradientNorm - theirs.gradientNorm) < 2e-3 * theirs.gradientNorm, comment)
      #expect(abs(ours.learningRate - theirs.learningRate) < 1e-12, comment)
    }
    for (ours, theirs) in zip(policy.score(queries), variant.final.joined()) {
      #expect(abs(ours - theirs) < 5e-3, Comment(rawValue: "\(name), after the last step"))
    }
  }

  private struct File: Decodable {
    var batch: Int
    var pairs: [Pair]
    /// log π_ref of each pair's chosen and rejected response, nats.
    var reference: [[Double]]
    var variants: [Variant]

    func prepared(reference: [Double]) -> [PreparedPair<TokenQuery>] {
      pairs.enumerated().map { index, pair in
        PreparedPair(
          chosen: pair.query(pair.chosenIds), rejected: pair.query(pair.rejectedIds),
          referenceChosen: reference[2 * index], referenceRejected: reference[2 * index + 1],
          chosenTokens: pair.chosenIds.count, rejectedTokens: pair.rejectedIds.count,
          label: PairLabel(chosenSafe: pair.chosenSafe, rejectedSafe: pair.rejectedSafe))
      }
    }
  }

  private struct Pair: Decodable {
    var messages: [ChatMessage]
    var chosen, rejected: String
    var chosenSafe, rejectedSafe: Bool
    var promptIds, chosenIds, rejectedIds: [Int32]

    func query(_ response: [Int32]) -> TokenQuery { TokenQuery(prompt: promptIds, response: response) }
  }

  private struct Variant: Decodable {
    var name, objective: String
    var set: [String: JSONValue]
    var training: Settings
    var steps: [Step]
    /// log π of each pair's two responses after the last step, nats.
    var final: [[Double]]
  }

  private struct Settings: Decodable {
    var rate, decay: Double
    var clip: Double?
    var warmup: Int?
    var trainable: String
  }

  private struct Step: Decodable { var loss, margin, gradientNorm, learningRate: Double }
}
