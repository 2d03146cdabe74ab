import Basics
import Objectives
import Policies
import Training

/// What a setting gives to the stages of a cell: its reference, its pairs, and what it knows of rewards and costs.
///
/// A struct of functions, because a protocol cannot have a policy that is not copyable as an associated type.
struct StageSupply<P: Policy & ~Copyable> {
  /// A copy of the reference policy, to be trained.
  var makeReference: () -> P
  /// The pairs of a stage, scored by the policy it starts from.
  var streams: (StageStart<P>) throws -> [PairStream<P.Query>]
  /// The setting's own rewards and costs.
  var scores: ([P.Query]) throws -> [ResponseScores]
  /// λ of a constrained objective.
  var multiplier: (MultiplierRule, Trained<P>?, ResponseScorer<P.Query>) throws -> Multiplier<P>
  /// The auxiliary loss of a stage; nil where the policy has no features.
  var auxiliary: ((AuxiliarySpec) -> AuxiliaryLoss<P>)?
  /// A stage that another cell trained already, by what decides its numbers.
  var recall: (StageKey) throws -> (policy: Trained<P>, work: TrainingWork)? = { _ in nil }
  var remember: (StageKey, borrowing P, TrainingWork) throws -> Void = { _, _, _ in }
  /// Trains a stage whose objective learns from pairs.
  var trainOnPairs: (inout P, PairTraining<P>, (Int) throws -> Void) throws -> TrainingCurve = {
    policy, run, afterStep in
    try run.train(&policy, afterStep: afterStep)
  }
  /// Trains a stage whose objective learns from the policy's own responses; nil for a policy that cannot yet.
  var trainOnPolicy:
    ((inout P, RolloutStart<P>, Checkpointing<P.Scalar>, (Int) throws -> Void) throws -> TrainingCurve)?
  /// See ``trainOffline``.
  var stepZeroTolerance: Double
}

/// A stage that is about to learn from its own responses.
struct RolloutStart<P: Policy & ~Copyable> {
  var objective: any RolloutObjective
  /// The earlier stage's policy it starts from, which is its reference; nil for the setting's reference.
  var policy: Trained<P>?
  var scores: ResponseScorer<P.Query>
  var configuration: TrainingConfiguration
  var seed: SeedTree
}

/// A stage that is about to be trained.
struct StageStart<P: Policy & ~Copyable> {
  var stage: StageConfiguration
  var objective: any Objective
  /// The earlier stage's policy it starts from; nil for the reference.
  var policy: Trained<P>?
  /// Rewards and costs of queries; nil when the objective needs none.
  var scores: ResponseScorer<P.Query>?
}

/// Rewards and costs of queries.
struct ResponseScorer<Query> {
  /// Whether costs are implicit rewards, which a policy fixes only up to a constant of each prompt.
  var isCostImplied: Bool
  /// Whether both are the setting's own and neither is implied by an earlier stage.
  var isOwn: Bool
  /// [queries].
  var scores: ([Query]) throws -> [ResponseScores]
}

/// A stage's policy, kept for the stages after it.
final class Trained<P: Policy & ~Copyable> {
  let policy: P

  init(_ policy: consuming P) { self.policy = policy }
}

extension Trained: Sendable where P: Sendable & ~Copyable {}

/// Everything that decides what a stage trains, given the setting.
struct StageKey: Codable {
  var training: TrainingConfiguration
  var seed: Int
  /// The stage and those before it.
  var stages: [StageConfiguration]

  func digest() throws -> String { SHA256.hex(of: try canonicalJSON(self)) }
}

/// A cell's policy with the course of its last stage.
struct TrainedCell<P: Policy & ~Copyable>: ~Copyable {
  var policy: P
  var curve: TrainingCurve
  /// Of all stages, those among them that another cell had trained already.
  var work: TrainingWork
  /// λ of the last stage at its end; nil without a constraint.
  var multiplier: Double?
}

/// Trains the stages of a cell in turn and merges them where the cell says so.
struct StageRunner<P: Policy & ~Copyable> {
  let cell: CellConfiguration
  let supply: StageSupply<P>
  /// Keeps each stage's state; nil keeps nothing.
  var checkpoints: CheckpointFolder?

