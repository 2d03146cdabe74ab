import Plotting
import TestSupport
import Testing

@Suite struct FigureTests {
  private let paint = MarkerPaint(fill: .blue)

  private func figure(_ panels: [Panel?], legend: Legend = Legend([]), columns: Int = 1, footer: [String] = [])
    -> Figure
  {
    Figure(
      size: Figure.Size(width: 90, height: 70), title: "Title", summary: "Summary", legend: legend, panels: panels,
      columns: columns, footer: footer)
  }

  private func panel(_ marks: [any Mark]) -> Panel { Panel(x: Axis("x"), y: Axis("y"), marks: marks) }

  /// Every mark, swatch and shape in two panels: fixed byte for byte.
  @Test func `all marks, byte for byte`() {
    let points = [DataPoint(1, 0.2), DataPoint(2, 0.5), DataPoint(4, 0.4)]
    let left = Panel(
      title: "Left", x: Axis("Dose, mg", scale: .log10), y: Axis("Effect → better", possible: 0...1),
      marks: [
        BandMark(lower: points.map { DataPoint($0.x, $0.y - 0.1) }, upper: points, colour: .skyBlue),
        RuleMark(y: 0.3), PathMark(points, stroke: Stroke(.blue, dash: [2, 1])),
        IntervalsMark([.init(centre: points[1], x: 1.5...2.5, y: 0.3...0.7)], colour: .blue, hiddenRadius: 2),
        PointsMark(points, shape: .square, paint: paint, notes: ["a & b", "c", "d"]),
        LabelsMark([Label("last", at: points[2], awayFrom: points[1])]),
      ])
    let shapes = MarkerShape.allCases.enumerated().map { index, shape in
      PointsMark([DataPoint(Double(index), -Double(index * index))], shape: shape, paint: paint)
    }
    let right = Panel(
      title: "Right", x: Axis("Index"), y: Axis("Loss"),
      marks: shapes + [
        StaircaseMark(
          [DataPoint(0, -20), DataPoint(3, -20), DataPoint(3, -60)], stroke: Stroke(.ink), floor: DataPoint(0, -60),
          tint: .black, reachesEdges: true), ReferenceMark(DataPoint(6, -10), name: "start"),
        EndLabelsMark([Label("one", at: DataPoint(9, -81)), Label("two", at: DataPoint(9, -80))], side: .right),
      ], rightMargin: 30)
    let legend = Legend([
      [
        .init("point", .marker(.square, radius: 2, paint)), .init("line", .line(Stroke(.blue))),
        .init("both", .markedLine(Stroke(.blue), .square, radius: 2, paint)),
      ], [.init("interval", .interval(.grey)), .init("start", .reference(.black)), .init("area", .area(.black))],
    ])
    let svg = Figure(
      size: Figure.Size(width: 140, height: 80), title: "Every <mark>", summary: "A \"test\" & more.", legend: legend,
      panels: [left, right], columns: 2, footer: ["Conventions of all kinds."]
    ).svg()
    offerForInspection(svg, "marks.svg")
    #expect(differenceFromGolden(svg, "marks.svg") == nil)
    #expect(FigureCheck.faults(svg) == [])
  }

  @Test func `drawing twice gives the same bytes`() {
    let once = figure([panel([PointsMark([DataPoint(1, 2)], shape: .star, paint: paint)])])
    #expect(once.svg() == once.svg())
  }

  @Test func `the page has the size asked for`() {
    let root = SVGInspector(figure([]).svg()).elements[0]
    #expect(root.attributes["width"] == "90.00mm" && root.attributes["height"] == "70.00mm")
    #expect(root.attributes["viewBox"] == "0 0 255.12 198.43")
  }

  @Test func `markup and forbidden characters in texts`() {
    var strange = figure([])
    strange.title = "a < b & c > \"d\" \u{1} \u{FFFE} 'e' 🙂"
    let document = SVGInspector(strange.svg())
    #expect(document.fault == nil)
    #expect(document.elements(named: "title")[0].text == "a < b & c > \"d\" \u{FFFD} \u{FFFD} 'e' 🙂")
  }

