/// A figure as data: everything that `svg()` draws, in millimetres and points at the final print size.
public struct Figure: Sendable {
  /// Width and height in millimetres as printed.
  public struct Size: Hashable, Sendable {
    public var width: Double
    public var height: Double

    public init(width: Double, height: Double) {
      self.width = width
      self.height = height
    }
  }

  public var size: Size
  /// The accessible name, and the heading when `hasHeading`.
  public var title: String
  /// What the figure shows, in a sentence or two, for readers who cannot see it.
  public var summary: String
  public var hasHeading: Bool
  public var legend: Legend
  /// Row by row, `columns` to a row; nil leaves a place empty.
  public var panels: [Panel?]
  public var columns: Int
  /// Conventions and caption below the panels; each is wrapped to the figure's width.
  public var footer: [String]

  public init(
    size: Size, title: String, summary: String, hasHeading: Bool = true, legend: Legend = Legend([]), panels: [Panel?],
    columns: Int = 1, footer: [String] = []
  ) {
    precondition(size.width > 0 && size.height > 0, "a figure needs a positive size, got \(size)")
    precondition(columns > 0, "a figure needs at least one column, got \(columns)")
    self.size = size
    self.title = title
    self.summary = summary
    self.hasHeading = hasHeading
    self.legend = legend
    self.panels = panels
    self.columns = columns
    self.footer = footer
  }

  /// The figure as a standalone SVG 1.1 document: the same bytes for the same figure on every machine.
  ///
  /// Presentation attributes only, generic font families, no identifiers, no scripts: safe for rsvg-convert and for inlining.
  public func svg() -> String { FigureLayout(self).svg() }
}

/// One pair of axes with its marks.
public struct Panel: Sendable {
  /// Above the plot area, over the panels right of it too while they have none; empty for none.
  public var title: String
  public var x: Axis
  public var y: Axis
  /// Drawn in this order, later ones on top.
  public var marks: [any Mark]
  /// Room for `EndLabelsMark` left of the data, inside the plot area, in points.
  public var leftInset: Double
  /// Room for `EndLabelsMark` right of the plot area, in points.
  public var rightMargin: Double

  public init(title: String = "", x: Axis, y: Axis, marks: [any Mark], leftInset: Double = 0, rightMargin: Double = 0) {
    self.title = title
    self.x = x
    self.y = y
    self.marks = marks
    self.leftInset = leftInset
    self.rightMargin = rightMargin
  }

  var extent: Extent { marks.reduce(.nothing) { $0.union($1.extent) } }
}
