import Basics
import Plotting

/// λ and cost of one method at one setting during training, over seeds.
public struct MultiplierSeries: Sendable {
  public var arm: String
  /// Chooses the colour (`MethodStyle`).
  public var method: String
  /// Without the budget.
  public var parameters: [FigureParameter]
  public var budget: Double
  /// [points].
  public var steps: [Double]
  /// λ, [seeds][points].
  public var multipliers: [[Double]]
  /// The cost that λ follows, [seeds][points].
  public var costs: [[Double]]

  public init(
    arm: String, method: String, parameters: [FigureParameter], budget: Double, steps: [Double],
    multipliers: [[Double]], costs: [[Double]]
  ) {
    precondition(
      (multipliers + costs).allSatisfy { $0.count == steps.count },
      "a series needs a value for each of \(steps.count) steps")
    self.arm = arm
    self.method = method
    self.parameters = parameters
    self.budget = budget
    self.steps = steps
    self.multipliers = multipliers
    self.costs = costs
  }
}

/// Whether the multipliers did their work: λ above, the cost that it follows below, against the steps of training (R-22).
///
/// One column of two stacked panels for each budget, whose line is dashed in the lower one; one line for each method and setting, the
/// mean over seeds, with a band from the smallest to the largest. A method's settings go from light to dark.
public struct MultiplierFigure: Sendable {
  public var title: String
  public var series: [MultiplierSeries]
  /// Further lines of the footer.
  public var conventions: [String]
  /// In millimetres.
  public var width = 170.0
  /// Of a row of panels, in millimetres.
  public var rowHeight = 46.0

  private static let mostColumns = 4
  private static let mostEntries = 16

  public init(title: String, series: [MultiplierSeries], conventions: [String]) {
    self.title = title
    self.series = series
    self.conventions = conventions
  }

  public func svg() -> String { figure().svg() }

  public func figure() -> Figure {
    let styled = styled()
    let budgets = Set(series.map(\.budget)).sorted()
    let columns = min(Self.mostColumns, max(1, budgets.count))
    var panels: [Panel?] = []
    for start in stride(from: 0, to: budgets.count, by: columns) {
      let block = budgets[start..<min(start + columns, budgets.count)]
      let empty = [Panel?](repeating: nil, count: columns - block.count)
      for quantity in Quantity.allCases {
        panels += block.map { budget in
          panel(styled.filter { $0.series.budget == budget }, quantity, budget: budget, isFirst: budget == block.first)
        }
        panels += empty
      }
    }
    let rows = Double((panels.count + columns - 1) / columns)
    let entries = legend(styled)
    let lines = Double(entries.flatMap(\.self).count) / 4 + Double(conventions.count + 2)
    return Figure(
      size: Figure.Size(width: width, height: 16 + 4 * lines + max(1, rows) * rowHeight), title: title,
      summary: summary(), legend: Legend(entries), panels: panels, columns: columns, footer: footer())
  }

  private enum Quantity: CaseIterable {
    case multiplier, cost

    func values(_ series: MultiplierSeries) -> [[Double]] { self == .multiplier ? series.multipliers : series.costs }

    var title: String { self == .multiplier ? "λ" : "Cost that λ follows" }
  }

  private struct Styled {
    var series: MultiplierSeries
    var colour: Colour
  }

  /// Settings of an arm share its colour, from light to dark in the order of their parameters.
  private func styled() -> [Styled] {
    let arms = series.reduce(into: [String]()) { if !$0.contains($1.arm) { $0.append($1.arm) } }
    let methods = arms.map { arm in (method: series.first { $0.arm == arm }?.method ?? arm, order: String?.none) }
    let styles = MethodStyle.distinct(methods)
    return zip(arms, styles).flatMap { arm, style in
      let own = series.filter { $0.arm == arm }
      let settings = Set(own.map(\.parameters)).sorted(by: FigureParameter.isBefore)
      let shades = style.shades(settings.count)
      return own.map { series in
        Styled(series: series, colour: shades[settings.firstIndex(of: series.parameters) ?? 0].colour)
      }
    }
  }

