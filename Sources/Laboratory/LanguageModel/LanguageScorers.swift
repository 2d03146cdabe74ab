import Basics
import Foundation
import Language
import Objectives
import Policies
import Training

/// A reward and a cost model that read a policy's tokens.
///
/// Scores are normalised as each model's record says: rewards are centred and scaled, costs are only scaled, so that a cost above 0
/// still means unsafe. A reply that was cut off is scored as if it had ended there.
final class LanguageScorers: Sendable {
  private let reward: Scorer
  private let cost: Scorer
  private let endOfTurn: Int32
  /// Scores on disk, for the pairs that every cell of a sweep shares.
  private let rewards: ReferenceCache
  private let costs: ReferenceCache

  /// - Parameters:
  ///   - place: what messages call the pair, such as `data, scorers`.
  ///   - trunk: frozen layers of the policy, which models that were trained above them have too; nil when it has none.
  ///   - hiddenStates: for layers that the two have in common, when they do not have the trunk.
  /// - Throws: ``UserError``: 66 for a missing folder, 65 for a model of the other kind or of other tokens.
  init(
    reward: String, cost: String, encoder: ChatEncoder, project: Project, workers: Int, place: String,
    trunk: FrozenTrunk<Float>?, hiddenStates: HiddenStateCache<Float>
  ) throws {
    func load(_ path: String, as kind: ScoreKind) throws -> Scorer {
      let scorer = try Scorer(loading: project.locate(path), workers: workers)
      guard scorer.record.kind == kind else {
        throw UserError(
          "a \(scorer.record.kind.rawValue) model stands where a \(kind.rawValue) model is meant", at: place,
          because: path, advice: "exchange the folders, or train one: `./bfpo train \(kind.rawValue)`",
          exitCode: .badData)
      }
      guard scorer.encoder.readsLike(encoder) else {
        throw UserError(
          "the \(kind.rawValue) model reads other tokens than the policy", at: place, because: path,
          advice: "train it from the policy's own model: `./bfpo train \(kind.rawValue) --model …`", exitCode: .badData)
      }
      return scorer
    }
    var rewardModel = try load(reward, as: .reward)
    var costModel = try load(cost, as: .cost)
    Scorer.shareTrunk(&rewardModel, &costModel, trunk, hiddenStates)
    self.reward = rewardModel
    self.cost = costModel
    endOfTurn = encoder.endOfTurn
    let folder = project.cache.appendingPathComponent("scores")
    let arithmetic = "\(self.reward.model.base.engine.rawValue)-1"
    rewards = ReferenceCache(folder: folder, model: self.reward.digest, scoring: arithmetic)
    costs = ReferenceCache(folder: folder, model: self.cost.digest, scoring: arithmetic)
  }

  /// SHA-256 of both models.
  var digest: String { SHA256.hex(of: "\(reward.digest) \(cost.digest)") }

  func scores(_ queries: [TokenQuery]) -> [ResponseScores] {
    let ended = queries.map(ended)
    return normalised(rewards: reward.scores(ended), costs: cost.scores(ended))
  }

  /// The same, kept on disk.
  ///
  /// - Throws: ``UserError`` (73) when the cache cannot be written.
  func cachedScores(_ queries: [TokenQuery]) throws -> [ResponseScores] {
    let ended = queries.map(ended)
    return normalised(
      rewards: try rewards.values(ended) { reward.scores($0) },
      costs: try costs.values(ended) { cost.scores($0) })
  }

  private func normalised(rewards: [Double], costs: [Double]) -> [ResponseScores] {
    zip(rewards, costs).map {
      ResponseScores(reward: reward.record.normaliser($0), cost: cost.record.normaliser($1))
    }
  }

  /// The normalised scores with the hidden states that the critics read: before each token of the replies.
  func features(_ queries: [TokenQuery]) -> (scores: [ResponseScores], features: [CriticFeatures]) {
    let ended = queries.map(ended)
    let rewards = reward.model.base.tokenFeatures(ended)
    let costs = cost.model.base.tokenFeatures(ended)
    var scores: [ResponseScores] = []
    var features: [CriticFeatures] = []
    for (index, query) in queries.enumerated() {
      let count = query.response.count
      scores.append(
        ResponseScores(
          reward: reward.normalisedScore(rewards[index].last!), cost: cost.normalisedScore(costs[index].last!)))
      features.append(
        CriticFeatures(reward: Array(rewards[index].prefix(count)), cost: Array(costs[index].prefix(count))))
    }
    return (scores, features)
  }

  /// Critics that start as the two models' heads, in normalised units.
  func critics(
    rate: Double, features: @escaping ([TokenQuery]) throws -> [CriticFeatures]
  ) -> LinearCritics<TokenQuery> {
    LinearCritics(reward: reward.normalisedHead, cost: cost.normalisedHead, rate: rate, features: features)
  }

  private func ended(_ query: TokenQuery) -> TokenQuery {
    if query.response.last == endOfTurn { return query }
    return TokenQuery(prompt: query.prompt, response: query.response + [endOfTurn])
  }
}

extension Scorer {
  /// Lets both models read texts through the same frozen layers: the policy's where they have them, else those that they have in
  /// common.
  fileprivate static func shareTrunk(
    _ reward: inout Scorer, _ cost: inout Scorer, _ trunk: FrozenTrunk<Float>?, _ hiddenStates: HiddenStateCache<Float>
  ) {
    if let trunk, reward.model.base.adopt(trunk), cost.model.base.adopt(trunk) { return }
    let depth = reward.model.base.equalLayers(cost.model.base)
    guard depth > 0 else { return }
    let common = reward.model.base.makeTrunk(depth: depth, cache: hiddenStates)
    reward.model.base.adopt(common)
    cost.model.base.adopt(common)
  }

  /// The score of a hidden state [width], normalised.
  fileprivate func normalisedScore(_ features: [Float]) -> Double {
    record.normaliser(model.score(of: features.map(Double.init)))
  }

  /// The head with the normalisation in its weights.
  fileprivate var normalisedHead: (weight: [Double], bias: Double) {
    let origin = record.normaliser(0)
    let scale = record.normaliser(1) - origin
    return (model.head.weight.map { scale * Double($0) }, origin + scale * Double(model.head.bias))
  }
}