  /// - Parameter afterStep: called with the number of steps done in all stages; throwing stops the cell.
  func run(afterStep: (Int) throws -> Void) throws -> TrainedCell<P> {
    let stages = cell.allStages
    var trained: [String: Trained<P>] = [:]
    var curve = TrainingCurve(steps: cell.training.steps)
    var work = TrainingWork()
    for (index, stage) in stages.enumerated() {
      let isKept = index + 1 < stages.count || cell.merge != nil
      let key = StageKey(training: cell.training, seed: cell.seed, stages: Array(stages[...index]))
      if isKept, index + 1 < stages.count, let known = try supply.recall(key) {
        trained[stage.name] = known.policy
        work += known.work
        try afterStep((index + 1) * cell.training.steps)
        continue
      }
      let start = stage.from.flatMap { trained[$0] }
      var policy = start.map { $0.policy.clone() } ?? supply.makeReference()
      let checkpointing: Checkpointing<P.Scalar> =
        try checkpoints?.checkpointing(stage: index, of: stages.count, steps: cell.training.steps) ?? .none
      curve = try train(&policy, stage, start: start, earlier: trained, checkpointing: checkpointing) {
        try afterStep(index * cell.training.steps + $0)
      }
      work += curve.work
      if isKept { try supply.remember(key, policy, curve.work) }
      trained[stage.name] = Trained(policy)
    }
    let multiplier = curve.points.last?.multiplier
    if let merge = cell.merge {
      return TrainedCell(policy: merged(merge, trained), curve: curve, work: work, multiplier: multiplier)
    }
    guard let last = stages.last.flatMap({ trained[$0.name] }) else { preconditionFailure("a cell has a stage") }
    return TrainedCell(policy: last.policy.clone(), curve: curve, work: work, multiplier: multiplier)
  }

  private func train(
    _ policy: inout P, _ stage: StageConfiguration, start: Trained<P>?, earlier: [String: Trained<P>],
    checkpointing: Checkpointing<P.Scalar>, afterStep: (Int) throws -> Void
  ) throws -> TrainingCurve {
    let method = try stage.makeMethod()
    let scorer = try scorer(stage, earlier: earlier)
    guard let objective = method as? any Objective else {
      guard let objective = method as? any RolloutObjective, let scorer, let train = supply.trainOnPolicy else {
        preconditionFailure("this policy cannot learn from its own responses")
      }
      let begin = RolloutStart(
        objective: objective, policy: start, scores: scorer, configuration: cell.training, seed: trainingSeed(cell))
      return try train(&policy, begin, checkpointing, afterStep)
    }
    let streams = try supply.streams(
      StageStart(stage: stage, objective: objective, policy: start, scores: scorer))
    var multiplier = Multiplier<P>.unconstrained
    if let scorer, objective.multiplierRule != .none {
      multiplier = try supply.multiplier(objective.multiplierRule, start, scorer)
    }
    let auxiliary = stage.auxiliary.map { spec in
      guard let make = supply.auxiliary else { preconditionFailure("this policy has no features") }
      return make(spec)
    }
    let run = PairTraining(
      objective: objective, streams: streams, configuration: cell.training, seed: trainingSeed(cell),
      stepZeroTolerance: supply.stepZeroTolerance, multiplier: multiplier, auxiliary: auxiliary,
      checkpointing: checkpointing)
    return try supply.trainOnPairs(&policy, run, afterStep)
  }

  /// The setting's rewards and costs, with those parts replaced that earlier stages imply.
  private func scorer(
    _ stage: StageConfiguration, earlier: [String: Trained<P>]
  ) throws -> ResponseScorer<P.Query>? {
    let needs = try stage.needs()
    guard !needs.isDisjoint(with: [.rewards, .costs]) else { return nil }
    let source = stage.scores ?? ScoreSource()
    let isImplied =
      (source.reward != nil || !needs.contains(.rewards)) && (source.cost != nil || !needs.contains(.costs))
    let supply = supply
    let taus = Dictionary(uniqueKeysWithValues: cell.allStages.map { ($0.name, $0.tau) })
    return ResponseScorer(isCostImplied: source.cost != nil, isOwn: source.names.isEmpty) { queries in
      func implicit(_ name: String) -> [Double] {
        guard let policy = earlier[name], let tau = taus[name] else { preconditionFailure("no stage `\(name)`") }
        return zip(policy.policy.score(queries), supply.makeReference().score(queries)).map { tau * ($0 - $1) }
      }
      var scores =
        isImplied
        ? [ResponseScores](repeating: ResponseScores(reward: 0, cost: 0), count: queries.count)
        : try supply.scores(queries)
      if let name = source.reward { for (i, reward) in implicit(name).enumerated() { scores[i].reward = reward } }
      if let name = source.cost { for (i, reward) in implicit(name).enumerated() { scores[i].cost = -reward } }
      return scores
    }
  }

  /// θ_ref + Σ_k w_k (θ_k − θ_ref) over the trainable tensors; see ``MergeSpec``.
  private func merged(_ merge: MergeSpec, _ trained: [String: Trained<P>]) -> P {
    var result = supply.makeReference()
    let origin = tensors(supply.makeReference())
    for (name, weight) in merge.weights {
      guard let stage = trained[name] else { preconditionFailure("no stage `\(name)`") }
      let other = tensors(stage.policy.clone())
      let factor = P.Scalar(weight)
      result.updateTrainable { index, tensor in
        for i in tensor.indices { tensor[i] += factor * (other[index][i] - origin[index][i]) }
      }
    }
    return result
  }

  private func tensors(_ policy: consuming P) -> [[P.Scalar]] {
    var all: [[P.Scalar]] = []
    policy.updateTrainable { _, tensor in all.append(tensor) }
    return all
  }
}

/// The seed of a cell's batches, the same in every stage.
func trainingSeed(_ cell: CellConfiguration) -> SeedTree { SeedTree(cell.seed).child("training") }