  private func panel(_ lines: [Styled], _ quantity: Quantity, budget: Double, isFirst: Bool) -> Panel {
    var marks: [any Mark] = []
    for line in lines where line.series.multipliers.count > 1 {
      let values = values(line.series, quantity)
      marks.append(
        BandMark(
          lower: points(line.series, values) { $0.min() ?? 0 }, upper: points(line.series, values) { $0.max() ?? 0 },
          colour: line.colour, opacity: 0.16))
    }
    marks += lines.map { line in
      PathMark(points(line.series, values(line.series, quantity), mean), stroke: Stroke(line.colour, width: 0.9))
    }
    if quantity == .cost { marks.append(RuleMark(y: budget, stroke: Stroke(.ink, width: 0.8, dash: [3, 2]))) }
    return Panel(
      title: quantity == .multiplier ? "budget \(compact(budget))" : "",
      x: Axis(quantity == .cost ? "Step" : "", reach: .fixed(0...max(1, series.compactMap(\.steps.last).max() ?? 1))),
      y: Axis(isFirst ? quantity.title : "", scale: scale(quantity), reach: .fixed(domain(quantity))), marks: marks)
  }

  /// Logarithmic where λ spans more than a decade and a half: a short peak would flatten everything else.
  private func scale(_ quantity: Quantity) -> Scale {
    guard quantity == .multiplier, let floor, let high = series.flatMap({ $0.multipliers.flatMap(\.self) }).max() else {
      return .linear
    }
    return high > 30 * floor ? .log10 : .linear
  }

  /// The smallest λ that a logarithmic axis shows; a smaller one, 0 among them, is drawn there.
  private var floor: Double? {
    let positive = series.flatMap { $0.multipliers.flatMap(\.self) }.filter { $0 > 0 && $0.isFinite }
    return positive.min().map { max($0, 1e-4 * (positive.max() ?? 1)) }
  }

  private func points(
    _ series: MultiplierSeries, _ values: [[Double]], _ choose: ([Double]) -> Double
  ) -> [DataPoint] {
    series.steps.indices.map { point in DataPoint(series.steps[point], choose(values.map { $0[point] })) }
  }

  /// λ from the axis's floor up.
  private func values(_ series: MultiplierSeries, _ quantity: Quantity) -> [[Double]] {
    let values = quantity.values(series)
    guard scale(quantity) == .log10, let floor else { return values }
    return values.map { $0.map { max($0, floor) } }
  }

  /// The same in all columns, so that budgets can be compared.
  private func domain(_ quantity: Quantity) -> ClosedRange<Double> {
    let scale = scale(quantity)
    var all = series.flatMap { values($0, quantity).flatMap(\.self) }.filter(\.isFinite)
    all += quantity == .cost ? series.map(\.budget) : scale == .linear ? [0] : []
    let extent = all.min().flatMap { low in all.max().map { low...$0 } }
    return scale.paddedDomain(of: extent, padding: 0.05)
  }

  private func legend(_ styled: [Styled]) -> [[Legend.Entry]] {
    var entries: [(text: String, colour: Colour)] = []
    for line in styled {
      let text = ([line.series.arm] + line.series.parameters.map(\.text)).joined(separator: ", ")
      if !entries.contains(where: { $0.text == text }) { entries.append((text, line.colour)) }
    }
    if entries.count > Self.mostEntries {
      entries = entries.enumerated().filter { index, _ in index % (entries.count / Self.mostEntries + 1) == 0 }
        .map(\.element)
    }
    let budget = Legend.Entry("budget", .line(Stroke(.ink, width: 0.8, dash: [3, 2])))
    return [entries.map { Legend.Entry($0.text, .line(Stroke($0.colour, width: 1.4))) }, [budget]]
  }

  private func footer() -> [String] {
    let seeds = series.map(\.multipliers.count).max() ?? 1
    let bands = seeds > 1 ? "Lines: mean over \(seeds) seeds; bands: smallest to largest." : "One seed."
    let isLogarithmic = scale(.multiplier) == .log10
    let hasSmaller = series.contains { $0.multipliers.contains { $0.contains { $0 < floor ?? 0 } } }
    let clipped = isLogarithmic && hasSmaller ? " A smaller λ, such as 0, is drawn at the lower edge." : ""
    return [bands + " A method's settings go from light to dark." + clipped] + conventions
  }

  private func summary() -> String {
    let ends = series.map { line in
      let name = ([line.arm] + line.parameters.map(\.text)).joined(separator: " ")
      let last = line.multipliers.compactMap(\.last)
      return "\(name) at budget \(compact(line.budget)): λ ends at \(compact(mean(last), digits: 3))"
    }
    return "λ and the cost that it follows against training steps. \(ends.joined(separator: "; "))."
  }
}
