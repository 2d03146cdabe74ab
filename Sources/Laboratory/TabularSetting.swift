import Basics
import Foundation
import Objectives
import Policies
import Preferences
import Synchronization
import Theory
import Training

/// A synthetic world: labels are sampled from it, metrics are exact expectations.
public struct TabularSetting: Setting {
  public let world: SyntheticWorld
  /// The limit of every policy in the plane of helpfulness and safety.
  public let frontier: ParetoFrontier
  private let memory = StageMemory()

  public init(_ spec: SyntheticWorldSpec) {
    world = SyntheticWorld(spec)
    frontier = world.frontier
  }

  public var cellsRunSideBySide: Bool { true }

  public var remarks: [String] { [] }

  public var referenceMetrics: [String: Double] { metrics { world.referenceLogProbabilities[$0] } }

  public func run(
    _ cell: CellConfiguration, savingPolicyTo folder: URL?, checkpoints: URL?, afterStep: (Int) throws -> Void
  ) throws -> CellOutcome {
    let supply = TabularSupply(world: world, seed: cell.seed, memory: memory)
    let trained = try StageRunner(cell: cell, supply: supply.functions).run(afterStep: afterStep)
    let table: [[Double]] = (0..<world.spec.prompts).map { trained.policy.logProbabilities(prompt: $0) }
    var metrics = metrics { table[$0] }
    metrics["multiplier"] = trained.multiplier
    if cell.merge == nil { metrics["loss"] = trained.curve.points.last?.loss }
    let cost = metrics["cost"] ?? .nan
    metrics.merge(try supply.rolloutMetrics(cell, curve: trained.curve, policy: table, cost: cost)) { $1 }
    if let folder {
      try AtomicFile.write(
        try canonicalJSON(["logProbabilities": table]) + "\n", to: folder.appendingPathComponent("policy.json"))
    }
    return CellOutcome(metrics: metrics, curve: trained.curve, work: trained.work)
  }

  /// Exact expectations under a policy, and how far it stays behind the best possible trade-off.
  private func metrics(logPolicy: (Int) -> [Double]) -> [String: Double] {
    let exact = world.evaluate(logPolicy: logPolicy)
    let point = PlanePoint(x: exact.helpfulness, y: exact.safety)
    return [
      "helpfulness": exact.helpfulness, "safety": exact.safety, "kl": exact.kl, "reward": exact.reward,
      "cost": exact.cost, "frontierDistance": frontier.distance(of: point).euclidean,
    ]
  }
}

extension SyntheticWorld {
  /// The exact frontier of (helpfulness, safety) over all policies, prompts weighted alike.
  public var frontier: ParetoFrontier {
    ParetoFrontier(
      (0..<spec.prompts).map { prompt in
        FrontierPrompt(
          points: (0..<spec.responses).map { response in
            PlanePoint(
              x: winRate(response, prompt: prompt), y: safeProbability(response, prompt: prompt))
          })
      })
  }
}

/// What several cells share: the comparisons of a seed, and stages such as the two policies of a soup whose share is swept; a memo
/// of pure functions.
final class StageMemory: Sendable {
  private let stages = Mutex<[String: (logits: [Double], work: TrainingWork)]>([:])
  private let tables = Mutex<[Int: LearnedScores]>([:])
  private let pairs = Mutex<[Int: [Comparison<TabularQuery>]]>([:])
  /// The most comparisons that are kept, of all seeds together.
  private static let mostComparisons = 1_000_000

  /// The comparisons of a seed.
  func comparisons(seed: Int, make: () -> [Comparison<TabularQuery>]) -> [Comparison<TabularQuery>] {
    if let known = pairs.withLock({ $0[seed] }) { return known }
    let made = make()
    pairs.withLock { pairs in
      if (pairs.count + 1) * made.count > Self.mostComparisons { pairs.removeAll() }
      if made.count <= Self.mostComparisons { pairs[seed] = made }
    }
    return made
  }

  func recall(_ key: StageKey) throws -> (logits: [Double], work: TrainingWork)? {
    let digest = try key.digest()
    return stages.withLock { $0[digest] }
  }

  func remember(_ key: StageKey, _ logits: [Double], _ work: TrainingWork) throws {
    let digest = try key.digest()
    stages.withLock { $0[digest] = (logits, work) }
  }

  /// The learned rewards and costs of a seed, which all its cells share.
  func learned(seed: Int, make: () -> LearnedScores) -> LearnedScores {
    if let known = tables.withLock({ $0[seed] }) { return known }
    let made = make()
    tables.withLock { $0[seed] = made }
    return made
  }
}

/// The pairs, rewards and costs of one run on a synthetic world.
struct TabularSupply {
  let world: SyntheticWorld
  let comparisons: [Comparison<TabularQuery>]
  let memory: StageMemory
  private let seed: Int

  init(world: SyntheticWorld, seed: Int, memory: StageMemory) {
    self.world = world
    self.memory = memory
    self.seed = seed
    comparisons = memory.comparisons(seed: seed) {
      world.sampleComparisons(seed: SeedTree(seed), item: TabularQuery.init)
    }
  }

  private func makeReference() -> TabularPolicy { policy(logits: world.referenceLogProbabilities.flatMap(\.self)) }

  var functions: StageSupply<TabularPolicy> {
    StageSupply(
      makeReference: makeReference, streams: streams, scores: scores, multiplier: multiplier, recall: recall,
      remember: remember, trainOnPairs: { try $1.trainTable(&$0, afterStep: $2) },
      trainOnPolicy: trainOnPolicy, stepZeroTolerance: 1e-9)
  }

