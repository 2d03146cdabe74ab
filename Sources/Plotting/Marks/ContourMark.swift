/// Lines of equal height of a function of both axes, with the heights written on them.
///
/// The function is sampled on a square grid and interpolated linearly along the grid's edges (marching squares).
public struct ContourMark: Mark {
  /// The height at (x, y) in the units of the data.
  public var height: @Sendable (DataPoint) -> Double
  public var levels: [Double]
  /// Where lines are drawn.
  public var x: ClosedRange<Double>
  public var y: ClosedRange<Double>
  /// Negative levels are dashed.
  public var stroke: Stroke
  /// Decimals of the heights written on the lines.
  public var decimals: Int
  /// Places that the written heights leave free, such as marks that are drawn later.
  public var keepOut: [KeepOut]
  /// Cells of the grid along each axis.
  public var resolution: Int

  /// A rectangle around a point of the data, its half sides in points of the page.
  public struct KeepOut: Hashable, Sendable {
    public var centre: DataPoint
    public var halfWidth: Double
    public var halfHeight: Double

    public init(_ centre: DataPoint, halfWidth: Double, halfHeight: Double) {
      self.centre = centre
      self.halfWidth = halfWidth
      self.halfHeight = halfHeight
    }
  }

  public init(
    levels: [Double], x: ClosedRange<Double>, y: ClosedRange<Double>, stroke: Stroke, decimals: Int,
    keepOut: [KeepOut] = [], resolution: Int = 40, height: @escaping @Sendable (DataPoint) -> Double
  ) {
    precondition(resolution > 0, "a contour needs a grid, got \(resolution) cells")
    self.levels = levels
    self.x = x
    self.y = y
    self.stroke = stroke
    self.decimals = decimals
    self.keepOut = keepOut
    self.resolution = resolution
    self.height = height
  }

  public var extent: Extent { .nothing }

  /// A height for which no line has room is not written.
  public func draw(on canvas: inout Canvas) {
    var taken = keepOut.map {
      Box(centre: canvas.place($0.centre), halfWidth: $0.halfWidth, halfHeight: $0.halfHeight)
    }
    for level in levels {
      let lines = lines(at: level).map { $0.map(canvas.place) }
      var stroke = stroke
      if level < 0 { stroke.dash = [2, 1.5] }
      for line in lines {
        let data = canvas.pathData(through: line)
        if !data.isEmpty { stroke.draw(data, on: &canvas.writer) }
      }
      let text = displayed(level, decimals: decimals)
      guard let box = Self.freest(lines, text: text, taken: taken, within: canvas.frame) else {
        continue
      }
      write(text, in: box, on: &canvas)
      taken.append(box)
    }
  }

  private static let textSize = 5.5

  /// The text's box on the point of a line that is farthest from everything taken; nil when it would cover something everywhere.
  private static func freest(_ lines: [[PagePoint]], text: String, taken: [Box], within frame: Box) -> Box? {
    let halfWidth = TextMetrics.width(text, size: textSize) / 2 + 0.6
    var best: (box: Box, distance: Double)?
    for point in lines.flatMap({ inner(of: $0, margin: halfWidth + 3) }) {
      let box = Box(centre: point, halfWidth: halfWidth, halfHeight: textSize * 0.5)
      guard frame.contains(box), !taken.contains(where: { $0.overlap(box.grown(by: 0.5)) > 0 }) else { continue }
      let nearest = taken.map { squaredDistance(point, $0.nearest(to: point)) }.min() ?? .infinity
      if nearest > best?.distance ?? -1 { best = (box, nearest) }
    }
    return best?.box
  }

  /// The points of a line that are at least `margin` away from both of its ends; all of a closed line.
  private static func inner(of line: [PagePoint], margin: Double) -> [PagePoint] {
    guard let first = line.first, let last = line.last, first != last else { return line }
    return line.filter { point in
      [first, last].allSatisfy { squaredDistance(point, $0) >= margin * margin }
    }
  }

  private static func squaredDistance(_ a: PagePoint, _ b: PagePoint) -> Double {
    (a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y)
  }

