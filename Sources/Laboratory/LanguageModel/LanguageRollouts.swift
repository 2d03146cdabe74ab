import Basics
import Language
import Objectives
import Policies
import Preferences
import Theory
import Training

/// Safe RLHF on a language model: the policy writes replies, a reward and a cost model score them, and two linear critics on those
/// models' hidden states expect the rest of each reply.
extension LanguageSupply {
  /// - Throws: ``UserError`` (65) for settings that only a table can have, or a term without its data.
  func trainOnPolicy(
    _ policy: inout LlamaPolicy<Float>, _ start: RolloutStart<LlamaPolicy<Float>>,
    checkpointing: Checkpointing<Float>, afterStep: (Int) throws -> Void
  ) throws -> TrainingCurve {
    try check(start.objective)
    let reader = ReplyReader(scorers: scorers)
    let base = start.policy ?? reference
    let (encoder, rollouts) = (encoder, data.rollouts)
    var source = RolloutSource<LlamaPolicy<Float>>(
      draw: { policy, collection, seed in draw(policy, collection, seed) },
      reference: { base.policy.tokenLogProbabilities($0) },
      scores: { queries in
        var scores = try start.scores.isOwn ? reader.read(queries).scores : start.scores.scores(queries)
        for (index, query) in queries.enumerated() where query.response.last != encoder.endOfTurn {
          scores[index].reward -= rollouts.missingEndPenalty
        }
        return scores
      })
    source.pretraining = pretraining(start)
    // Opened once, so that the training loop is called with the objective's concrete type.
    func opened<O: RolloutObjective>(_ objective: O) throws -> TrainingCurve {
      try Training.trainOnPolicy(
        &policy, source: source, critics: critics(objective, reader), objective: objective,
        configuration: start.configuration, seed: start.seed, stepZeroTolerance: functions.stepZeroTolerance,
        checkpointing: checkpointing
      ) { step, _ in try afterStep(step) }
    }
    return try opened(start.objective)
  }

  private func check(_ objective: any RolloutObjective) throws {
    func refuse(_ what: String, because why: String, advice: String) throws {
      throw UserError(
        what, at: "objective `\(cell.objective)`", because: why, advice: advice, exitCode: .badData)
    }
    if objective.collection.samples == 0 {
      try refuse(
        "`samples: 0` asks for every response", because: "only a table can list them",
        advice: "say how many replies a step draws, for example `samples: 16`")
    }
    if objective.collection.usesCritics, scorers == nil {
      try refuse(
        "critics read a reward and a cost model", because: "the experiment has none",
        advice: "name them in `data: { scorers: { reward: …, cost: … } }`, or use `advantage: \"rloo\"`")
    }
    if objective.ptxCoefficient > 0, data.buffer.isEmpty {
      try refuse(
        "`ptxCoefficient` has no texts", because: "the language-modelling term reads the better responses of `buffer`",
        advice: "add `data: { buffer: {…} }`, or set `ptxCoefficient: 0`")
    }
  }

  /// Different prompts as long as there are any, in their order; the replies' weights are equal.
  private func draw(
    _ policy: borrowing LlamaPolicy<Float>, _ collection: RolloutCollection, _ seed: SeedTree
  ) -> [RolloutGroup<TokenQuery>] {
    var random = seed.child("prompts").generator()
    let groups = collection.samples / collection.groupSize
    var chosen: [Int] = []
    while chosen.count < groups {
      chosen += random.permutation(data.rolloutPrompts.count).prefix(groups - chosen.count).sorted()
    }
    let prompts = chosen.flatMap { [[Int32]](repeating: data.rolloutPrompts[$0], count: collection.groupSize) }
    let queries = replies(to: prompts, from: policy, seed: seed.child("replies"))
    let weights = [Double](repeating: 1 / Double(collection.samples), count: collection.groupSize)
    return (0..<groups).map { group in
      let begin = group * collection.groupSize
      return RolloutGroup(queries: Array(queries[begin..<(begin + collection.groupSize)]), weights: weights)
    }
  }

  /// A reply to each prompt, at temperature 1.
  func replies(
    to prompts: [[Int32]], from policy: borrowing LlamaPolicy<Float>, seed: SeedTree
  ) -> [TokenQuery] {
    sampleReplies(
      to: prompts, from: policy, maxNewTokens: data.rollouts.maxNewTokens, endOfTurn: encoder.endOfTurn, seed: seed
    ).map(\.query)
  }

