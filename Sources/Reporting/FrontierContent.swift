import Basics
import Laboratory
import Plotting

/// A frontier figure's points, cleaned, put in order and split by what dominates them.
struct FrontierContent {
  /// The points of one arm that differ only in the path parameter, by its value.
  struct Branch {
    /// The other parameters.
    var parameters: [FigureParameter]
    var points: [FrontierPoint]
    /// Indices of `points` that are on the front.
    var front: Set<Int> = []
  }

  struct Arm {
    var label: String
    var style: MethodStyle
    var group: String
    var branches: [Branch]

    var points: [FrontierPoint] { branches.flatMap(\.points) }

    /// The distance to the limit of the point that is nearest to it.
    var distance: Estimate? { points.compactMap(\.distance).min { $0.mean < $1.mean } }

    var legendText: String { distance.map { "\(label) (\(displayed($0.mean, decimals: 3)))" } ?? label }
  }

  var arms: [Arm]
  /// Corner points of the front over all arms.
  let frontPoints: [PlanePoint]
  let frontCount: Int
  let total: Int
  let dropped: Int

  static let radius = 2.3
  static let frontStroke = Stroke(Colour(0x555555), width: 1.3)
  static let tint = Colour.black
  static let limitStroke = Stroke(.grey, width: 0.9, dash: [3, 2])

  init(_ figure: FrontierFigure) {
    total = figure.series.reduce(0) { $0 + $1.points.count }
    let styles = MethodStyle.distinct(
      figure.series.map { ($0.method, $0.order) }, groups: figure.series.map(\.group))
    arms = zip(figure.series, styles).map { series, style in
      let points = series.points.filter(\.mean.isFinite)
      return Arm(
        label: series.label, style: style, group: series.group,
        branches: Self.branches(points, along: figure.pathParameter))
    }
    let means = arms.flatMap(\.points).map(\.mean)
    dropped = total - means.count
    let front = paretoFront(means)
    frontPoints = front.map { means[$0] }
    frontCount = front.count
    var next = 0
    let onFront = Set(front)
    for arm in arms.indices {
      for branch in arms[arm].branches.indices {
        let count = arms[arm].branches[branch].points.count
        arms[arm].branches[branch].front = Set((0..<count).filter { onFront.contains(next + $0) })
        next += count
      }
    }
  }

  /// The same front with the points of one group of arms.
  func only(group: String) -> FrontierContent {
    var content = self
    content.arms = arms.filter { $0.group == group }
    return content
  }

  /// What the axes of several panels show alike.
  struct Domain {
    var x: ClosedRange<Double>
    var y: ClosedRange<Double>
  }

  /// Room for every point, and for the limit right of and above the point that is furthest to the left and down.
  func domain(_ limit: [PlanePoint]) -> Domain? {
    let all = arms.flatMap(\.points).flatMap { $0.seeds.filter(\.isFinite) + [$0.mean] }
    func range(_ coordinate: (PlanePoint) -> Double) -> ClosedRange<Double>? {
      let values = all.map(coordinate)
      guard let low = values.min(), let high = (values + limit.map(coordinate)).max(), low < high else { return nil }
      let padding = 0.05 * (high - low)
      return (low - padding)...(high + padding)
    }
    guard let x = range(\.x), let y = range(\.y) else { return nil }
    return Domain(x: x, y: y)
  }

  private static func branches(_ points: [FrontierPoint], along name: String) -> [Branch] {
    var branches: [[FigureParameter]: [FrontierPoint]] = [:]
    for point in points { branches[point.parameters.filter { $0.name != name }, default: []].append(point) }
    return branches.keys.sorted(by: FigureParameter.isBefore).map { key in
      let ordered = (branches[key] ?? []).sorted { a, b in
        let left = a.value(of: name) ?? -.infinity
        let right = b.value(of: name) ?? -.infinity
        return (left, a.x.mean, a.y.mean) < (right, b.x.mean, b.y.mean)
      }
      return Branch(parameters: key, points: ordered)
    }
  }