  /// The height on a light ground, centred on its line.
  private func write(_ text: String, in box: Box, on canvas: inout Canvas) {
    canvas.writer.element(
      "rect",
      [
        "x": coordinate(box.left), "y": coordinate(box.top), "width": coordinate(box.width),
        "height": coordinate(box.height), "fill": Colour.white.hex, "fill-opacity": "0.85",
      ])
    canvas.writer.text(
      text, x: box.centre.x, middle: box.centre.y, size: Self.textSize,
      colour: stroke.colour.mixed(with: .black, share: 0.3), anchor: .middle)
    canvas.obstacles.append(Obstacle(box: box, weight: 20))
  }

  // MARK: Marching squares

  /// The lines at one height, each from edge to edge of the grid; a closed line ends where it begins.
  package func lines(at level: Double) -> [[DataPoint]] {
    let grid = sampled()
    var joints: [Edge: [Edge]] = [:]
    for row in 0..<resolution {
      for column in 0..<resolution {
        for (a, b) in segments(row: row, column: column, grid: grid, level: level) {
          joints[a, default: []].append(b)
          joints[b, default: []].append(a)
        }
      }
    }
    return chains(joints).map { $0.map { crossing($0, grid: grid, level: level) } }
  }

  /// An edge of the grid, from its lower left corner to the right or upwards.
  private struct Edge: Hashable, Comparable {
    var row: Int
    var column: Int
    var isVertical: Bool

    static func < (a: Edge, b: Edge) -> Bool {
      (a.row, a.column, a.isVertical ? 1 : 0) < (b.row, b.column, b.isVertical ? 1 : 0)
    }
  }

  private func corner(_ row: Int, _ column: Int) -> DataPoint {
    let share = 1 / Double(resolution)
    return DataPoint(
      x.lowerBound + (x.upperBound - x.lowerBound) * Double(column) * share,
      y.lowerBound + (y.upperBound - y.lowerBound) * Double(row) * share)
  }

  /// The function at the corners, [rows + 1][columns + 1].
  private func sampled() -> [[Double]] {
    (0...resolution).map { row in (0...resolution).map { height(corner(row, $0)) } }
  }

  /// The pieces of the line in one cell, each between two of its edges.
  private func segments(row: Int, column: Int, grid: [[Double]], level: Double) -> [(Edge, Edge)] {
    let corners = [
      grid[row][column], grid[row][column + 1], grid[row + 1][column + 1], grid[row + 1][column],
    ]
    let edges = [
      Edge(row: row, column: column, isVertical: false), Edge(row: row, column: column + 1, isVertical: true),
      Edge(row: row + 1, column: column, isVertical: false), Edge(row: row, column: column, isVertical: true),
    ]
    let isAbove = corners.map { $0 >= level }
    let crossed = (0..<4).filter { isAbove[$0] != isAbove[($0 + 1) % 4] }
    if crossed.count == 2 { return [(edges[crossed[0]], edges[crossed[1]])] }
    guard crossed.count == 4 else { return [] }
    // A saddle: the centre says which corners belong together.
    let isCentreAbove = corners.reduce(0, +) / 4 >= level
    return isCentreAbove == isAbove[0]
      ? [(edges[0], edges[1]), (edges[2], edges[3])] : [(edges[3], edges[0]), (edges[1], edges[2])]
  }

  /// The edges of every line in order, open lines first.
  private func chains(_ joints: [Edge: [Edge]]) -> [[Edge]] {
    var remaining = joints
    func isEarlier(_ a: Edge, _ b: Edge) -> Bool {
      let ends = (joints[a]?.count == 1, joints[b]?.count == 1)
      return ends.0 == ends.1 ? a < b : ends.0
    }
    var chains: [[Edge]] = []
    for start in joints.keys.sorted(by: isEarlier) where remaining[start]?.isEmpty == false {
      var chain = [start]
      var here = start
      while let next = remaining[here]?.first {
        remaining[here]?.removeFirst()
        if let back = remaining[next]?.firstIndex(of: here) { remaining[next]?.remove(at: back) }
        chain.append(next)
        here = next
      }
      chains.append(chain)
    }
    return chains
  }

  /// Where the line crosses an edge.
  private func crossing(_ edge: Edge, grid: [[Double]], level: Double) -> DataPoint {
    let row = edge.row + (edge.isVertical ? 1 : 0)
    let column = edge.column + (edge.isVertical ? 0 : 1)
    let (low, high) = (grid[edge.row][edge.column], grid[row][column])
    let share = (level - low) / (high - low)
    let (start, end) = (corner(edge.row, edge.column), corner(row, column))
    return DataPoint(start.x + share * (end.x - start.x), start.y + share * (end.y - start.y))
  }
}
