import Basics
import Foundation
import Laboratory
import Plotting
import Reporting
import TestSupport
import Testing

/// λ and cost against steps, methods at equal KL, and what each method cost.
@Suite struct MultiplierFigureTests {
  private func series(_ arm: String, _ method: String, tau: Double, budget: Double) -> MultiplierSeries {
    let steps = (1...12).map { 10 * Double($0) }
    func curve(_ seed: Double, _ scale: Double) -> [Double] { steps.map { scale * (1 + seed / 10) * $0 / (50 + $0) } }
    return MultiplierSeries(
      arm: arm, method: method, parameters: [FigureParameter("tau", tau)], budget: budget, steps: steps,
      multipliers: [0, 1, 2].map { curve($0, 1 + tau) },
      costs: [0, 1, 2].map { seed in curve(seed, budget).map { $0 + 1 } })
  }

  private var figure: MultiplierFigure {
    var all: [MultiplierSeries] = []
    for budget in [-1.0, 0.5] {
      for tau in [0.1, 1] {
        all.append(series("Safe-RLHF", "safe-rlhf", tau: tau, budget: budget))
        all.append(series("C-DPO", "constrained-dpo", tau: tau, budget: budget))
      }
    }
    return MultiplierFigure(title: "Multiplier and cost", series: all, conventions: ["A convention."])
  }

  @Test func `a column of two panels for each budget, whose line is in the lower one`() {
    let svg = figure.svg()
    offerForInspection(svg, "multiplier-small.svg")
    #expect(FigureCheck.faults(svg) == [])
    let panels = figure.figure().panels.compactMap(\.self)
    #expect(panels.count == 4 && panels.map(\.title) == ["budget −1", "budget 0.5", "", ""])
    let rules = panels.map { panel in panel.marks.compactMap { ($0 as? RuleMark)?.y } }
    #expect(rules == [[], [], [-1], [0.5]])
    #expect(panels.allSatisfy { panel in panel.marks.count { $0 is PathMark } == 4 })
    #expect(panels.allSatisfy { panel in panel.marks.count { $0 is BandMark } == 4 })
    let texts = SVGInspector(svg).elements(named: "text").map(\.text)
    #expect(texts.contains("Safe-RLHF, τ = 0.1") && texts.contains { $0.contains("mean over 3 seeds") })
  }

  @Test func `one seed has no band, five budgets wrap`() {
    var all = (0..<5).map { series("A", "safe-rlhf", tau: 1, budget: Double($0)) }
    for index in all.indices {
      all[index].multipliers = [all[index].multipliers[0]]
      all[index].costs = [all[index].costs[0]]
    }
    let figure = MultiplierFigure(title: "t", series: all, conventions: [])
    #expect(figure.figure().panels.count == 16 && FigureCheck.faults(figure.svg()) == [])
    #expect(!figure.figure().panels.contains { $0?.marks.contains { $0 is BandMark } == true })
  }

  @Test func `between two settings a curve is linear in log KL`() {
    let curve = [(1.0, 0.8), (0.01, 0.5), (0.1, 0.6)]
    #expect(interpolated(curve, at: 0.1) == 0.6)
    #expect(abs((interpolated(curve, at: 10.0.squareRoot() / 10) ?? .nan) - 0.7) < 1e-12)
    #expect(
      interpolated(curve, at: 2) == nil && interpolated(curve, at: 0.005) == nil && interpolated([], at: 1) == nil)
  }

  @Test func `a sweep with multipliers gets its figures, its table at equal KL, and what each method cost`() throws {
    let text = """
      { name: "small", world: { prompts: 3, responses: 5, comparisons: 256 }, training: { steps: 120, learningRate: 0.02 },
        axes: { tau: [0.2, 0.5, 1], budget: [0.5, 2] },
        arms: [{ name: "DPO", objective: "dpo", order: "both" },
          { name: "C-DPO", objective: "constrained-dpo" }, { name: "MoCAN", objective: "mocan" },
          { name: "Safe-RLHF", objective: "safe-rlhf", settings: { samples: 32 } }],
        seeds: 2 }
      """
    try withTemporaryFolder { url in
      let spec = try ExperimentSpec(JSONValue(parsing: Data(text.utf8), json5: true, source: "t"), at: "t")
      let project = Project(root: url)
      let experiment = try Experiment(spec, text: text, project: project, workers: 2)
      let folder = ResultsFolder(url.appending(path: "small"))
      _ = try experiment.run(
        into: folder, project: project, options: SweepOptions(workers: 2), isInterrupted: { false }, report: { _ in })
      let report = try writeReport(folder)
      #expect(
        report.figures.map(\.lastPathComponent) == ["frontier.svg", "sweep.svg", "equal-kl.svg", "multiplier.svg"])
      for figure in report.figures {
        #expect(FigureCheck.faults(String(decoding: try Data(contentsOf: figure), as: UTF8.self)) == [])
      }
      func lines(_ name: String) throws -> [Substring] {
        String(decoding: try Data(contentsOf: folder.url.appending(path: name)), as: UTF8.self).split(separator: "\n")
      }
      let effort = try lines("effort.csv")
      #expect(effort.count == 5 && effort[1].hasPrefix("DPO,6,") && effort[1].hasSuffix(",0,7680,7680"))
      #expect(effort[4].hasPrefix("Safe-RLHF,12,") && effort[4].hasSuffix(",3840,3840,3840"))
      let equal = try lines("equal-kl.csv")
      #expect(equal.count > 3 && equal[0].hasPrefix("kl,arm,setting,helpfulness,"))
      #expect(equal.dropFirst().allSatisfy { $0.split(separator: ",").last == "2" })
      #expect(report.table.contains("what a cell cost") && report.table.contains("tokens sampled"))
      // λ of MoCAN is solved once and does not move.
      let multiplier = try lines("multiplier.svg").joined()
      #expect(multiplier.contains("C-DPO, τ = 0.2") && !multiplier.contains("MoCAN"))
    }
  }
}
