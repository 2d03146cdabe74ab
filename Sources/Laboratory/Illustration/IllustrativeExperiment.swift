import Basics
import Objectives
import Policies
import Preferences
import Synchronization
import Training

/// The paper's illustrative experiment on a reconstructed action set.
///
/// From the paper (Section 3.4): Adam, 1,800 steps, learning rate 0.01, batches of 32 pairs drawn with replacement, τ = 1,
/// α = ½. Reconstructed: the four responses with their labels (``IllustrativeDesign``), uniform reference and comparison
/// distributions, logits from zero, six deterministic pairs, the seeds, and every method but BFPO with its settings.
///
/// Source: Zhang, Torr, Elhoseiny, Bibi 2025 (ICLR), arXiv 2408.15313, Section 3.4.
public struct IllustrativeExperiment: Sendable {
  public static let tau = 1.0
  public static let alpha = 0.5
  /// The least expected safety that the constrained baseline accepts.
  public static let budget = 0.9
  /// Step size of the constrained baseline's dual variable.
  public static let dualRate = 0.1
  /// Probabilities are kept at step 0 and after every so many steps.
  public static let recordEvery = 20

  /// Adam with the paper's settings.
  public static let training: TrainingConfiguration = {
    var training = TrainingConfiguration()
    training.steps = 1800
    training.batchSize = 32
    training.sampling = .withReplacement
    training.learningRate = 0.01
    training.schedule = .constant
    training.warmup = 0
    training.weightDecay = 0
    return training
  }()

  public var designs: [IllustrativeDesign]
  public var methods: [IllustrativeMethod]
  /// Runs of every method that draws pairs, with the seeds 0, 1, ….
  public var seeds: Int

  public init(
    designs: [IllustrativeDesign] = IllustrativeDesign.all, methods: [IllustrativeMethod] = IllustrativeMethod.all,
    seeds: Int = 10
  ) {
    precondition(seeds > 0, "the experiment needs at least one seed, got \(seeds)")
    self.designs = designs
    self.methods = methods
    self.seeds = seeds
  }

  /// Runs every design, method and seed; the numbers do not depend on `workers`.
  ///
  /// - Throws: ``UserError`` (3) when a number is not finite.
  public func run(workers: Int) throws -> [IllustrationResult] {
    let jobs = designs.indices.flatMap { design in
      methods.indices.flatMap { method in
        (0..<(methods[method].isRandom ? seeds : 1)).map { Job(design: design, method: method, seed: $0) }
      }
    }
    let finished = Mutex<[Job: Result<IllustrativeRun, any Error>]>([:])
    parallelForEach(jobs.count, workers: workers) { index in
      let job = jobs[index]
      let run = Result { try methods[job.method].run(on: designs[job.design], seed: job.seed) }
      finished.withLock { $0[job] = run }
    }
    let runs = finished.withLock { $0 }
    return try designs.indices.map { design in
      let outcomes = try methods.indices.map { method in
        let own = try jobs.filter { $0.design == design && $0.method == method }.compactMap { try runs[$0]?.get() }
        return IllustrativeOutcome(
          method: methods[method], runs: own, exact: methods[method].optimum(of: designs[design]))
      }
      return IllustrationResult(
        design: designs[design], outcomes: outcomes,
        impliedReward: ImpliedReward(designs[design].world, Self.constants))
    }
  }

  private struct Job: Hashable, Sendable {
    var design: Int
    var method: Int
    var seed: Int
  }
}

extension IllustrativeMethod {
  /// One run on one design.
  func run(on design: IllustrativeDesign, seed: Int) throws -> IllustrativeRun {
    let clock = ContinuousClock()
    let start = clock.now
    var trajectory = Trajectory()
    var multiplier: Double?
    switch fit {
    case .pairs(let objective, let order):
      try fitPairs(objective, order, design, seed: SeedTree(seed).child("illustration"), trajectory: &trajectory)
    case .reward(let weight):
      let reward = zip(design.winProbability, design.safety).map { $0 + weight * $1 }
      var ascent = ExactAscent(reward: reward, reference: design.reference, tau: IllustrativeExperiment.tau)
      ascent.run { trajectory.record($0, $1) }
    case .constrained(let budget):
      var ascent = ExactAscent(
        reward: design.winProbability, reference: design.reference, tau: IllustrativeExperiment.tau)
      ascent.constraint = ExactAscent.Constraint(
        safety: design.safety, budget: budget, rate: IllustrativeExperiment.dualRate)
      ascent.run { trajectory.record($0, $1) }
      multiplier = ascent.constraint?.multiplier
    }
    return IllustrativeRun(
      seed: seed, steps: trajectory.steps, probabilities: trajectory.probabilities, multiplier: multiplier,
      seconds: seconds(clock.now - start))
  }

  private func fitPairs(
    _ objective: any Objective, _ order: PreferenceOrder, _ design: IllustrativeDesign, seed: SeedTree,
    trajectory: inout Trajectory
  ) throws {
    let count = design.responseCount
    var policy = TabularPolicy(
      promptCount: 1, responseCount: count, logits: [Double](repeating: 0, count: count))
    let pairs = design.pairs(order, for: objective)
    trajectory.record(0, policy.logProbabilities(prompt: 0).map(exponential))
    func opened<O: Objective>(_ objective: O) throws {
      _ = try trainOffline(
        &policy, streams: [PairStream(name: "pairs", pairs: pairs)], objective: objective,
        configuration: IllustrativeExperiment.training, seed: seed, stepZeroTolerance: 1e-9
      ) { step, policy in
        if step % IllustrativeExperiment.recordEvery == 0 {
          trajectory.record(step, policy.logProbabilities(prompt: 0).map(exponential))
        }
      }
    }
    try opened(objective)
  }
}

extension IllustrativeDesign {
  /// The pairs that an objective learns from.
  func pairs(_ order: PreferenceOrder, for objective: any Objective) -> [PreparedPair<TabularQuery>] {
    let oriented = order.oriented(comparisons()).pairs
    let reference = reference.map(naturalLogarithm)
    return preparePairs(
      oriented, reference: oriented.flatMap { [reference[$0.first.response], reference[$0.second.response]] }
    ) { _ in 1 }.filter { objective.admits($0.label) }
  }
}

/// The probabilities of a policy while it moves.
private struct Trajectory {
  var steps: [Int] = []
  /// [points][responses]
  var probabilities: [[Double]] = []

  mutating func record(_ step: Int, _ policy: [Double]) {
    steps.append(step)
    probabilities.append(policy)
  }
}
