import Basics
import Plotting
import Reporting
import TestSupport
import Testing

@Suite struct SweepFigureTests {
  private func point(_ tau: Double, alpha: Double? = nil, _ metrics: [String: Double]) -> SweepPoint {
    SweepPoint(
      parameters: [FigureParameter("tau", tau)] + (alpha.map { [FigureParameter("alpha", $0)] } ?? []),
      metrics: metrics.mapValues { Estimate(mean: $0, low: $0 - 0.05, high: $0 + 0.05, n: 5) })
  }

  private func figure(_ series: [SweepSeries]) -> SweepFigure {
    SweepFigure(
      title: "Metrics against τ",
      metrics: [
        SweepMetric("helpfulness", title: "Helpfulness", better: .higher, reference: 0.5, possible: 0...1),
        SweepMetric("kl", title: "KL, nats", better: .neither, prefersLogarithm: true),
        SweepMetric("absent", title: "Absent", better: .lower),
      ], series: series, intervalMethod: "percentile bootstrap over seeds", conventions: ["A convention."])
  }

  private var small: SweepFigure {
    let taus: [Double] = [0.1, 1, 10]
    let dpo = taus.map { tau in
      let gain: Double = 0.1 / tau.squareRoot()
      return point(tau, ["helpfulness": 0.5 + gain, "kl": 1 / tau + 0.06])
    }
    var bfpo: [SweepPoint] = []
    for alpha: Double in [0, 1] {
      for tau in taus {
        let loss: Double = 0.2 * alpha / (1 + tau)
        bfpo.append(point(tau, alpha: alpha, ["helpfulness": 0.6 - loss, "kl": 0.5 / tau + 0.06]))
      }
    }
    return figure([
      SweepSeries(label: "DPO", method: "dpo", points: dpo), SweepSeries(label: "BFPO", method: "bfpo", points: bfpo),
    ])
  }

  @Test func `a small figure, byte for byte`() {
    let svg = small.svg()
    offerForInspection(svg, "sweep-small.svg")
    #expect(differenceFromGolden(svg, "sweep-small.svg") == nil)
    #expect(FigureCheck.faults(svg) == [])
  }

  @Test func `the default sweep`() {
    let svg = SimulatedSweep().sweep().svg()
    offerForInspection(svg, "sweep-default.svg")
    #expect(FigureCheck.faults(svg) == [])
  }

  @Test func `the order of the points does not matter`() {
    var shuffled = small
    for index in shuffled.series.indices { shuffled.series[index].points.reverse() }
    #expect(shuffled.svg() == small.svg())
  }

  @Test func `a metric that no arm has gets no panel`() {
    #expect(!small.svg().contains("Absent"))
  }

  @Test func `what cannot be drawn is counted`() {
    var figure = small
    figure.series[0].points[0].metrics["kl"]?.mean = .nan
    figure.series[0].points[1].parameters = []
    let svg = figure.svg()
    #expect(svg.contains("Not drawn: 1 values that are not finite."))
    #expect(svg.contains("Not drawn: 1 points without τ."))
    #expect(FigureCheck.faults(svg) == [])
  }

  @Test func `settings that are words make lines of their own`() {
    let points = ["sum", "mean"].flatMap { reduction in
      [0.1, 1].map { tau in
        var point = point(tau, ["helpfulness": 0.6])
        point.parameters.append(FigureParameter("reduction", text: reduction))
        return point
      }
    }
    let svg = figure([SweepSeries(label: "DPO", method: "dpo", points: points)]).svg()
    let texts = SVGInspector(svg).elements(named: "text").map(\.text)
    #expect(texts.contains("DPO, one line per reduction") && texts.contains("sum") && texts.contains("mean"))
    #expect(FigureCheck.faults(svg) == [])
  }

  @Test func `one point, one metric, no interval`() {
    let lonely = SweepSeries(
      label: "A method with a rather long name", method: "dpo",
      points: [
        SweepPoint(
          parameters: [FigureParameter("tau", 1)],
          metrics: ["helpfulness": Estimate(mean: 0.5, low: 0.5, high: 0.5, n: 1)])
      ])
    #expect(FigureCheck.faults(figure([lonely]).svg()) == [])
    #expect(FigureCheck.faults(figure([]).svg()) == [])
  }
}