  /// The better responses of the buffer, a batch a step.
  private func pretraining(_ start: RolloutStart<LlamaPolicy<Float>>) -> ((Int) -> [TokenQuery])? {
    let texts = PreferenceOrder.helpfulness.oriented(data.buffer).pairs.map(\.first)
    if texts.isEmpty { return nil }
    let sampler = batchSampler(
      count: texts.count, stream: "ptx", configuration: start.configuration, seed: start.seed)
    return { step in sampler.indices(step: step).map { texts[$0] } }
  }

  private func critics(_ objective: some RolloutObjective, _ reader: ReplyReader) -> LinearCritics<TokenQuery> {
    guard let scorers else {
      let none: (weight: [Double], bias: Double) = ([], 0)
      return LinearCritics(reward: none, cost: none, rate: 0) { _ in [] }
    }
    return scorers.critics(rate: objective.collection.criticRate) { try reader.read($0).features }
  }
}

/// The reward and the cost model's reading of one batch of replies, kept because scores and critics need it several times a step.
private final class ReplyReader {
  private let scorers: LanguageScorers?
  private var queries: [TokenQuery] = []
  private var reading: (scores: [ResponseScores], features: [CriticFeatures]) = ([], [])

  init(scorers: LanguageScorers?) { self.scorers = scorers }

  func read(_ queries: [TokenQuery]) throws -> (scores: [ResponseScores], features: [CriticFeatures]) {
    guard let scorers else { preconditionFailure("nothing reads replies without a reward and a cost model") }
    if queries != self.queries { (self.queries, reading) = (queries, scorers.features(queries)) }
    return reading
  }
}

/// λ of an objective on pairs, from replies of the policy.
extension LanguageSupply {
  /// The one-shot dual over the reference's replies as an empirical measure, or ascent on the mean cost of the policy's own.
  ///
  /// An implied cost counts from the mean over the reference's replies to the same prompt, so that a budget of −1 asks for one nat
  /// less than that.
  ///
  /// Source: Huang et al. 2024, arXiv 2405.19544 (the dual over samples of the reference); Liu et al. 2024, arXiv 2403.02475.
  func multiplier(
    _ rule: MultiplierRule, _ start: Trained<LlamaPolicy<Float>>?, _ scorer: ResponseScorer<TokenQuery>
  ) throws -> Multiplier<LlamaPolicy<Float>> {
    let base = start ?? reference
    let seed = SeedTree(cell.seed).child("constraint")
    let count = data.rollouts.constraintReplies
    let prompts = data.constraintPrompts(seed: seed.child("prompts"))
    /// [prompts][replies].
    func scores(_ policy: borrowing LlamaPolicy<Float>, _ seed: SeedTree) throws -> [[ResponseScores]] {
      let repeated = prompts.flatMap { [[Int32]](repeating: $0, count: count) }
      let all = try scorer.scores(replies(to: repeated, from: policy, seed: seed))
      return prompts.indices.map { Array(all[($0 * count)..<(($0 + 1) * count)]) }
    }
    func origins() throws -> [Double] {
      guard scorer.isCostImplied else { return [Double](repeating: 0, count: prompts.count) }
      return try scores(base.policy, seed.child("reference")).map { mean($0.map(\.cost)) }
    }
    switch rule {
    case .none: return .unconstrained
    case .oneShot(let budget, let tau):
      let own = try scores(base.policy, seed.child("reference"))
      let origins = scorer.isCostImplied ? own.map { mean($0.map(\.cost)) } : own.map { _ in 0 }
      let problem = ConstrainedProblem(
        zip(own, origins).map { replies, origin in
          ConstrainedPrompt(
            reference: [Double](repeating: 1 / Double(count), count: count), reward: replies.map(\.reward),
            cost: replies.map { $0.cost - origin })
        }, beta: tau, budget: budget)
      switch problem.solve() {
      case .solved(let solution): return .fixed(solution.multiplier)
      case .infeasible(let least): throw infeasible(budget, least: least)
      }
    case .ascent(let ascent):
      let origin = mean(try origins())
      return .ascent(ascent) { policy, step in
        mean(try scores(policy, seed.child("step").child(step)).flatMap(\.self).map(\.cost)) - origin
      }
    }
  }

  private func infeasible(_ budget: Double, least: Double) -> UserError {
    UserError(
      "the cost budget \(budget) cannot be kept", at: "the dual problem over the reference's replies",
      because: "choosing the cheapest reply to every prompt still costs \(least) on average",
      advice: "raise `budget`, or draw more replies (`rollouts: { constraintReplies: … }`)", exitCode: .infeasible)
  }
}
