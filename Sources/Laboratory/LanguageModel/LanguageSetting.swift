import Basics
import Foundation
import Language
import Objectives
import Policies
import Preferences
import Training

/// A language model and its data, loaded once for every cell of an experiment.
public final class LanguageSetting: Setting {
  /// The reference: cells train copies that share its unchanged tensors.
  private let reference: Trained<LlamaPolicy<Float>>
  /// Of the reference's frozen layers, for all cells and for the models that have the same layers.
  private let hiddenStates: HiddenStateCache<Float>
  private let data: PreparedData
  private let cache: ReferenceCache
  private let modelDigest: String
  private let encoder: ChatEncoder
  private let samples: (count: Int, tokens: Int)
  private let scorers: LanguageScorers?
  private let judges: JudgePanel?
  private let seeds: [Int]

  public let cellsRunSideBySide = false

  /// At the reference every implicit reward is 0, so every accuracy is one half by definition. Judges read its replies, those of
  /// every seed.
  public var referenceMetrics: [String: Double] {
    guard let judges else { return ["helpfulness": 0.5, "safety": 0.5, "klPerToken": 0] }
    var sums = ["kl": 0.0, "klPerToken": 0.0]
    for seed in seeds {
      let metrics = judges.referenceMetrics(reference.policy, key: seed, seed: replySeed(seed))
      sums.merge(metrics.mapValues { $0 / Double(seeds.count) }) { $0 + $1 }
    }
    return sums
  }

  /// Loads the model, reads, drops, splits and tokenises the data.
  ///
  /// - Throws: ``UserError`` for a missing model or file, or data that leave nothing to train or judge on.
  public init(_ spec: ExperimentSpec, project: Project, workers: Int) throws {
    guard let experimentData = spec.data else { preconditionFailure("a language-model experiment has data") }
    let model = try loadModel(spec.policy.model)
    let hiddenStates = HiddenStateCache<Float>(byteLimit: try project.hiddenStateByteLimit())
    let reference = Trained(
      try LlamaPolicy<Float>(
        loading: model.source, trainable: spec.policy.trainable, precision: spec.policy.precision, workers: workers,
        hiddenStates: hiddenStates))
    (self.hiddenStates, self.reference) = (hiddenStates, reference)
    modelDigest = model.digest
    encoder = model.encoder
    data = try PreparedData(experimentData, policy: spec.policy, encoder: model.encoder)
    cache = ReferenceCache(
      folder: project.cache.appendingPathComponent("reference"), model: model.digest,
      scoring: "\(reference.policy.engine.rawValue)-1")
    samples = (experimentData.evaluation?.samples ?? 0, experimentData.evaluation?.sampleTokens ?? 0)
    seeds = spec.seeds
    func load(_ reward: String, _ cost: String, _ name: String) throws -> LanguageScorers {
      try LanguageScorers(
        reward: reward, cost: cost, encoder: model.encoder, project: project, workers: workers, place: "data, \(name)",
        trunk: reference.policy.trunk, hiddenStates: hiddenStates)
    }
    let needsScorers = try spec.arms.contains { try $0.readsScores(at: spec.name) }
    scorers = try needsScorers ? experimentData.scorers.map { try load($0.reward, $0.cost, "scorers") } : nil
    let judgePrompts = data.judgePrompts
    judges = try experimentData.judges.map { spec in
      JudgePanel(
        scorers: try load(spec.reward, spec.cost, "judges"), prompts: judgePrompts,
        maxNewTokens: spec.maxNewTokens, endOfTurn: model.encoder.endOfTurn)
    }
  }

  /// What happened to every row.
  public var remarks: [String] { data.summary }

  /// Digests of the model and of the comparisons an arm reads.
  public func inputs(_ arm: ArmSpec) -> [String: String] {
    var inputs = ["model": modelDigest, "train": data.trainDigest, "evaluation": data.evaluationDigest(samples)]
    if arm.buffer { inputs["buffer"] = data.bufferDigest }
    if let judges { inputs["judges"] = SHA256.hex(of: "\(judges.scorers.digest) \(data.judgeDigest)") }
    if (try? arm.readsScores(at: "arm")) == true {
      inputs["scorers"] = scorers?.digest
      inputs["rollouts"] = data.rolloutDigest
    }
    return inputs
  }

  public func run(
    _ cell: CellConfiguration, savingPolicyTo folder: URL?, checkpoints: URL?, afterStep: (Int) throws -> Void
  ) throws -> CellOutcome {
    let before = hiddenStates.counts
    let supply = LanguageSupply(
      reference: reference, data: data, cache: cache, encoder: encoder, scorers: scorers, cell: cell)
    let trained = try StageRunner(
      cell: cell, supply: supply.functions, checkpoints: try checkpoints.map { try CheckpointFolder($0, cell: cell) }
    ).run(afterStep: afterStep)
    var metrics: [String: Double] = [:]
    for (name, judge) in data.judges {
      // With judges, the plane's two axes are theirs.
      let name = judges == nil ? name : "\(name)Order"
      metrics.merge(try self.judge(judge, name, policy: trained.policy)) { $1 }
    }
    metrics.merge(judged(trained.policy, seed: cell.seed)) { $1 }
    metrics["multiplier"] = trained.multiplier
    if let folder { try save(trained.policy, to: folder, cell: cell) }
    var outcome = CellOutcome(metrics: metrics, curve: trained.curve, work: trained.work)
    let counts = hiddenStates.counts - before
    if counts != HiddenStateCounts() { outcome.hiddenStates = counts }
    return outcome
  }

  /// A folder that Hugging Face Transformers loads, with the base model's digest and the cell's identity in the weights' metadata.
  private func save(_ policy: borrowing LlamaPolicy<Float>, to folder: URL, cell: CellConfiguration) throws {
    let origin = ["base_model_sha256": modelDigest, "cell": try cell.identity()]
    try saveHuggingFaceFolder(
      to: folder, configuration: policy.configuration, encoder: encoder, metadata: origin
    ) { write in
      try policy.forEachTensor { name, _, values in try write(name, values) }
    }
  }

  private func judge(
    _ judge: ImplicitRewardJudge<TokenQuery>, _ name: String, policy: borrowing LlamaPolicy<Float>
  ) throws -> [String: Double] {
    let known = try cache.values(judge.queries) { reference.policy.score($0) }
    return judge.metrics(name, policy: policy.score(judge.queries), reference: known)
  }

  /// What sampled replies say: their divergence from the reference, and what the judges think of them.
  private func judged(_ policy: borrowing LlamaPolicy<Float>, seed: Int) -> [String: Double] {
    guard let judges else {
      let prompts = data.samplePrompts.prefix(samples.count)
      let replies = sampleReplies(
        to: Array(prompts), from: policy, maxNewTokens: samples.tokens, endOfTurn: encoder.endOfTurn,
        seed: replySeed(seed))
      return replyMetrics(replies, policy, reference: reference.policy)
    }
    let replies = judges.replies(of: policy, seed: replySeed(seed))
    var metrics = judges.metrics(of: replies, reference: reference.policy, key: seed, seed: replySeed(seed))
    metrics.merge(replyMetrics(replies, policy, reference: reference.policy)) { $1 }
    if let own = scorers?.scores(replies.map(\.query)) {
      metrics["trainingReward"] = mean(own.map(\.reward))
      metrics["trainingCost"] = mean(own.map(\.cost))
    }
    return metrics
  }

  private func replySeed(_ seed: Int) -> SeedTree { SeedTree(seed).child("samples") }
}
