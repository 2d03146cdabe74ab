/// What the shapes and lines of a figure mean: rows of entries above the panels.
public struct Legend: Hashable, Sendable {
  /// What stands before an entry's text.
  public enum Swatch: Hashable, Sendable {
    case marker(MarkerShape, radius: Double, MarkerPaint)
    case line(Stroke)
    case markedLine(Stroke, MarkerShape, radius: Double, MarkerPaint)
    /// A point with bars along both axes.
    case interval(Colour)
    case reference(Colour)
    case area(Colour)
  }

  public struct Entry: Hashable, Sendable {
    public var swatch: Swatch
    public var text: String

    public init(_ text: String, _ swatch: Swatch) {
      self.text = text
      self.swatch = swatch
    }
  }

  /// Every list begins on a row of its own.
  public var groups: [[Entry]]

  public init(_ groups: [[Entry]]) { self.groups = groups.filter { !$0.isEmpty } }

  static let fontSize = 7.0
  static let rowHeight = 10.5
  private static let swatchWidth = 15.0
  private static let gap = 12.0

  /// The entries' rows in `width` points, each entry with its distance from the left edge.
  private func rows(width: Double) -> [[(entry: Entry, left: Double)]] {
    var rows: [[(entry: Entry, left: Double)]] = []
    for group in groups {
      var row: [(entry: Entry, left: Double)] = []
      var left = 0.0
      for entry in group {
        let size = min(width, Self.swatchWidth + TextMetrics.width(entry.text, size: Self.fontSize))
        if !row.isEmpty, left + size > width {
          rows.append(row)
          row = []
          left = 0
        }
        row.append((entry, left))
        left += size + Self.gap
      }
      rows.append(row)
    }
    return rows
  }

  func height(width: Double) -> Double { Double(rows(width: width).count) * Self.rowHeight }

  func draw(left: Double, top: Double, width: Double, on writer: inout SVGWriter) {
    for (index, row) in rows(width: width).enumerated() {
      let middle = top + (Double(index) + 0.5) * Self.rowHeight
      for (entry, offset) in row {
        Self.draw(entry.swatch, left: left + offset, middle: middle, on: &writer)
        let room = width - offset - Self.swatchWidth
        writer.text(
          TextMetrics.shortened(entry.text, width: room, size: Self.fontSize), x: left + offset + Self.swatchWidth,
          middle: middle, size: Self.fontSize)
      }
    }
  }

  private static func draw(_ swatch: Swatch, left: Double, middle: Double, on writer: inout SVGWriter) {
    let centre = PagePoint(x: left + 6, y: middle)
    func line(_ stroke: Stroke) {
      stroke.draw(
        "M\(coordinate(left)),\(coordinate(middle)) L\(coordinate(left + 12)),\(coordinate(middle))", on: &writer)
    }
    switch swatch {
    case .marker(let shape, let radius, let paint): shape.draw(at: centre, radius: radius, paint: paint, on: &writer)
    case .line(let stroke): line(stroke)
    case .markedLine(let stroke, let shape, let radius, let paint):
      line(stroke)
      shape.draw(at: centre, radius: radius, paint: paint, on: &writer)
    case .interval(let colour):
      line(Stroke(colour, width: 0.5))
      let (x, top, bottom) = (coordinate(centre.x), coordinate(middle - 4), coordinate(middle + 4))
      Stroke(colour, width: 0.5).draw("M\(x),\(top) L\(x),\(bottom)", on: &writer)
    case .area(let colour):
      writer.element(
        "rect",
        [
          "x": coordinate(left), "y": coordinate(middle - 3.5), "width": "12.00", "height": "7.00", "fill": colour.hex,
          "fill-opacity": "0.04",
          "stroke": Colour.mist.mixed(with: .black, share: 0.1).hex, "stroke-width": "0.40",
        ])
    case .reference(let colour):
      ReferenceMark.draw(at: centre, radius: 3.2, colour: colour, note: nil, on: &writer)
    }
  }
}
