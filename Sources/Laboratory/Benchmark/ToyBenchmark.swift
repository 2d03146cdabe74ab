import Basics
import Objectives
import Policies
import Preferences
import Training

/// How fast the four-action toy trains: the illustrative experiment's action set `safe-14` and its training (1,800 Adam steps with
/// batches of 32 pairs drawn with replacement), by the objectives and the loop that sweeps and `illustrate` use.
///
/// The matrix is 5 objectives × 7 τ × 7 α × 10 seeds, all runs trained although only BFPO has an α, because that is what a batched
/// program of the same matrix computes.
public struct ToyBenchmark: Codable, Sendable {
  /// Seconds of one run of BFPO (τ = 1, α = ½) on one thread, pairs prepared; median over rounds, each the mean of
  /// ``runsPerRound`` runs.
  public var runSeconds: Double
  /// Seconds of the whole matrix with `workers` threads; median over rounds.
  public var matrixSeconds: Double
  public var matrixRuns: Int
  public var workers: Int

  static let runsPerRound = 50
  static let taus = [0.05, 0.1, 0.25, 0.5, 1, 2, 5]
  static let alphas = (0..<7).map { Double($0) / 6 }
  package static let seeds = 10
  private static let design = IllustrativeDesign.all.first { $0.id == "safe-14" }

  /// - Parameters:
  ///   - rounds: repeats of both measurements.
  ///   - workers: threads of the matrix.
  /// - Throws: ``UserError`` (3) when a number is not finite.
  public static func measure(rounds: Int, workers: Int) throws -> ToyBenchmark {
    precondition(rounds > 0 && workers > 0, "a measurement needs rounds and workers")
    let single = ToyRun(bfpo(tau: 1, alpha: 0.5))
    let matrix = self.matrix()
    let clock = ContinuousClock()
    var singles: [Double] = []
    var matrices: [Double] = []
    for round in 0..<rounds {
      let one = try clock.measure {
        for run in 0..<runsPerRound { _ = try single.probabilities(seed: round * runsPerRound + run) }
      }
      singles.append(seconds(one) / Double(runsPerRound))
      matrices.append(seconds(clock.measure { _ = run(matrix, workers: workers) }))
    }
    return ToyBenchmark(
      runSeconds: quantile(0.5, ofSorted: singles.sorted()), matrixSeconds: quantile(0.5, ofSorted: matrices.sorted()),
      matrixRuns: matrix.count * seeds, workers: workers)
  }

  /// Every setting of the matrix; each is run with every seed.
  package static func matrix() -> [ToyRun] {
    taus.flatMap { tau in
      alphas.flatMap { alpha -> [ToyRun] in
        var (ipo, dpo, conservative, hinge) = (IPO(), DPO(), ConservativeDPO(), Hinge())
        (ipo.tau, dpo.tau, conservative.tau, hinge.tau) = (tau, tau, tau, tau)
        conservative.epsilon = 0.1
        return [ToyRun(bfpo(tau: tau, alpha: alpha)), ToyRun(ipo), ToyRun(dpo), ToyRun(conservative), ToyRun(hinge)]
      }
    }
  }

  /// The final probabilities of every setting and seed, [settings · seeds][responses]; a run that fails leaves none.
  package static func run(_ matrix: [ToyRun], workers: Int) -> [[Double]] {
    let jobs = matrix.indices.flatMap { setting in (0..<seeds).map { (setting: setting, seed: $0) } }
    let byType = Dictionary(grouping: jobs.indices) { ObjectIdentifier(type(of: matrix[jobs[$0].setting].objective)) }
    let groups = byType.values.sorted { $0[0] < $1[0] }.flatMap { runs in
      stride(from: 0, to: runs.count, by: TableRuns.together).map { start in
        Array(runs[start..<min(start + TableRuns.together, runs.count)])
      }
    }
    let ends = parallelMap(groups.count, workers: workers) { group in
      let runs = groups[group].map { jobs[$0] }
      return ToyRun.probabilities(runs.map { (matrix[$0.setting], $0.seed) })
    }
    var probabilities = [[Double]](repeating: [], count: jobs.count)
    for (group, ends) in zip(groups, ends) {
      for (job, end) in zip(group, ends) { probabilities[job] = end }
    }
    return probabilities
  }

  private static func bfpo(tau: Double, alpha: Double) -> BFPO {
    var bfpo = BFPO()
    (bfpo.tau, bfpo.alpha) = (tau, alpha)
    return bfpo
  }

  /// One setting of the toy.
  package struct ToyRun: Sendable {
    package let objective: any Objective
    private let stream: PairStream<TabularQuery>

    init(_ objective: any Objective) {
      guard let design else { preconditionFailure("no action set `safe-14`") }
      self.objective = objective
      stream = PairStream(name: "pairs", pairs: design.pairs(.helpfulness, for: objective))
    }

    /// π at the end of a run, [responses].
    func probabilities(seed: Int) throws -> [Double] {
      func opened<O: Objective>(_ objective: O) throws -> TrainedTable {
        try Self.common.train([run(objective, seed: seed)])[0].get()
      }
      return softmax(try opened(objective).logits)
    }

    /// The same of several runs whose objectives have one type; a run that fails leaves none.
    fileprivate static func probabilities(_ runs: [(setting: ToyRun, seed: Int)]) -> [[Double]] {
      func opened<O: Objective>(_ first: O) -> [[Double]] {
        let runs = runs.compactMap { run in (run.setting.objective as? O).map { run.setting.run($0, seed: run.seed) } }
        return common.train(runs).map { (try? $0.get()).map { softmax($0.logits) } ?? [] }
      }
      return runs.isEmpty ? [] : opened(runs[0].setting.objective)
    }

    private static var common: TableRuns {
      TableRuns(
        promptCount: 1, responseCount: 4, configuration: IllustrativeExperiment.training, stepZeroTolerance: 1e-9)
    }

    private func run<O: Objective>(_ objective: O, seed: Int) -> TableRun<O> {
      TableRun(
        objective, streams: [stream], logits: [0, 0, 0, 0], seed: SeedTree(seed).child("illustration"))
    }
  }
}
