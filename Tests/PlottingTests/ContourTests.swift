import Plotting
import TestSupport
import Testing

@Suite struct ContourTests {
  private func contours(
    _ x: ClosedRange<Double> = -1...1, _ y: ClosedRange<Double> = -1...1,
    height: @escaping @Sendable (DataPoint) -> Double
  ) -> ContourMark {
    ContourMark(levels: [], x: x, y: y, stroke: Stroke(.grey), decimals: 1, height: height)
  }

  @Test func `a plane has straight lines from edge to edge`() {
    let lines = contours(0...2, 0...1) { $0.x + 2 * $0.y }.lines(at: 1)
    #expect(lines.count == 1)
    #expect(lines[0].allSatisfy { abs($0.x + 2 * $0.y - 1) < 1e-12 })
    #expect(Set([lines[0][0], lines[0][lines[0].count - 1]]) == [DataPoint(1, 0), DataPoint(0, 0.5)])
  }

  @Test func `a bowl has one closed line, near its circle`() {
    let lines = contours { $0.x * $0.x + $0.y * $0.y }.lines(at: 0.49)
    #expect(lines.count == 1)
    #expect(lines[0].first == lines[0].last && lines[0].count > 50)
    for point in lines[0] { #expect(abs((point.x * point.x + point.y * point.y).squareRoot() - 0.7) < 1e-3) }
  }

  @Test func `a saddle has two lines at every height but that of its pass`() {
    let saddle = contours { $0.x * $0.y }
    for level in [-0.4, -0.01, 0.01, 0.4] {
      let lines = saddle.lines(at: level)
      #expect(lines.count == 2)
      for point in lines.joined() { #expect(abs(point.x * point.y - level) < 2e-3) }
    }
  }

  @Test func `no line above the highest and below the lowest point`() {
    let plane = contours { $0.x }
    #expect(plane.lines(at: 1.1).isEmpty && plane.lines(at: -1.1).isEmpty)
  }

  @Test func `heights are written on their lines, clear of discs and of each other`() {
    let discs = DiscsMark(
      [
        .init(DataPoint(0.2, 0.8), value: 0.5, colour: .blue, above: "0.50", below: "a", note: "a"),
        .init(DataPoint(0.8, 0.2), value: 0.125, colour: .orange, above: "b", below: "0.13", note: "b"),
        .init(DataPoint(0.5, 0.1), value: 0, colour: .vermillion, above: "c", below: "0.00", note: "c"),
      ], unitRadius: 24)
    let lines = ContourMark(
      levels: [-0.5, 0, 0.5, 1], x: 0...1, y: 0...1, stroke: Stroke(.grey, width: 0.5), decimals: 1,
      keepOut: discs.keepOut
    ) { $0.x - $0.y }
    let panel = Panel(
      x: Axis("x", reach: .fixed(-0.1...1.1)), y: Axis("y", reach: .fixed(-0.2...1.2)), marks: [lines, discs])
    let svg = Figure(size: Figure.Size(width: 70, height: 60), title: "Contours", summary: "Discs.", panels: [panel])
      .svg()
    offerForInspection(svg, "contours.svg")
    #expect(differenceFromGolden(svg, "contours.svg") == nil)
    #expect(FigureCheck.faults(svg) == [])
    let document = SVGInspector(svg)
    let texts = document.elements(named: "text").map(\.text)
    #expect(texts.contains("\u{2212}0.5"))
    let radii = document.elements(named: "circle").compactMap { $0.number("r") }
    #expect(radii.count == 3 && abs(radii[0] * radii[0] / (radii[1] * radii[1]) - 4) < 0.02 && radii[2] == 0)
  }

  @Test func `a negative area is refused`() async {
    await #expect(processExitsWith: .failure) {
      _ = DiscsMark.Disc(DataPoint(0, 0), value: -0.1, colour: .blue, above: "", below: "", note: "")
    }
  }
}
