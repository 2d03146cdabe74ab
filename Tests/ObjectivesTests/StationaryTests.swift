import Basics
import Objectives
import Testing

/// `stationary` tells the truth, for every objective of the catalogue that is a function of the margin.
@Suite struct StationaryTests {
  static let entries = catalogue.filter { $0.defaults is any MarginObjective }

  @Test(arguments: entries) func `the derivative vanishes where it is said to, and nowhere else`(
    entry: CatalogueEntry
  ) throws {
    var random = SeedTree(31).child(entry.card.id).generator()
    for _ in 0..<200 {
      let objective = try #require(try entry.randomObjective(&random) as? any MarginObjective)
      let label = PairLabel.random(&random)
      let slope = { objective.evaluate(margin: $0, label: label).derivative }
      let comment = Comment(rawValue: "\(objective) \(label)")
      switch objective.stationary(label) {
      case .at(let h):
        #expect(abs(slope(h)) < 1e-12, comment)
        for step in [1e-3, 1, 20] { #expect(slope(h - step) < 0 && slope(h + step) > 0, comment) }
      case .from(let h):
        let start = max(h, -1e3)
        for step in [1e-9, 1, 20, 1e3] { #expect(slope(start + step * max(1, abs(start))) == 0, comment) }
        if h > -.infinity { for step in [1e-9, 1, 20] { #expect(slope(h - step * max(1, abs(h))) < 0, comment) } }
      case .none:
        let signs = Set(stride(from: -60.0, through: 60, by: 1.5).map { slope($0).sign })
        #expect(signs.count == 1 && slope(-60) != 0 && slope(60) != 0, comment)
      }
    }
  }

  @Test(arguments: entries) func `the card says the same`(entry: CatalogueEntry) throws {
    let objective = try #require(entry.defaults as? any MarginObjective)
    var random = SeedTree(32).generator()
    var label = PairLabel.random(&random)
    (label.chosenSafe, label.rejectedSafe) = (true, false)
    #expect((objective.stationary(label) == .none) == entry.card.stationaryPoint.hasPrefix("none"))
  }

  @Test func `where the formulas put it`() {
    var conservative = ConservativeDPO()
    (conservative.tau, conservative.epsilon) = (0.4, 0.1)
    guard case .at(let smoothed) = conservative.stationary(PairLabel()) else {
      Issue.record("no stationary point")
      return
    }
    #expect(abs(smoothed - 5.493_061_443_3) < 1e-9)
    conservative.epsilon = 0.5
    #expect(conservative.stationary(PairLabel()) == .at(0))
    var hinge = Hinge()
    hinge.tau = 0.4
    #expect(hinge.stationary(PairLabel()) == .from(2.5))
    var constrained = ConstrainedDPO()
    constrained.tau = 0.5
    let label = PairLabel(
      chosenScores: ResponseScores(reward: 2, cost: 0.5), rejectedScores: ResponseScores(reward: 1, cost: -1),
      multiplier: 2)
    #expect(constrained.stationary(label) == .at(-4), "(Δr − λΔc)/τ = (1 − 2 · 1.5)/.5")
  }
}
