import Basics
import Laboratory
import Plotting
import Reporting
import TestSupport
import Testing

@Suite struct IllustrationFigureTests {
  /// Three methods, two seeds, invented courses: one with an optimum, one without, one that draws nothing.
  private var small: IllustrationResult {
    let design = IllustrativeDesign.strict[2]
    func run(_ seed: Int, _ final: [Double]) -> IllustrativeRun {
      let shares = [0, 0.5, 0.75, 1]
      return IllustrativeRun(
        seed: seed, steps: [0, 600, 1200, 1800],
        probabilities: shares.map { share in final.map { 0.25 + share * ($0 - 0.25) } }, seconds: 1)
    }
    func method(_ id: String) -> IllustrativeMethod { IllustrativeMethod.all.first { $0.id == id }! }
    let low = [0.4, 0.125, 0.15, 0.325]
    let high = [0.42, 0.115, 0.15, 0.315]
    return IllustrationResult(
      design: design,
      outcomes: [
        IllustrativeOutcome(
          method: method("bfpo"), runs: [run(0, low), run(1, high)],
          exact: .policy([0.41, 0.12, 0.15, 0.32], multiplier: nil)),
        IllustrativeOutcome(
          method: method("constrained"), runs: [run(0, [0.61, 0.06, 0.04, 0.29])],
          exact: .policy([0.61, 0.06, 0.04, 0.29], multiplier: 2)),
        IllustrativeOutcome(
          method: method("dpo-safety"), runs: [run(0, [0.5, 0, 0, 0.5]), run(1, [0.48, 0, 0, 0.52])],
          exact: .none("y2, y3 never beat y1, y4")),
      ], impliedReward: ImpliedReward(design.world, IllustrativeExperiment.constants))
  }

  @Test func `the curves, byte for byte`() {
    let svg = IllustrationCurves(small).svg()
    offerForInspection(svg, "illustration-curves-small.svg")
    #expect(differenceFromGolden(svg, "illustration-curves-small.svg") == nil)
    #expect(FigureCheck.faults(svg) == [])
  }

  @Test func `the plane, byte for byte`() {
    let svg = IllustrationPlane(small).svg()
    offerForInspection(svg, "illustration-plane-small.svg")
    #expect(differenceFromGolden(svg, "illustration-plane-small.svg") == nil)
    #expect(FigureCheck.faults(svg) == [])
  }

  @Test func `every response has its mean, its band and its exact line in its colour`() {
    let paths = SVGInspector(IllustrationCurves(small).svg()).elements(named: "path")
    for colour in [Colour.blue, .skyBlue, .orange, .vermillion] {
      let own = paths.filter { $0.attributes["stroke"] == colour.hex }
      #expect(own.count == 3 + 1, "three panels and the legend")
      let exact = paths.filter { $0.attributes["stroke"] == colour.mixed(with: .black, share: 0.45).hex }
      #expect(exact.count == 2, "no optimum, no line")
      #expect(exact.allSatisfy { $0.attributes["stroke-dasharray"] != nil })
      #expect(paths.count { $0.attributes["fill"] == colour.hex } == 2, "one run, no band")
    }
  }

  @Test func `a disc's area is proportional to its probability, and the number stands beside it`() throws {
    let figure = IllustrationPlane(small)
    let document = SVGInspector(figure.svg())
    var discs: [(radius: Double, probability: Double)] = []
    for (circle, title) in zip(document.elements, document.elements.dropFirst())
    where circle.name == "circle" && title.name == "title" {
      let note = try #require(title.text.split(separator: " ").last.flatMap { Double($0) })
      discs.append((try #require(circle.number("r")), note))
    }
    #expect(discs.count == 12)
    for disc in discs {
      let area = disc.radius * disc.radius / (figure.unitRadius * figure.unitRadius)
      #expect(abs(area - disc.probability) < 0.002, "\(disc)")
    }
    let texts = document.elements(named: "text").map(\.text)
    for number in ["0.41", "0.12", "0.15", "0.32", "0.61", "0.00"] { #expect(texts.contains(number)) }
  }

  @Test func `figures say what is the paper's, what is reconstructed, and what has no optimum`() {
    func words(_ svg: String) -> String {
      SVGInspector(svg).elements(named: "text").map(\.text).joined(separator: " ")
    }
    let curves = words(IllustrationCurves(small).svg())
    let plane = words(IllustrationPlane(small).svg())
    for text in [curves, plane] { #expect(text.contains("From the paper") && text.contains("Reconstructed")) }
    #expect(curves.contains("DPO on safety (y2, y3 never beat y1, y4)"))
    #expect(plane.contains("the exact reward differs") && plane.contains("at most 0.0241"))
  }

  @Test func `the tables carry the same numbers`() throws {
    let table = IllustrationTable(small)
    let csv = IllustrationTable.csv([small]).split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    #expect(csv.count == 4 && csv[0].count == csv[1].count)
    #expect(csv[1].prefix(3) == ["safe-14", "bfpo", "2"])
    #expect(try abs(#require(Double(csv[1][3])) - 0.41) < 1e-12 && Double(csv[1][5]) == 0.41)
    #expect(csv[3][5].isEmpty && csv[3].suffix(3) == ["\"y2", " y3 never beat y1", " y4\""])
    #expect(table.markdown().contains("| BFPO | 0.4100 ± 0.0141 (0.4100) |"))
    #expect(table.markdown().contains("DPO on safety: no optimum, y2, y3 never beat y1, y4"))
    #expect(
      table.latex().contains("Constrained E[s] $\\geq$ 0.9 & 0.6100 & 0.0600 & 0.0400 & 0.2900 & 0.9000 & 0/1 \\\\"))
    #expect(table.latex().contains("does not exist"))
    #expect(table.latex().split(separator: "\n").first { $0.hasPrefix("BFPO") }?.split(separator: "&").count == 7)
  }
}
