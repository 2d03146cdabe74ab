import Basics
import Kernels
import Objectives
import Policies
import Preferences

/// A run on pairs of a table, without a constraint: one of several on tables of the same shape.
public struct TableRun<O: Objective>: Sendable {
  public var objective: O
  public var streams: [PairStream<TabularQuery>]
  /// θ at the beginning, [prompts, responses].
  public var logits: [Double]
  public var seed: SeedTree

  public init(_ objective: O, streams: [PairStream<TabularQuery>], logits: [Double], seed: SeedTree) {
    self.objective = objective
    self.streams = streams
    self.logits = logits
    self.seed = seed
  }
}

/// How a run on a table ended.
public struct TrainedTable: Sendable {
  /// θ, [prompts, responses].
  public var logits: [Double]
  public var curve: TrainingCurve
}

/// What several runs on tables have in common.
public struct TableRuns {
  public var promptCount: Int
  public var responseCount: Int
  public var configuration: TrainingConfiguration
  /// See ``trainOffline(_:streams:objective:configuration:seed:stepZeroTolerance:multiplier:auxiliary:checkpointing:afterStep:)``.
  public var stepZeroTolerance: Double
  /// The table of a run, by its number, is looked at after every so many steps; never where it is 0.
  public var interval = 0
  public var look: (_ run: Int, _ step: Int, borrowing TabularPolicy) -> Void = { _, _, _ in }
  /// Runs that go in step at the most; more are taken in groups of so many.
  public static let together = LaneTables.lanes

  public init(
    promptCount: Int, responseCount: Int, configuration: TrainingConfiguration, stepZeroTolerance: Double
  ) {
    self.promptCount = promptCount
    self.responseCount = responseCount
    self.configuration = configuration
    self.stepZeroTolerance = stepZeroTolerance
  }

  /// Trains every run as ``trainAlone(_:number:)`` does, bit for bit: up to eight go in step where their pairs stand at the same
  /// places and are no more than a batch, which is quicker, for one run too.
  ///
  /// - Returns: the end of each run, or the error that stopped it.
  public func train<O: Objective>(_ runs: [TableRun<O>]) -> [Result<TrainedTable, any Error>] {
    stride(from: 0, to: runs.count, by: Self.together).flatMap { start in
      let group = Array(runs[start..<min(start + Self.together, runs.count)])
      if canGoInStep(group) {
        var lockstep = Lockstep(self, group, firstRun: start)
        return lockstep.train()
      }
      return group.indices.map { index in Result { try trainAlone(group[index], number: start + index) } }
    }
  }

  /// One run, by the loop that saves and resumes, follows a constraint, and takes any batch.
  public func trainAlone<O: Objective>(_ run: TableRun<O>, number: Int = 0) throws -> TrainedTable {
    var policy = TabularPolicy(promptCount: promptCount, responseCount: responseCount, logits: run.logits)
    let curve = try trainOffline(
      &policy, streams: run.streams, objective: run.objective, configuration: configuration, seed: run.seed,
      stepZeroTolerance: stepZeroTolerance
    ) { step, policy in
      if interval > 0, step % interval == 0 { look(number, step, policy) }
    }
    return TrainedTable(logits: policy.logits, curve: curve)
  }

  private func canGoInStep<O: Objective>(_ runs: [TableRun<O>]) -> Bool {
    let size = configuration.batchSize
    if size > 255 || configuration.microBatchSize > 0 && configuration.microBatchSize < size { return false }
    let streams = runs[0].streams
    if streams.isEmpty || streams.contains(where: { $0.pairs.isEmpty || $0.pairs.count > size }) { return false }
    return runs.allSatisfy { run in
      !run.objective.usesBatchMeans && run.streams.count == streams.count
        && zip(run.streams, streams).allSatisfy { own, first in
          own.cancelsNormalisers(of: run.objective) == first.cancelsNormalisers(of: runs[0].objective)
            && own.pairs.count == first.pairs.count
            && zip(own.pairs, first.pairs).allSatisfy { $0.chosen == $1.chosen && $0.rejected == $1.rejected }
        }
    }
  }
}
