import Basics
import Laboratory
import Objectives
import Plotting
import Reporting
import TestSupport
import Testing

@Suite struct FrontierFigureTests {
  private func estimate(_ mean: Double, _ half: Double = 0, n: Int = 1) -> Estimate {
    Estimate(mean: mean, low: mean - half, high: mean + half, n: n)
  }

  private func point(_ tau: Double?, _ x: Double, _ y: Double, half: Double = 0, alpha: Double? = nil) -> FrontierPoint
  {
    let parameters = [tau.map { FigureParameter("tau", $0) }, alpha.map { FigureParameter("alpha", $0) }]
    return FrontierPoint(parameters: parameters.compactMap(\.self), x: estimate(x, half), y: estimate(y, half))
  }

  private func figure(_ series: [FrontierSeries], reference: PlanePoint? = nil) -> FrontierFigure {
    FrontierFigure(
      title: "Safety against helpfulness", series: series, reference: reference, xTitle: "Helpfulness",
      yTitle: "Safety", hypervolumeReference: reference ?? PlanePoint(x: 0, y: 0), intervalMethod: "Wilson over pairs",
      conventions: ["Log-probabilities are summed over response tokens."])
  }

  /// A handful of points, all kinds of drawing: fixed byte for byte.
  private func smallFigure() -> FrontierFigure {
    let spread = [-0.01, 0, 0.01]
    func withSeeds(_ point: FrontierPoint) -> FrontierPoint {
      var point = point
      point.seeds = spread.map { PlanePoint(x: point.x.mean + $0, y: point.y.mean - $0) }
      return point
    }
    let dpo = [point(0.1, 0.7, 0.4, half: 0.02), point(1, 0.6, 0.5, half: 0.02)].map(withSeeds)
    let bfpo = [0.0, 0.5].flatMap { alpha in
      [
        point(0.1, 0.62 - 0.2 * alpha, 0.7 + 0.3 * alpha, half: 0.03, alpha: alpha),
        point(1, 0.55 - 0.05 * alpha, 0.6, half: 0.03, alpha: alpha),
      ].map(withSeeds)
    }
    var small = figure(
      [
        FrontierSeries(label: "DPO", method: "dpo", points: dpo),
        FrontierSeries(label: "BFPO", method: "bfpo", points: bfpo),
      ], reference: PlanePoint(x: 0.5, y: 0.55))
    small.limit = [PlanePoint(x: 0.4, y: 0.95), PlanePoint(x: 0.7, y: 0.75), PlanePoint(x: 0.9, y: 0.3)]
    small.size = Figure.Size(width: 120, height: 100)
    return small
  }

  @Test func `a small figure, byte for byte`() {
    let svg = smallFigure().svg()
    offerForInspection(svg, "frontier-small.svg")
    #expect(differenceFromGolden(svg, "frontier-small.svg") == nil)
    #expect(FigureCheck.faults(svg) == [])
  }

  @Test func `the order of the points does not matter`() {
    var shuffled = smallFigure()
    for index in shuffled.series.indices { shuffled.series[index].points.reverse() }
    #expect(shuffled.svg() == smallFigure().svg())
  }

  @Test func `the default sweep`() {
    let svg = SimulatedSweep().frontier().svg()
    offerForInspection(svg, "frontier-default.svg")
    #expect(FigureCheck.faults(svg) == [])
  }

  @Test func `a language-model study with wide intervals`() {
    var random = SeedTree(5).generator()
    func study(_ x: Double, _ y: Double, alpha: Double? = nil) -> [FrontierPoint] {
      [0.01, 0.03, 0.1, 0.3].map { tau in
        let pull = 0.03 / (tau + 0.03)
        let (dx, dy) = (x + 0.01 * random.normal(), y + 0.01 * random.normal())
        return point(tau, 0.5 + pull * dx, 0.52 + pull * dy, half: 0.034, alpha: alpha)
      }
    }
    let series = [
      FrontierSeries(label: "DPO-helpful", method: "dpo", order: "helpfulness", points: study(0.12, -0.1)),
      FrontierSeries(label: "DPO-safe", method: "dpo", order: "safety", points: study(-0.08, 0.14)),
      FrontierSeries(label: "DPO-both", method: "dpo", order: "both", points: study(0.05, 0.06)),
      FrontierSeries(label: "IPO-helpful", method: "ipo", order: "helpfulness", points: study(0.1, -0.07)),
      FrontierSeries(
        label: "BFPO", method: "bfpo",
        points: [0.25, 0.5, 0.75].flatMap { study(0.12 - 0.16 * $0, 0.12 * $0, alpha: $0) }),
    ]
    let svg = figure(series, reference: PlanePoint(x: 0.5, y: 0.52)).svg()
    offerForInspection(svg, "frontier-study.svg")
    #expect(FigureCheck.faults(svg) == [])
  }

