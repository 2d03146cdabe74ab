import Basics
import Foundation
import Kernels
import Language
import Objectives
import Policies
import Preferences
import Training

/// What a reward or cost model is trained on and how.
public struct ScorerSpec: Sendable {
  public var kind: ScoreKind
  /// With a split into `train` and `test`.
  public var data: DataSpec
  /// A GGUF file, a Hugging Face folder, or a name in `Models`; nil for the standard model.
  public var model: String?
  public var trainable = ["down_proj"]
  /// Of the products with weights while it is trained.
  public var precision = Precision.float32
  /// Longest prompt plus response, tokens; longer pairs are dropped and counted.
  public var maxTokens = 512
  /// At most this many held-out pairs are judged, drawn by the seed.
  public var maxHeldOut: Int?
  /// At most this many pairs that were trained on give the normaliser its scores.
  public var normaliserPairs = 64
  public var training = TrainingConfiguration()
  public var options = ScoreTrainingOptions()
  public var seed = 0
  /// Trains on the prompts that would be held out and judges on the others: a second model that shares no prompt with the first,
  /// which may judge what was trained with the first.
  public var complement = false

  /// - Parameter data: what ``data`` is, its split left out.
  /// - Parameter trainFraction: the share of prompts to train on; the others are held out.
  public init(kind: ScoreKind, data: DataSpec, trainFraction: Double = 0.8, seed: Int = 0) {
    (self.kind, self.data, self.seed) = (kind, data, seed)
    self.data.split = SplitSpec(seed: seed, fractions: ["train": trainFraction, "test": 1 - trainFraction])
  }
}

/// The training of one reward or cost model: data and model loaded, nothing trained yet.
public struct ScorerRun: Sendable {
  public let spec: ScorerSpec
  public let train: [ScorePair<TokenQuery>]
  public let heldOut: [ScorePair<TokenQuery>]
  /// What became of the rows, one line.
  public let remark: String
  private let loaded: LoadedModel
  private let report: DataReport

  /// Loads the model, reads and splits the data, and checks the sign of every row with labels of safety.
  ///
  /// - Throws: ``UserError`` that names file and line, the missing file, or what leaves nothing to train or judge on.
  public init(_ spec: ScorerSpec) throws {
    precondition(spec.data.split != nil, "a score model is judged on held-out prompts")
    self.spec = spec
    loaded = try loadModel(spec.model)
    let data = try spec.data.load { row, place in try requireConsistentSafety(row, at: place) }
    report = data.report
    var dropped = data.report.dropped
    var unlabelled = 0
    let (encoder, longest) = (loaded.encoder, loaded.configuration.contextLength)
    func pairs(_ part: String) throws -> [ScorePair<TokenQuery>] {
      let (tokens, counts) = tokenised(
        try data.part(part), limits: TokenLimits(maxTokens: min(spec.maxTokens, longest)),
        encode: encoder.encode)
      dropped.add(counts)
      let (pairs, missing) = try spec.kind.pairs(of: tokens)
      unlabelled += missing
      if pairs.isEmpty { throw Self.nothing(in: part, spec, missing: missing, dropped: counts.total) }
      return pairs
    }
    let parts = spec.complement ? ("test", "train") : ("train", "test")
    let (train, test) = (try pairs(parts.0), try pairs(parts.1))
    self.train = train
    heldOut = Self.sample(test, count: spec.maxHeldOut ?? test.count, seed: spec.seed)
    let reasons = dropped.counts.sorted { $0.key.rawValue < $1.key.rawValue }.map { ", \($0.value) \($0.key.title)" }
    remark =
      "\(train.count) pairs to train on and \(heldOut.count) held out, of \(report.rowsRead) rows"
      + (unlabelled == 0 ? "" : ", \(unlabelled) without the labels of a \(spec.kind.rawValue)") + reasons.joined()
  }

  /// Trains, judges on the held-out pairs, and saves.
  ///
  /// - Parameter afterStep: called with the number of steps done; throwing stops the run and nothing is saved.
  /// - Throws: ``UserError`` (3) at a number that is not finite; (73) when the folder cannot be written.
  public func run(savingTo folder: URL, workers: Int, afterStep: (Int) throws -> Void) throws -> ScorerRecord {
    var model = ScoreModel(
      base: try LlamaPolicy<Float>(
        loading: loaded.source, trainable: spec.trainable, precision: spec.precision, workers: workers))
    let seed = SeedTree(spec.seed).child("score training")
    let curve = try trainScores(
      &model, pairs: train, objective: ScoreObjective(spec.kind, regularisation: spec.options.regularisation),
      options: spec.options, configuration: spec.training, seed: seed, afterStep: afterStep)
    let record = ScorerRecord(
      kind: spec.kind, sign: ScorerRecord.sign(of: spec.kind),
      normaliser: try ScoreNormaliser(spec.kind, scores: model.score(normaliserQueries(seed: seed))),
      baseModel: loaded.digest, data: report.files, flagRule: report.flagRule,
      split: spec.data.split ?? SplitSpec(fractions: [:]), complement: spec.complement ? true : nil,
      trainPairs: train.count, heldOutPairs: heldOut.count,
      remark: remark, trainable: spec.trainable, precision: spec.precision == .float32 ? nil : spec.precision,
      maxTokens: spec.maxTokens, training: spec.training,
      options: spec.options, seed: spec.seed,
      evaluation: ScorerEvaluation(
        spec.kind, pairs: heldOut, scores: model.score(queries(heldOut)), training: train,
        length: { $0.response.count }), curve: curve)
    try Scorer.save(model, encoder: loaded.encoder, record: record, to: folder)
    return record
  }

  /// Both responses of pairs that the run draws, in order of their first draw.
  private func normaliserQueries(seed: SeedTree) -> [TokenQuery] {
    let sampler = batchSampler(count: train.count, stream: "scores", configuration: spec.training, seed: seed)
    var seen: Set<Int> = []
    var drawn: [ScorePair<TokenQuery>] = []
    for step in 0..<spec.training.steps {
      for index in sampler.indices(step: step) where drawn.count < spec.normaliserPairs && seen.insert(index).inserted {
        drawn.append(train[index])
      }
      if drawn.count >= spec.normaliserPairs { break }
    }
    return queries(drawn)
  }

  /// Some of the pairs, in their order.
  private static func sample<Pair>(_ pairs: [Pair], count: Int, seed: Int) -> [Pair] {
    if count >= pairs.count { return pairs }
    var random = SeedTree(seed).child("held out").generator()
    return random.permutation(pairs.count).prefix(count).sorted().map { pairs[$0] }
  }

  private func queries(_ pairs: [ScorePair<TokenQuery>]) -> [TokenQuery] { pairs.flatMap { [$0.higher, $0.lower] } }

  private static func nothing(in part: String, _ spec: ScorerSpec, missing: Int, dropped: Int) -> UserError {
    let needed =
      spec.kind == .reward ? "the helpfulness order (`better`)" : "a safety flag on both responses (or a flag rule)"
    return UserError(
      "no pair of the part `\(part)` can be used", at: spec.data.files.map(\.name).joined(separator: ", "),
      because: "\(missing) lack \(needed), \(dropped) were dropped for their tokens",
      advice:
        "use data with these labels, say which order the file carries, raise the token limit, or change the split",
      exitCode: .badData)
  }
}
