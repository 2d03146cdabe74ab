import Laboratory
import Objectives
import Testing

@Suite struct ToyBenchmarkTests {
  /// The optimum of BFPO on this action set, to ten digits; the mean over seeds comes near it.
  private static let optimum = [0.4109839537, 0.1177488742, 0.1511925472, 0.3200746250]

  @Test func `the matrix does not depend on the workers, and its BFPO runs end at the optimum`() throws {
    let runs = ToyBenchmark.matrix().filter { isStandardBFPO($0.objective) }
    #expect(ToyBenchmark.matrix().count * ToyBenchmark.seeds == 2450 && runs.count == 1)
    let one = ToyBenchmark.run(runs + runs, workers: 1)
    #expect(one == ToyBenchmark.run(runs + runs, workers: 3))
    #expect(one.count == 2 * ToyBenchmark.seeds && Set(one).count == ToyBenchmark.seeds)
    for (response, exact) in Self.optimum.enumerated() {
      let mean = one.reduce(0) { $0 + $1[response] } / Double(one.count)
      #expect(abs(mean - exact) < 0.01)
    }
  }

  private func isStandardBFPO(_ objective: any Objective) -> Bool {
    guard let bfpo = objective as? BFPO else { return false }
    return bfpo.tau == 1 && bfpo.alpha == 0.5
  }

  @Test func `it measures`() throws {
    let measured = try ToyBenchmark.measure(rounds: 1, workers: 2)
    #expect(measured.runSeconds > 0 && measured.matrixSeconds > measured.runSeconds)
    #expect(measured.matrixRuns == 2450 && measured.workers == 2)
  }
}