  @Test func `one point per arm and long names`() {
    let names = [
      "Direct preference optimisation on the helpfulness order of the held-out pairs, summed log-probabilities",
      "Constrained direct preference optimisation with a safety budget of five per cent & λ < 3", "conservative-dpo",
      "modpo", "safe-rlhf", "simpo", "a-method-nobody-has-heard-of",
    ]
    let series = names.enumerated().map { index, name in
      FrontierSeries(
        label: name, method: index == 0 ? "dpo" : name,
        points: [point(nil, 0.4 + 0.05 * Double(index), 0.8 - 0.04 * Double(index), half: 0.01)])
    }
    let svg = figure(series).svg()
    offerForInspection(svg, "frontier-few.svg")
    #expect(FigureCheck.faults(svg) == [])
    #expect(svg.contains("per cent &amp; λ &lt; 3"))
    let few = figure(Array(series.prefix(3)), reference: PlanePoint(x: 0.3, y: 0.6)).svg()
    offerForInspection(few, "frontier-three.svg")
    #expect(FigureCheck.faults(few) == [])
  }

  @Test func `all points at one place`() {
    let series = [
      FrontierSeries(label: "DPO", method: "dpo", points: [0.1, 0.2, 0.5].map { point($0, 0.5, 0.5) }),
      FrontierSeries(label: "IPO", method: "ipo", points: [0.1, 0.2].map { point($0, 0.5, 0.5) }),
    ]
    let svg = figure(series, reference: PlanePoint(x: 0.5, y: 0.5)).svg()
    offerForInspection(svg, "frontier-identical.svg")
    #expect(FigureCheck.faults(svg) == [])
    #expect(svg.contains("5 of them on it"))
  }

  @Test func `cells without a finite mean are left out and counted`() {
    let series = [
      FrontierSeries(
        label: "DPO", method: "dpo", points: [point(0.1, 0.5, 0.5), point(1, .nan, 0.4), point(2, .infinity, 0)])
    ]
    let svg = figure(series).svg()
    #expect(svg.contains("Not drawn: 2 of 3 cells, whose means are not finite."))
    #expect(FigureCheck.faults(svg) == [])
  }

  @Test func `nothing to draw is still a figure`() {
    let svg = figure([]).svg()
    #expect(FigureCheck.faults(svg) == [])
    #expect(svg.contains("Front over the means of 0 points"))
  }

  /// DPO (0.7, 0.4) lies below the reference; above (0.5, 0.55) stand (0.62, 0.7), (0.52, 0.85) and what they dominate.
  @Test func `the caption's hypervolume is that of the means`() {
    let svg = smallFigure().svg()
    #expect(svg.contains("above the reference policy (0.5, 0.55): 0.0210 ["))
    #expect(svg.contains("DPO: 0;"))
  }

  @Test func `a method looks the same everywhere`() {
    #expect(MethodStyle.of(method: "bfpo") == MethodStyle(shape: .diamond, colour: .vermillion))
    #expect(MethodStyle.of(method: "dpo", order: "safety").shape == MethodStyle.of(method: "dpo").shape)
    #expect(MethodStyle.of(method: "new-one") == MethodStyle.of(method: "new-one"))
  }

  @Test func `every objective has a style of its own, in every order`() {
    var owners: [MethodStyle: String] = [:]
    for method in MethodStyle.methods {
      for order in ["helpfulness", "safety", "safe-first", "both"] {
        let other = owners.updateValue("\(method), \(order)", forKey: MethodStyle.of(method: method, order: order))
        #expect(other == nil, "\(method), \(order) looks like \(other ?? "")")
      }
    }
    #expect(Set(catalogue.map(\.card.id)).isSubset(of: MethodStyle.methods))
    let unknown = ["a-method-nobody-has-heard-of", "new-one", "another"].map { MethodStyle.of(method: $0) }
    #expect(Set(unknown).isDisjoint(with: owners.keys))
  }
}
