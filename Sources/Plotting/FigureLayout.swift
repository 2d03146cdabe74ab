/// Divides the page between heading, legend, panels and footer, and writes the document.
struct FigureLayout {
  private let figure: Figure
  private let width: Double
  private let height: Double

  static let pointsPerMillimetre = 72 / 25.4
  private static let margin = 5.0
  private static let headingSize = 9.0
  private static let footerSize = 6.5
  private static let gap = 10.0

  init(_ figure: Figure) {
    self.figure = figure
    width = figure.size.width * Self.pointsPerMillimetre
    height = figure.size.height * Self.pointsPerMillimetre
  }

  private var innerWidth: Double { width - 2 * Self.margin }

  func svg() -> String {
    var writer = SVGWriter()
    writer.begin(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "role": "img", "width": "\(coordinate(figure.size.width))mm",
        "height": "\(coordinate(figure.size.height))mm",
        "viewBox": "0 0 \(coordinate(width)) \(coordinate(height))", "font-family": TextMetrics.fontFamily,
      ])
    writer.element("title", [:], text: figure.title)
    writer.element("desc", [:], text: figure.summary)
    writer.element(
      "rect", ["width": coordinate(width), "height": coordinate(height), "fill": Colour.white.hex])
    let top = drawHead(on: &writer)
    let bottom = drawFooter(on: &writer)
    precondition(
      bottom - top > 40,
      "\(figure.size) leaves \(bottom - top) points of height for the panels beside heading, legend and footer")
    drawPanels(top: top, bottom: bottom, on: &writer)
    writer.end()
    return writer.text
  }

  /// Draws heading and legend and returns where they end.
  private func drawHead(on writer: inout SVGWriter) -> Double {
    var top = Self.margin
    if figure.hasHeading {
      for line in TextMetrics.wrap(figure.title, width: innerWidth / 1.15, size: Self.headingSize) {
        writer.text(line, x: Self.margin, middle: top + Self.headingSize / 2, size: Self.headingSize, bold: true)
        top += Self.headingSize * 1.25
      }
      top += 2
    }
    figure.legend.draw(left: Self.margin, top: top, width: innerWidth, on: &writer)
    return top + figure.legend.height(width: innerWidth)
  }

  /// Draws the footer and returns where it begins.
  private func drawFooter(on writer: inout SVGWriter) -> Double {
    let lines = figure.footer.flatMap { TextMetrics.wrap($0, width: innerWidth, size: Self.footerSize) }
    let lineHeight = Self.footerSize * 1.3
    let top = height - Self.margin - Double(lines.count) * lineHeight
    for (index, line) in lines.enumerated() {
      writer.text(
        line, x: Self.margin, middle: top + (Double(index) + 0.5) * lineHeight, size: Self.footerSize, colour: .grey)
    }
    return lines.isEmpty ? height - Self.margin : top - 4
  }

  /// Gives panels of a row the same height and all columns plot areas of the same width.
  private func drawPanels(top: Double, bottom: Double, on writer: inout SVGWriter) {
    guard !figure.panels.isEmpty else { return }
    let columns = min(figure.columns, figure.panels.count)
    let rows = (figure.panels.count + columns - 1) / columns
    let rowHeight = (bottom - top - Self.gap * Double(rows - 1)) / Double(rows)
    let panels = figure.panels.enumerated().map { index, panel in
      let row = figure.panels[(index / columns * columns)...].prefix(columns)
      let topMargin = row.compactMap { $0.map(PanelLayout.topMargin) }.max() ?? 0
      return panel.map { PanelLayout($0, height: rowHeight, topMargin: topMargin) }
    }
    func widest(_ column: Int, _ margin: (PanelLayout) -> Double) -> Double {
      stride(from: column, to: panels.count, by: columns).compactMap { panels[$0].map(margin) }.max() ?? 0
    }
    let lefts = (0..<columns).map { widest($0, \.leftMargin) }
    let rights = (0..<columns).map { widest($0, \.rightMargin) }
    let used = (lefts + rights).reduce(0, +) + Self.gap * Double(columns - 1)
    let plotWidth = (innerWidth - used) / Double(columns)
    precondition(plotWidth > 20, "\(figure.size) leaves \(plotWidth) points of width for each of \(columns) columns")
    for (index, panel) in panels.enumerated() {
      let column = index % columns
      let before = (0..<column).reduce(0.0) { $0 + lefts[$1] + rights[$1] + plotWidth + Self.gap }
      let left = Self.margin + before + lefts[column]
      let rowTop = top + Double(index / columns) * (rowHeight + Self.gap)
      let isTitledNext =
        column + 1 < columns && figure.panels.indices.contains(index + 1)
        && figure.panels[index + 1].map { !$0.title.isEmpty } == true
      let titleWidth = isTitledNext ? plotWidth + rights[column] : width - Self.margin - left
      panel?.draw(left: left, top: rowTop, plotWidth: plotWidth, titleWidth: titleWidth, on: &writer)
    }
  }
}