  @Test func `points outside a fixed axis are not drawn, lines are cut`() {
    let cut = Panel(
      x: Axis("x", reach: .fixed(0...1)), y: Axis("y", reach: .fixed(0...1)),
      marks: [
        PointsMark([DataPoint(0.5, 0.5), DataPoint(2, 2)], shape: .circle, paint: paint),
        PathMark([DataPoint(-1, 0.5), DataPoint(3, 0.5)], stroke: Stroke(.vermillion)),
        PathMark([DataPoint(-1, 3), DataPoint(3, 3)], stroke: Stroke(.orange)),
      ])
    let document = SVGInspector(figure([cut]).svg())
    #expect(document.elements(named: "circle").count == 1)
    let lines = document.elements(named: "path").filter { $0.attributes["stroke"] == Colour.vermillion.hex }
    #expect(lines.count == 1)
    let ends = lines[0].attributes["d"]?.split(separator: " ").compactMap {
      Double($0.dropFirst().prefix { $0 != "," })
    }
    let axis = document.elements(named: "path").filter { $0.attributes["stroke"] == Colour.ink.hex }[0]
    let edges = axis.attributes["d"]?.split(separator: " ").compactMap { Double($0.dropFirst().prefix { $0 != "," }) }
    #expect(ends == edges)
    #expect(!document.elements(named: "path").contains { $0.attributes["stroke"] == Colour.orange.hex })
  }

  @Test func `points that are not finite are refused`() async {
    await #expect(processExitsWith: .failure) { _ = Extent([DataPoint(.nan, 0)]) }
    await #expect(processExitsWith: .failure) { _ = Extent([DataPoint(0, .infinity)]) }
  }

  @Test func `a slanted step is refused`() async {
    await #expect(processExitsWith: .failure) {
      _ = StaircaseMark([DataPoint(0, 0), DataPoint(1, 1)], stroke: nil)
    }
  }

  /// Twelve names at one place: all readable.
  @Test func `labels at one place move apart`() {
    let labels = (0..<12).map { Label("label \($0)", at: DataPoint(0.5, 0.5)) }
    #expect(FigureCheck.faults(figure([panel([LabelsMark(labels)])]).svg()) == [])
  }

  @Test func `labels keep clear of points`() {
    let crowd = (0..<40).map { DataPoint(0.5 + 0.01 * Double($0), 0.5 + 0.004 * Double($0)) }
    let marks: [any Mark] = [
      PointsMark(crowd + [DataPoint(0, 0), DataPoint(1, 1)], shape: .circle, paint: paint),
      LabelsMark([Label("somewhere", at: crowd[20])]),
    ]
    let document = SVGInspector(figure([panel(marks)]).svg())
    guard let text = document.elements(named: "text").first(where: { $0.text == "somewhere" }) else {
      Issue.record("the label is missing")
      return
    }
    let half = TextMetrics.width("somewhere", size: 7) / 2
    let (x, y) = (text.number("x") ?? 0, text.number("y") ?? 0)
    for circle in document.elements(named: "circle") {
      let (cx, cy) = (circle.number("cx") ?? 0, circle.number("cy") ?? 0)
      #expect(abs(cx - x) > half || cy > y + 1 || cy < y - 6)
    }
  }

  @Test func `long texts are wrapped or shortened`() {
    let words = Array(repeating: "interminable", count: 30).joined(separator: " ")
    var long = figure(
      [Panel(title: words, x: Axis(words), y: Axis(words), marks: [])],
      legend: Legend([[.init(words, .line(Stroke(.blue)))]]), footer: [words])
    long.size = Figure.Size(width: 100, height: 100)
    #expect(FigureCheck.faults(long.svg()) == [])
  }

  @Test func `small multiples line up`() {
    let panels = (0..<6).map { index -> Panel? in
      index == 4
        ? nil
        : panel([PathMark([DataPoint(0, 0), DataPoint(1, index == 0 ? 1e4 : 1)], stroke: Stroke(.blue))])
    }
    var multiples = figure(panels, columns: 3)
    multiples.size = Figure.Size(width: 170, height: 110)
    let svg = multiples.svg()
    #expect(FigureCheck.faults(svg) == [])
    let rotated = SVGInspector(svg).elements(named: "text").filter { $0.attributes["transform"] != nil }
    #expect(rotated.count == 5)
  }

  @Test(arguments: [
    ([10.0, 20, 30], [10.0, 20, 30]), ([10, 10, 10], [0, 10, 20]), ([0, 0, 50], [5, 15, 50]),
    ([99, 99, 99], [75, 85, 95]),
  ])
  func `end labels move as little as possible`(wanted: [Double], expected: [Double]) {
    let range = wanted == [10, 10, 10] ? -20.0...100.0 : 0.0...100.0
    #expect(EndLabelsMark.spread(wanted, spacing: [10, 10, 10], within: range) == expected)
  }
}
