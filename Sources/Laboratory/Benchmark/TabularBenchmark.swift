import Basics
import Objectives
import Preferences
import Training

/// How fast cells of the default synthetic world run on this machine, records left out.
public struct TabularBenchmark: Codable, Sendable {
  /// Cells of 1,800 Adam steps with batches of 32 pairs, per second; median.
  public var cellsPerSecond: Double
  /// Pairs evaluated per second and worker.
  public var pairsPerSecondAndWorker: Double

  /// Each round runs ten seeds each of DPO, IPO and BFPO.
  public static func measure(rounds: Int, workers: Int) throws -> TabularBenchmark {
    let world = SyntheticWorldSpec()
    let setting = TabularSetting(world)
    let training = TrainingConfiguration()
    let cells = try [DPO.card.id, IPO.card.id, BFPO.card.id].flatMap { id in
      let parameters = try JSONValue(encoding: try catalogueEntry(id).make(["tau": .number(0.5)]))
      return (0..<10).map { seed in
        CellConfiguration(
          world: world, policy: "tabular", trainable: [], training: training, objective: id, parameters: parameters,
          order: .helpfulness, buffer: false, seed: seed)
      }
    }
    let clock = ContinuousClock()
    let times = (0..<rounds).map { _ in
      seconds(
        clock.measure {
          parallelForEach(cells.count, workers: workers) { index in
            _ = try? setting.run(cells[index], savingPolicyTo: nil) { _ in }
          }
        })
    }
    let rate = Double(cells.count) / quantile(0.5, ofSorted: times.sorted())
    return TabularBenchmark(
      cellsPerSecond: rate,
      pairsPerSecondAndWorker: rate * Double(training.steps * training.batchSize) / Double(workers))
  }
}
