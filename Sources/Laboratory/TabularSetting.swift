import Basics
import Foundation
import Objectives
import Policies
import Preferences
import Training

/// What every cell of an experiment shares, prepared once, and how a cell is run in it.
public protocol Setting: Sendable {
  /// Whether cells are small enough to run side by side, one thread each; otherwise a cell uses every worker itself.
  var cellsRunSideBySide: Bool { get }

  /// Trains and evaluates one cell.
  ///
  /// - Parameters:
  ///   - folder: where the trained policy is saved; nil keeps nothing.
  ///   - afterStep: called with the number of steps done; throwing stops the cell.
  func run(_ cell: CellConfiguration, savingPolicyTo folder: URL?, afterStep: (Int) throws -> Void) throws
    -> CellOutcome

  /// The untrained reference's metrics, where they are known without a run.
  var referenceMetrics: [String: Double] { get }

  /// What people should know before a run, one line each: rows read, dropped and kept.
  var remarks: [String] { get }
}

/// A synthetic world: labels are sampled from it, metrics are exact expectations.
public struct TabularSetting: Setting {
  public let world: SyntheticWorld

  public init(_ spec: SyntheticWorldSpec) { world = SyntheticWorld(spec) }

  public var cellsRunSideBySide: Bool { true }

  public var remarks: [String] { [] }

  public var referenceMetrics: [String: Double] {
    metrics(of: world.evaluate { world.referenceLogProbabilities[$0] })
  }

  public func run(
    _ cell: CellConfiguration, savingPolicyTo folder: URL?, afterStep: (Int) throws -> Void
  ) throws -> CellOutcome {
    var policy = TabularPolicy(
      promptCount: world.spec.prompts, responseCount: world.spec.responses,
      logits: world.referenceLogProbabilities.flatMap(\.self))
    let seed = SeedTree(cell.seed)
    let comparisons = world.sampleComparisons(seed: seed, item: TabularQuery.init)
    let oriented = cell.order.oriented(comparisons).pairs
    let reference = policy.score(oriented.flatMap { [$0.first, $0.second] })
    let pairs = preparePairs(oriented, reference: reference) { _ in 1 }
    let objective = try cell.makeObjective()
    let curve = try train(
      &policy, objective: objective, streams: [PairStream(name: "comparisons", pairs: pairs)], cell: cell,
      stepZeroTolerance: 1e-9, afterStep: afterStep)

    var metrics = metrics(of: world.evaluate { policy.logProbabilities(prompt: $0) })
    let scores = policy.score(pairs.flatMap { [$0.chosen, $0.rejected] })
    metrics["loss"] =
      pairs.enumerated().reduce(0) { total, pair in
        let sample = pair.element.sample(
          policyChosen: scores[2 * pair.offset], policyRejected: scores[2 * pair.offset + 1])
        return total + objective.evaluate(sample).loss
      } / Double(pairs.count)
    if let folder {
      let table = (0..<world.spec.prompts).map { policy.logProbabilities(prompt: $0) }
      try AtomicFile.write(
        try canonicalJSON(["logProbabilities": table]) + "\n", to: folder.appendingPathComponent("policy.json"))
    }
    return CellOutcome(metrics: metrics, curve: curve)
  }

  private func metrics(of exact: SyntheticMetrics) -> [String: Double] {
    ["helpfulness": exact.helpfulness, "safety": exact.safety, "kl": exact.kl]
  }
}

/// Opens the objective once per run, so that the training loop is called with its concrete type.
func train<P: Policy & ~Copyable>(
  _ policy: inout P, objective: any Objective, streams: [PairStream<P.Query>], cell: CellConfiguration,
  stepZeroTolerance: Double, afterStep: (Int) throws -> Void
) throws -> TrainingCurve {
  func opened<O: Objective>(_ objective: O) throws -> TrainingCurve {
    try trainOffline(
      &policy, streams: streams, objective: objective, configuration: cell.training,
      seed: trainingSeed(cell), stepZeroTolerance: stepZeroTolerance, afterStep: afterStep)
  }
  return try opened(objective)
}

/// The seed of a cell's batches.
func trainingSeed(_ cell: CellConfiguration) -> SeedTree { SeedTree(cell.seed).child("training") }