  private func streams(_ start: StageStart<TabularPolicy>) throws -> [PairStream<TabularQuery>] {
    let oriented = try start.stage.oriented(comparisons, objective: start.objective)
    guard !oriented.isEmpty else {
      throw UserError(
        "no pair has the labels that \(start.stage.objective) needs", at: "stage `\(start.stage.name)`",
        because: "none of the \(comparisons.count) comparisons is left", advice: "raise `comparisons` of the world",
        exitCode: .badData)
    }
    var queries: [TabularQuery] = []
    queries.reserveCapacity(2 * oriented.count)
    for pair in oriented {
      queries.append(pair.first)
      queries.append(pair.second)
    }
    let reference = start.policy.map { $0.policy.score(queries) } ?? makeReference().score(queries)
    let pairs = preparePairs(oriented, reference: reference, scores: try start.scores?.scores(queries) ?? []) { _ in 1 }
    return [PairStream(name: "comparisons", pairs: pairs)]
  }

  /// What training is told: the exact rewards and costs, or learned ones.
  func scores(of queries: [TabularQuery]) -> [ResponseScores] {
    guard let spec = world.spec.scores else { return exactScores(of: queries) }
    let learned = memory.learned(seed: seed) { LearnedScores(world, scores: spec, seed: SeedTree(seed)) }
    return queries.map(learned.scores)
  }

  func exactScores(of queries: [TabularQuery]) -> [ResponseScores] {
    queries.map { query in
      ResponseScores(
        reward: world.reward(query.response, prompt: query.prompt),
        cost: world.cost(query.response, prompt: query.prompt))
    }
  }

  /// Reward and cost of every response to every prompt, prompt by prompt. Implied costs are counted from the reference's own
  /// expected cost, so that a budget of −1 asks for one nat less than that.
  func scoreTable(_ scores: ResponseScorer<TabularQuery>) throws -> [ResponseScores] {
    let (prompts, responses) = (world.spec.prompts, world.spec.responses)
    var table = try scores.scores(world.allQueries)
    for prompt in 0..<prompts where scores.isCostImplied {
      let own = (prompt * responses)..<((prompt + 1) * responses)
      let origin = zip(world.reference[prompt], table[own]).reduce(0) { $0 + $1.0 * $1.1.cost }
      for i in own { table[i].cost -= origin }
    }
    return table
  }

  /// The constrained problem next to the policy that a stage starts from.
  func problem(
    start: Trained<TabularPolicy>?, table: [ResponseScores], beta: Double, budget: Double
  ) -> ConstrainedProblem {
    let (prompts, responses) = (world.spec.prompts, world.spec.responses)
    return ConstrainedProblem(
      (0..<prompts).map { prompt in
        let own = table[(prompt * responses)..<((prompt + 1) * responses)]
        return ConstrainedPrompt(
          reference: start.map { $0.policy.logProbabilities(prompt: prompt).map(exponential) }
            ?? world.reference[prompt],
          reward: own.map(\.reward), cost: own.map(\.cost))
      }, beta: beta, budget: budget)
  }

  /// λ from the exact dual, or following the exact expected cost of the policy.
  private func multiplier(
    _ rule: MultiplierRule, _ start: Trained<TabularPolicy>?, _ scores: ResponseScorer<TabularQuery>
  ) throws -> Multiplier<TabularPolicy> {
    let (prompts, responses) = (world.spec.prompts, world.spec.responses)
    let table = try scoreTable(scores)
    switch rule {
    case .none: return .unconstrained
    case .ascent(let ascent):
      let least = problem(start: start, table: table, beta: 1, budget: ascent.budget).leastCost
      guard least < ascent.budget else { throw infeasible(ascent.budget, least: least) }
      let costs = table.map(\.cost)
      return .ascent(ascent) { policy, _ in
        (0..<prompts).reduce(0) { total, prompt in
          let own = costs[(prompt * responses)..<((prompt + 1) * responses)]
          return total + zip(policy.logProbabilities(prompt: prompt), own).reduce(0) { $0 + exponential($1.0) * $1.1 }
        } / Double(prompts)
      }
    case .oneShot(let budget, let tau):
      switch problem(start: start, table: table, beta: tau, budget: budget).solve() {
      case .solved(let solution): return .fixed(solution.multiplier)
      case .infeasible(let least): throw infeasible(budget, least: least)
      }
    }
  }

  private func infeasible(_ budget: Double, least: Double) -> UserError {
    UserError(
      "the cost budget \(budget) cannot be kept", at: "the dual problem before training",
      because: "no policy has an expected cost below \(least)", advice: "raise `budget`", exitCode: .infeasible)
  }

  private func recall(_ key: StageKey) throws -> (policy: Trained<TabularPolicy>, work: TrainingWork)? {
    try memory.recall(key).map { (Trained(policy(logits: $0.logits)), $0.work) }
  }

  private func remember(_ key: StageKey, _ policy: borrowing TabularPolicy, _ work: TrainingWork) throws {
    try memory.remember(key, policy.logits, work)
  }

  private func policy(logits: [Double]) -> TabularPolicy {
    TabularPolicy(promptCount: world.spec.prompts, responseCount: world.spec.responses, logits: logits)
  }
}

extension SyntheticWorld {
  /// Every response to every prompt, prompt by prompt.
  var allQueries: [TabularQuery] {
    (0..<spec.prompts).flatMap { prompt in
      (0..<spec.responses).map { TabularQuery(prompt: prompt, response: $0) }
    }
  }
}
