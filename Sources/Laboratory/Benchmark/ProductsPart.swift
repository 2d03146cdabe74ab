import Basics

/// The matrix products of a training step, each shape alone, all workers together.
final class ProductsPart: PartRunner {
  private let work: PreferenceStepWork
  private let options: BenchmarkOptions

  init(_ work: PreferenceStepWork, _ options: BenchmarkOptions) {
    self.work = work
    self.options = options
  }

  func sample(_ round: inout BenchmarkRound) {
    let counts = work.products
    var seconds = 0.0
    for shape in counts.keys.sorted(by: { $0.name < $1.name }) {
      let own = ProductMeasurement(shape, options).seconds()
      seconds += own * Double(counts[shape] ?? 0)
      round.record("products.\(shape.name)", shape.operations / own, .operationsPerSecond)
    }
    round.record("products.seconds", seconds, .seconds)
    let rate = work.operations / seconds
    round.record("products.all", rate, .operationsPerSecond)
    round.recordShare("products.shareOfPeak", of: rate, limit: "roofline.\(options.precision.rawValue)")
  }
}
