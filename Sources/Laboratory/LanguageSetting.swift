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
  private let data: PreparedData
  private let cache: ReferenceCache
  private let modelDigest: String
  private let encoder: ChatEncoder
  private let samples: (count: Int, tokens: Int)

  public let cellsRunSideBySide = false

  /// At the reference every implicit reward is 0, so every accuracy is one half by definition.
  public let referenceMetrics = ["helpfulness": 0.5, "safety": 0.5, "klPerToken": 0]

  /// Loads the model, reads, drops, splits and tokenises the data.
  ///
  /// - Throws: ``UserError`` for a missing model or file, or data that leave nothing to train or judge on.
  public init(_ spec: ExperimentSpec, project: Project, workers: Int) throws {
    guard let experimentData = spec.data else { preconditionFailure("a language-model experiment has data") }
    let model = try loadModel(spec.policy.model)
    reference = Trained(
      try LlamaPolicy<Float>(loading: model.source, trainable: spec.policy.trainable, workers: workers))
    modelDigest = model.digest
    encoder = model.encoder
    data = try PreparedData(experimentData, policy: spec.policy, encode: model.encoder.encode)
    cache = ReferenceCache(
      folder: project.cache.appendingPathComponent("reference"), model: model.digest, scoring: "float32-1")
    samples = (experimentData.evaluation?.samples ?? 0, experimentData.evaluation?.sampleTokens ?? 0)
  }

  /// What happened to every row.
  public var remarks: [String] { data.summary }

  /// Digests of the model and of the comparisons an arm reads.
  public func inputs(_ arm: ArmSpec) -> [String: String] {
    var inputs = ["model": modelDigest, "train": data.trainDigest, "evaluation": data.evaluationDigest(samples)]
    if arm.buffer { inputs["buffer"] = data.bufferDigest }
    return inputs
  }

  public func run(
    _ cell: CellConfiguration, savingPolicyTo folder: URL?, checkpoints: URL?, afterStep: (Int) throws -> Void
  ) throws -> CellOutcome {
    let supply = LanguageSupply(reference: reference, data: data, cache: cache, encoder: encoder, cell: cell)
    let trained = try StageRunner(cell: cell, supply: supply.functions).run(afterStep: afterStep)
    var metrics: [String: Double] = [:]
    for (name, judge) in data.judges {
      metrics.merge(try self.judge(judge, name, policy: trained.policy)) { $1 }
    }
    metrics.merge(try divergence(trained.policy, seed: SeedTree(cell.seed).child("samples"))) { $1 }
    if let folder { try save(trained.policy, to: folder, cell: cell) }
    return CellOutcome(metrics: metrics, curve: trained.curve)
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
    let known = try cache.logProbabilities(judge.queries) { reference.policy.score($0) }
    return judge.metrics(name, policy: policy.score(judge.queries), reference: known)
  }

  /// KL(π ‖ π_ref) per token on replies sampled from π at temperature 1, with their length and how many ended by themselves.
  ///
  ///     k₃ = mean over sampled tokens of e^d − 1 − d,   d = log π_ref(token) − log π(token)
  ///
  /// Unbiased for the token-wise divergence along the sampled replies, and never negative.
  /// Source: Schulman 2020, "Approximating KL divergence".
  private func divergence(_ policy: borrowing LlamaPolicy<Float>, seed: SeedTree) throws -> [String: Double] {
    let prompts = data.samplePrompts.prefix(samples.count)
    if prompts.isEmpty { return [:] }
    let options = SamplingOptions(
      temperature: 1, maxNewTokens: samples.tokens, stopTokens: [encoder.endOfTurn])
    let replies = policy.generate(prompts: Array(prompts), options: options, seed: seed)
    let ended = replies.count { $0.end == .stopToken }
    let queries = zip(prompts, replies).map { TokenQuery(prompt: $0, response: $1.tokens) }
    let own = policy.tokenLogProbabilities(queries).flatMap(\.self)
    let base = reference.policy.tokenLogProbabilities(queries).flatMap(\.self)
    let terms = zip(own, base).map { exponential($1 - $0) - 1 - ($1 - $0) }
    let count = Double(prompts.count)
    return [
      "klPerToken": mean(terms), "klPerToken_tokens": Double(terms.count), "sampleLength": Double(terms.count) / count,
      "endOfTurnRate": Double(ended) / count,
    ]
  }
}
