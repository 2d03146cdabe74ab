import Basics
import Foundation
import Laboratory
import Plotting
import Reporting
import TestSupport
import Testing

/// Cost against the amount of work, and the files of a benchmark.
@Suite struct ScalingFigureTests {
  private func report(_ measurements: [BenchmarkMeasurement]) -> BenchmarkReport {
    BenchmarkReport(
      tool: "bfpo", machine: .current, model: "random weights", precision: "bfloat16", workers: 2, rounds: 3,
      parts: [.scaling], measurements: measurements)
  }

  /// Cost a · size^e, ten per cent to both sides.
  private func curve(_ name: String, _ sizes: [Int], _ start: Double, _ exponent: Double) -> [BenchmarkMeasurement] {
    sizes.map { size in
      let cost = start * pow(Double(size), exponent)
      return BenchmarkMeasurement(name, size: size, unit: .seconds, values: [cost, 0.9 * cost, 1.1 * cost])
    }
  }

  private var full: BenchmarkReport {
    report(
      curve("scaling.tokens", [128, 256, 512, 1024], 0.004, 1.05) + curve("scaling.pairs", [1, 2, 4, 8], 0.3, 0.97)
        + curve("scaling.cells", [30, 120, 480, 1920], 0.002, 1) + curve("scaling.workers.step", [1, 2], 4, -0.9)
        + curve("scaling.workers.cells", [1, 2], 6, -1))
  }

  @Test func `the figure of all four curves is the golden one`() throws {
    let svg = try #require(ScalingFigure(full).figure()).svg()
    offerForInspection(svg, "scaling-small.svg")
    #expect(FigureCheck.faults(svg) == [])
    #expect(differenceFromGolden(svg, "scaling-small.svg") == nil)
  }

  @Test func `the dashed line is proportional to the first point, and divides among workers`() throws {
    let panels = try #require(ScalingFigure(full).figure()).panels.compactMap(\.self)
    #expect(panels.map(\.title) == ["Tokens of a pair", "Pairs of a step", "Cells of a sweep", "Workers"])
    func dashed(_ panel: Panel) -> [[Double]] {
      panel.marks.compactMap { $0 as? PathMark }.filter { !$0.stroke.dash.isEmpty }.map { $0.points.map(\.y) }
    }
    #expect(panels.map { dashed($0).count } == [1, 1, 1, 2])
    let pairs = dashed(panels[1])[0]
    #expect(abs(pairs[1] / pairs[0] - 8) < 1e-12)
    let workers = dashed(panels[3])[0]
    #expect(abs(workers[0] / workers[1] - 2) < 1e-12)
  }

  @Test func `one panel is enough, one size is not`() throws {
    let cells = report(curve("scaling.cells", [30, 120], 0.002, 1))
    let figure = try #require(ScalingFigure(cells).figure())
    #expect(figure.panels.count == 1 && FigureCheck.faults(figure.svg()) == [])
    #expect(ScalingFigure(report(curve("scaling.cells", [30], 1, 1))).figure() == nil)
    #expect(ScalingFigure(report([])).figure() == nil)
  }

  @Test func `a benchmark's files are its report, its table and its curves`() throws {
    try withTemporaryFolder { folder in
      var all = full
      all.measurements.append(BenchmarkMeasurement("step.seconds", unit: .seconds, values: [2]))
      let files = try write(all, to: folder.appending(path: "new"))
      #expect(files.map(\.lastPathComponent) == ["report.json", "measurements.csv", "scaling.csv", "scaling.svg"])
      #expect(try BenchmarkReport(reading: files[0]).measurements == all.measurements)
      let lines = String(decoding: try Data(contentsOf: files[2]), as: UTF8.self).split(separator: "\n")
      #expect(lines.count == 1 + 16 && lines.dropFirst().allSatisfy { $0.hasPrefix("scaling.") })
      let few = try write(report([BenchmarkMeasurement("step.seconds", unit: .seconds, values: [2])]), to: folder)
      #expect(few.map(\.lastPathComponent) == ["report.json", "measurements.csv"])
    }
  }
}