  var hasDominated: Bool { arms.contains { $0.branches.contains { $0.front.count < $0.points.count } } }
  var hasSeeds: Bool { arms.contains { $0.points.contains { $0.seeds.count > 1 } } }
  var hasIntervals: Bool { arms.contains { $0.points.contains { $0.x.high > $0.x.low || $0.y.high > $0.y.low } } }

  static func paint(_ colour: Colour, onFront: Bool) -> MarkerPaint {
    onFront
      ? MarkerPaint(fill: colour, stroke: .black, strokeWidth: 0.6)
      : MarkerPaint(fill: colour, opacity: 0.38)
  }

  // MARK: Marks

  /// The hypervolume's area and the limit curve.
  func groundMarks(limit: [PlanePoint], floor: PlanePoint) -> [any Mark] {
    let corners = paretoStaircase(frontPoints, floor: floor).map(\.data)
    var marks: [any Mark] = [StaircaseMark(corners, stroke: nil, floor: floor.data, tint: Self.tint)]
    if limit.count > 1 { marks.append(PathMark(limit.map(\.data), stroke: Self.limitStroke, isFitted: false)) }
    return marks
  }

  /// The front's line, from the left edge of the panel to its lower edge.
  func frontMarks() -> [any Mark] {
    guard let first = frontPoints.first, let last = frontPoints.last else { return [] }
    let corners = paretoStaircase(frontPoints, floor: PlanePoint(x: first.x - 1, y: last.y - 1))
    return [StaircaseMark(corners.map(\.data), stroke: Self.frontStroke, reachesEdges: true)]
  }

  func seedMarks() -> [any Mark] {
    arms.map { arm in
      let seeds = arm.points.filter { $0.seeds.count > 1 }.flatMap(\.seeds).filter(\.isFinite)
      return PointsMark(
        seeds.map(\.data).sorted { ($0.x, $0.y) < ($1.x, $1.y) }, shape: .circle, radius: 0.75,
        paint: MarkerPaint(fill: arm.style.colour, opacity: 0.35), prominence: 0.1)
    }
  }

  func pathMarks() -> [any Mark] {
    arms.flatMap { arm in
      arm.branches.filter { $0.points.count > 1 }.map { branch in
        PathMark(
          branch.points.map(\.mean.data), stroke: Stroke(arm.style.colour, width: 0.6, opacity: 0.55))
      }
    }
  }

  /// Intervals, then markers.
  func pointMarks(onFront: Bool) -> [any Mark] {
    var intervals: [any Mark] = []
    var markers: [any Mark] = []
    for arm in arms {
      let chosen = arm.branches.flatMap { branch in
        branch.points.indices.filter { branch.front.contains($0) == onFront }.map { branch.points[$0] }
      }
      guard !chosen.isEmpty else { continue }
      intervals.append(
        IntervalsMark(
          chosen.map { point in
            IntervalsMark.Interval(centre: point.mean.data, x: point.x.range, y: point.y.range)
          }, colour: arm.style.colour, width: 0.5, opacity: onFront ? 0.9 : 0.28, hiddenRadius: Self.radius))
      markers.append(
        PointsMark(
          chosen.map(\.mean.data), shape: arm.style.shape, radius: Self.radius,
          paint: Self.paint(arm.style.colour, onFront: onFront), notes: chosen.map { Self.note(arm.label, $0) },
          prominence: onFront ? 1 : 0.6))
    }
    return intervals + markers
  }

  private static func note(_ label: String, _ point: FrontierPoint) -> String {
    let settings = ([label] + point.parameters.map(\.text)).joined(separator: ", ")
    return "\(settings): (\(compact(point.x.mean, digits: 3)), \(compact(point.y.mean, digits: 3)))"
  }
}

extension FrontierPoint {
  func value(of name: String) -> Double? { parameters.first { $0.name == name }?.value }
}

extension Estimate {
  /// The interval, or nil when it has no width or is not known.
  var range: ClosedRange<Double>? { low.isFinite && high.isFinite && low < high ? low...high : nil }
}

extension PlanePoint {
  var data: DataPoint { DataPoint(x, y) }
}
