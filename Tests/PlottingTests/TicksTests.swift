import Plotting
import TestSupport
import Testing

/// Ticks are seen through the figure that they are drawn in.
@Suite struct TicksTests {
  /// Tick labels along x of a panel that shows this domain.
  private func labels(
    _ domain: ClosedRange<Double>, scale: Scale = .linear, possible: ClosedRange<Double>? = nil, width: Double = 100
  ) -> [String] {
    let panel = Panel(
      x: Axis("", scale: scale, reach: .fixed(domain), possible: possible), y: Axis("", reach: .fixed(0...1)), marks: []
    )
    let figure = Figure(
      size: Figure.Size(width: width, height: 60), title: "t", summary: "s", hasHeading: false, panels: [panel])
    let document = SVGInspector(figure.svg())
    return document.elements(named: "text").filter { $0.attributes["text-anchor"] == "middle" }.map(\.text)
  }

  @Test(arguments: [
    (0.0...1.0, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
    (0.43...0.61, ["0.44", "0.46", "0.48", "0.50", "0.52", "0.54", "0.56", "0.58", "0.60"]),
    (-2.0...2.0, ["\u{2212}2.0", "\u{2212}1.5", "\u{2212}1.0", "\u{2212}0.5", "0.0", "0.5", "1.0", "1.5", "2.0"]),
    (0.0...1e7, ["0", "2e6", "4e6", "6e6", "8e6", "1e7"]),
    (1e-9...3e-9, ["1e\u{2212}9", "1.5e\u{2212}9", "2e\u{2212}9", "2.5e\u{2212}9", "3e\u{2212}9"]),
    (97.0...101.0, ["97.0", "97.5", "98.0", "98.5", "99.0", "99.5", "100.0", "100.5", "101.0"]),
  ])
  func `linear ticks are 1-2-5 with common decimals`(domain: ClosedRange<Double>, expected: [String]) {
    #expect(labels(domain) == expected)
  }

  @Test(arguments: [
    (0.01...1.0, ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1"]),
    (1e-6...1e3, ["1e\u{2212}6", "0.0001", "0.01", "1", "100"]),
    (0.3...0.4, ["0.30", "0.32", "0.34", "0.36", "0.38", "0.40"]),
    (1e-300...1e300, ["1e\u{2212}300", "1e\u{2212}200", "1e\u{2212}100", "1", "1e100", "1e200", "1e300"]),
  ])
  func `logarithmic ticks are decades or 1-2-5`(domain: ClosedRange<Double>, expected: [String]) {
    #expect(labels(domain, scale: .log10) == expected)
  }

  @Test func `no tick is impossible`() {
    #expect(labels(0.85...1.1, possible: 0...1).last == "1.00")
    #expect(labels(-0.2...0.3, possible: 0...1).first == "0.0" || labels(-0.2...0.3, possible: 0...1).first == "0.00")
  }

  /// Steps of at least 1.5 times the widest label, on any domain.
  @Test func `labels never touch`() {
    for (low, length) in [(0.0, 1.0), (-1e6, 3e5), (123_456, 0.01), (0.000_012, 0.000_001), (-5, 1e-3), (1e9, 1e10)] {
      for width in [30.0, 60, 100, 170] {
        let panel = Panel(x: Axis("x", reach: .fixed(low...(low + length))), y: Axis("y"), marks: [])
        let figure = Figure(size: Figure.Size(width: width, height: 50), title: "t", summary: "s", panels: [panel])
        #expect(FigureCheck.faults(figure.svg()) == [], "\(low) + \(length) at \(width) mm")
      }
    }
  }

  @Test(arguments: [
    (0.5...0.5, Scale.linear, 0.475...0.525), (0.0...0.0, .linear, -1.0...1.0), (-4.0 ... -4.0, .linear, -4.2 ... -3.8),
    (1.0...1.0, .log10, 0.5...2.0), (1.0...2.0, .linear, 1.0...2.0), (1.0...(1.0 + 1e-15), .linear, 0.95...1.05),
  ])
  func `a range of no length gets one`(extent: ClosedRange<Double>, scale: Scale, domain: ClosedRange<Double>) {
    let padded = scale.paddedDomain(of: extent, padding: 0)
    #expect(abs(padded.lowerBound - domain.lowerBound) < 1e-9 && abs(padded.upperBound - domain.upperBound) < 1e-9)
  }

  @Test func `an empty range and padding`() {
    #expect(Scale.linear.paddedDomain(of: nil, padding: 0.1) == 0...1)
    #expect(Scale.log10.paddedDomain(of: nil, padding: 0.1) == 1...10)
    let padded = Scale.log10.paddedDomain(of: 0.1...10, padding: 0.5)
    #expect(abs(padded.lowerBound - 0.01) < 1e-12 && abs(padded.upperBound - 100) < 1e-9)
  }

  @Test func `a logarithmic axis refuses values that are not positive`() async {
    await #expect(processExitsWith: .failure) {
      let mark = PointsMark([DataPoint(0, 1)], shape: .circle, paint: MarkerPaint(fill: .black))
      _ = Figure(
        size: Figure.Size(width: 50, height: 50), title: "t", summary: "s",
        panels: [Panel(x: Axis("x", scale: .log10), y: Axis("y"), marks: [mark])]
      ).svg()
    }
  }
}
