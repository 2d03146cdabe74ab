import Basics
import Objectives
import Policies
import Preferences
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
        stride(from: 0, to: methods[method].isRandom ? seeds : 1, by: TableRuns.together).map { first in
          let end = methods[method].isRandom ? min(first + TableRuns.together, seeds) : 1
          return Job(design: design, method: method, seeds: first..<end)
        }
      }
    }
    let runs = parallelMap(jobs.count, workers: workers) { index in
      let job = jobs[index]
      return methods[job.method].run(on: designs[job.design], seeds: job.seeds)
    }
    return try designs.indices.map { design in
      let outcomes = try methods.indices.map { method in
        let own = try zip(jobs, runs).filter { $0.0.design == design && $0.0.method == method }
          .flatMap { try $0.1.map { try $0.get() } }
        return IllustrativeOutcome(
          method: methods[method], runs: own, exact: methods[method].optimum(of: designs[design]))
      }
      return IllustrationResult(
        design: designs[design], outcomes: outcomes,
        impliedReward: ImpliedReward(designs[design].world, Self.constants))
    }
  }

  private struct Job: Sendable {
    var design: Int
    var method: Int
    var seeds: Range<Int>
  }
}

extension IllustrativeMethod {
  /// A run with every one of some seeds on one design; those that draw pairs go in step and share their time evenly.
  func run(on design: IllustrativeDesign, seeds: Range<Int>) -> [Result<IllustrativeRun, any Error>] {
    let clock = ContinuousClock()
    let start = clock.now
    let fits: [Result<Fitted, any Error>]
    switch fit {
    case .pairs(let objective, let order): fits = Self.fitPairs(objective, order, design, seeds: seeds)
    case .reward(let weight):
      let reward = zip(design.winProbability, design.safety).map { $0 + weight * $1 }
      fits = [.success(Self.ascend(reward, design, constraint: nil))]
    case .constrained(let budget):
      let constraint = ExactAscent.Constraint(
        safety: design.safety, budget: budget, rate: IllustrativeExperiment.dualRate)
      fits = [.success(Self.ascend(design.winProbability, design, constraint: constraint))]
    }
    let share = seconds(clock.now - start) / Double(fits.count)
    return zip(seeds, fits).map { seed, fit in
      fit.map { fitted in
        IllustrativeRun(
          seed: seed, steps: fitted.trajectory.steps, probabilities: fitted.trajectory.probabilities,
          multiplier: fitted.multiplier, seconds: share)
      }
    }
  }

  private typealias Fitted = (trajectory: Trajectory, multiplier: Double?)

  private static func ascend(
    _ reward: [Double], _ design: IllustrativeDesign, constraint: ExactAscent.Constraint?
  ) -> Fitted {
    var trajectory = Trajectory()
    var ascent = ExactAscent(reward: reward, reference: design.reference, tau: IllustrativeExperiment.tau)
    ascent.constraint = constraint
    ascent.run { trajectory.record($0, $1) }
    return (trajectory, ascent.constraint?.multiplier)
  }

  private static func fitPairs(
    _ objective: any Objective, _ order: PreferenceOrder, _ design: IllustrativeDesign, seeds: Range<Int>
  ) -> [Result<Fitted, any Error>] {
    let stream = PairStream(name: "pairs", pairs: design.pairs(order, for: objective))
    let logits = [Double](repeating: 0, count: design.responseCount)
    let course = Course(
      TabularPolicy(promptCount: 1, responseCount: design.responseCount, logits: logits), count: seeds.count)
    var common = TableRuns(
      promptCount: 1, responseCount: design.responseCount, configuration: IllustrativeExperiment.training,
      stepZeroTolerance: 1e-9)
    common.interval = IllustrativeExperiment.recordEvery
    common.look = { run, step, policy in course.record(run, step, policy) }
    func opened<O: Objective>(_ objective: O) -> [Result<TrainedTable, any Error>] {
      common.train(
        seeds.map { seed in
          TableRun(objective, streams: [stream], logits: logits, seed: SeedTree(seed).child("illustration"))
        })
    }
    return zip(opened(objective), course.trajectories).map { end, trajectory in end.map { _ in (trajectory, nil) } }
  }
}

/// The trajectories of several runs.
private final class Course {
  private(set) var trajectories: [Trajectory]

  init(_ policy: borrowing TabularPolicy, count: Int) {
    var trajectory = Trajectory()
    trajectory.record(0, policy.logProbabilities(prompt: 0).map(exponential))
    trajectories = [Trajectory](repeating: trajectory, count: count)
  }

  func record(_ run: Int, _ step: Int, _ policy: borrowing TabularPolicy) {
    trajectories[run].record(step, policy.logProbabilities(prompt: 0).map(exponential))
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
