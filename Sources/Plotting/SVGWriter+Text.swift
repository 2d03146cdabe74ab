extension SVGWriter {
  /// Which part of a text stands at its x.
  enum TextAnchor: String { case start, middle, end }

  /// One line of text, its capitals centred on `middle`.
  mutating func text(
    _ content: String, x: Double, middle: Double, size: Double, colour: Colour = .ink, anchor: TextAnchor = .start,
    bold: Bool = false
  ) {
    element(
      "text",
      [
        "x": coordinate(x), "y": coordinate(middle + size * TextMetrics.capHeight / 2), "font-size": coordinate(size),
        "fill": colour.hex, "text-anchor": anchor == .start ? "" : anchor.rawValue, "font-weight": bold ? "bold" : "",
      ], text: content)
  }

  /// One line of text that reads upwards, centred on `middle`, its capitals centred on `x`.
  mutating func upwardText(_ content: String, x: Double, middle: Double, size: Double) {
    let baseline = coordinate(x + size * TextMetrics.capHeight / 2)
    element(
      "text",
      [
        "x": baseline, "y": coordinate(middle), "font-size": coordinate(size), "fill": Colour.ink.hex,
        "text-anchor": "middle", "transform": "rotate(-90 \(baseline) \(coordinate(middle)))",
      ], text: content)
  }
}
