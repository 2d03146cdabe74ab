import Basics
import Language
import Objectives
import Policies
import Preferences
import Training

/// The pairs of one run of a language model.
struct LanguageSupply {
  let reference: Trained<LlamaPolicy<Float>>
  let data: PreparedData
  let cache: ReferenceCache
  let encoder: ChatEncoder
  /// What arms are trained with, where the experiment has it.
  let scorers: LanguageScorers?
  let cell: CellConfiguration

  var functions: StageSupply<LlamaPolicy<Float>> {
    // A response scored alone and in another batch differs by rounding only: about 1e-5 nats a token in float32.
    StageSupply(
      makeReference: { reference.policy.clone() }, streams: streams, scores: scores, multiplier: multiplier,
      auxiliary: { spec in
        AuxiliaryLoss(spec, configuration: cell.training, featureCount: reference.policy.featureCount)
      }, trainOnPolicy: trainOnPolicy, stepZeroTolerance: 0.005)
  }

  private func streams(_ start: StageStart<LlamaPolicy<Float>>) throws -> [PairStream<TokenQuery>] {
    var sets = [("train", data.train)]
    if cell.buffer { sets.append(("buffer", data.buffer)) }
    return try sets.map { name, comparisons in
      let oriented = try start.stage.oriented(comparisons, objective: start.objective)
      guard !oriented.isEmpty else { throw try nothingToTrainOn(start.stage, name) }
      return try stream(name, oriented, start: start)
    }
  }

  /// The pairs with the start's scores of those that the run draws; the others keep NaN.
  private func stream(
    _ name: String, _ oriented: [Comparison<TokenQuery>], start: StageStart<LlamaPolicy<Float>>
  ) throws -> PairStream<TokenQuery> {
    let drawn = drawnPairs(count: oriented.count, stream: name)
    let queries = drawn.flatMap { [oriented[$0].first, oriented[$0].second] }
    let known =
      try start.policy.map { $0.policy.score(queries) }
      ?? cache.values(queries) { reference.policy.score($0) }
    let values = try start.scores?.scores(queries) ?? []
    var all = [Double](repeating: .nan, count: 2 * oriented.count)
    var allScores: [ResponseScores] = []
    if !values.isEmpty {
      allScores = [ResponseScores](repeating: ResponseScores(reward: .nan, cost: .nan), count: 2 * oriented.count)
    }
    for (offset, index) in drawn.enumerated() {
      for slot in 0..<2 {
        all[2 * index + slot] = known[2 * offset + slot]
        if !values.isEmpty { allScores[2 * index + slot] = values[2 * offset + slot] }
      }
    }
    return PairStream(
      name: name,
      pairs: preparePairs(
        oriented, reference: all, scores: allScores, tokenCount: { reference.policy.tokenCount($0) }),
      graded: start.stage.auxiliary.map { graded(oriented, drawn, levels: $0.levels) } ?? [:])
  }

  /// The graded responses of the drawn pairs.
  private func graded(
    _ oriented: [Comparison<TokenQuery>], _ drawn: [Int], levels: Int
  ) -> [Int: GradedPair<TokenQuery>] {
    func variants(_ query: TokenQuery) -> [GradedQuery<TokenQuery>] {
      gradedRemovals(of: encoder.decode(query.response), levels: levels).map { removal in
        let response = removal.level == 0 ? query.response : encoder.response(removal.text)
        return GradedQuery(level: removal.level, query: TokenQuery(prompt: query.prompt, response: response))
      }
    }
    return drawn.reduce(into: [:]) { pairs, index in
      pairs[index] = GradedPair(chosen: variants(oriented[index].first), rejected: variants(oriented[index].second))
    }
  }

  /// The rows that the run's batches touch, each once, in order.
  private func drawnPairs(count: Int, stream: String) -> [Int] {
    let sampler = batchSampler(count: count, stream: stream, configuration: cell.training, seed: trainingSeed(cell))
    return Set((0..<cell.training.steps).flatMap(sampler.indices(step:))).sorted()
  }

  private func nothingToTrainOn(_ stage: StageConfiguration, _ name: String) throws -> UserError {
    let needs = try stage.needs().map(\.rawValue).sorted().joined(separator: " and ")
    return UserError(
      "no pair of `\(name)` has the labels that \(stage.objective) needs",
      at: "cell with order `\(stage.order.rawValue)`", because: "it needs \(needs)",
      advice: "supply flags by a rule (`flags: \"hh-subset\"`) or choose another order", exitCode: .badData)
  }

  private func scores(of queries: [TokenQuery]) throws -> [ResponseScores] {
    guard let scorers else {
      preconditionFailure("an experiment without a reward and a cost model was let through")
    }
    return try scorers.cachedScores(queries)
  }
}
