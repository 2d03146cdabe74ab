import Basics
import Objectives
import Preferences
import Training

/// Cells of the default synthetic world: 1,800 Adam steps with batches of 32 pairs each, records left out.
final class TabularPart: PartRunner {
  private let cells: TabularCells
  private let workers: Int

  init(workers: Int) throws {
    cells = try TabularCells(count: 30)
    self.workers = workers
  }

  func sample(_ round: inout BenchmarkRound) {
    let seconds = cells.seconds(workers: workers)
    round.record("tabular.cells", Double(cells.count) / seconds, .perSecond)
    round.record(
      "tabular.pairsPerWorker", Double(cells.count * cells.pairsOfCell) / seconds / Double(workers), .perSecond)
  }
}

/// DPO, IPO and BFPO in turn, each with the next seed.
struct TabularCells {
  let count: Int
  private let setting: TabularSetting
  private let cells: [CellConfiguration]

  init(count: Int) throws {
    let world = SyntheticWorldSpec()
    setting = TabularSetting(world)
    let objectives = [DPO.card.id, IPO.card.id, BFPO.card.id]
    let parameters = try objectives.map {
      try JSONValue(encoding: try catalogueEntry($0).make(["tau": .number(0.5)]))
    }
    cells = (0..<count).map { index in
      CellConfiguration(
        world: world, policy: "tabular", trainable: [], training: TrainingConfiguration(),
        objective: objectives[index % 3], parameters: parameters[index % 3], order: .helpfulness, buffer: false,
        seed: index / 3)
    }
    self.count = count
  }

  var pairsOfCell: Int { cells.first.map { $0.training.steps * $0.training.batchSize } ?? 0 }

  func seconds(workers: Int) -> Double {
    stopwatch {
      parallelForEach(count, workers: workers) { index in
        _ = try? setting.run(cells[index], savingPolicyTo: nil) { _ in }
      }
    }
  }
}

/// The four-action toy; see ``ToyBenchmark``.
final class ToyPart: PartRunner {
  private let workers: Int

  init(workers: Int) { self.workers = workers }

  func sample(_ round: inout BenchmarkRound) throws {
    let toy = try ToyBenchmark.measure(rounds: 1, workers: workers)
    round.record("toy.run.seconds", toy.runSeconds, .seconds)
    round.record("toy.matrix.seconds", toy.matrixSeconds, .seconds)
    round.record("toy.matrix.runs", Double(toy.matrixRuns) / toy.matrixSeconds, .perSecond)
  }
}
