import Laboratory
import Plotting

/// The responses on the plane of helpfulness and safety, a disc's area being its probability under a method, over the lines of
/// equal implicit reward of BFPO; one panel per method.
public struct IllustrationPlane: Sendable {
  public var result: IllustrationResult
  /// In millimetres.
  public var width = 170.0
  /// Of a row of panels, in millimetres.
  public var rowHeight = 52.0
  /// Of a disc of probability 1, in points.
  public var unitRadius = 13.0

  private static let columns = 4

  public init(_ result: IllustrationResult) { self.result = result }

  public func svg() -> String { figure().svg() }

  public func figure() -> Figure {
    let grid = illustrationGrid(result.outcomes, columns: Self.columns)
    let rows = Double((grid.count + Self.columns - 1) / Self.columns)
    let footer = footer()
    return Figure(
      size: Figure.Size(width: width, height: 22 + 4 * Double(footer.count) + rows * rowHeight),
      title: "Where the probability goes, \(IllustrationText.title(result.design))", summary: summary(),
      legend: legend(),
      panels: grid.enumerated().map { index, outcome in outcome.map { panel($0, isFirst: index % Self.columns == 0) } },
      columns: Self.columns, footer: footer)
  }

  private func panel(_ outcome: IllustrativeOutcome, isFirst: Bool) -> Panel {
    let design = result.design
    let mean = outcome.mean
    let win = design.winProbability
    let discs = (0..<design.responseCount).map { response in
      let place = DataPoint(win[response], design.safety[response])
      let value = displayed(mean[response], decimals: 2)
      let isUpper = place.y > 0.5
      return DiscsMark.Disc(
        place, value: mean[response], colour: design.role(response).colour,
        above: isUpper ? value : design.name(response),
        below: isUpper ? design.name(response) : value,
        note: "\(IllustrationText.legend(design, response)): \(displayed(mean[response], decimals: 4))")
    }
    let mark = DiscsMark(discs, unitRadius: unitRadius)
    return Panel(
      title: outcome.method.title, x: Axis("Helpfulness P(y)", reach: .fixed(-0.08...1.08), possible: 0...1),
      y: Axis(isFirst ? "Safety s(y)" : "", reach: .fixed(-0.42...1.42), possible: 0...1),
      marks: [contours(behind: mark), mark])
  }

  private func contours(behind discs: DiscsMark) -> ContourMark {
    let reward = result.impliedReward
    return ContourMark(
      levels: Self.levels, x: 0...1, y: 0...1, stroke: Stroke(Colour(0x9A9A9A), width: 0.5), decimals: 1,
      keepOut: discs.keepOut
    ) { reward.product(winProbability: $0.x, safety: $0.y) }
  }

  private static let levels = [-0.6, -0.4, -0.2, 0, 0.2, 0.4, 0.6]

  private func legend() -> Legend {
    let design = result.design
    let responses = (0..<design.responseCount).map { response in
      Legend.Entry(
        IllustrationText.legend(design, response),
        .marker(.circle, radius: 3.2, MarkerPaint(fill: design.role(response).colour, opacity: 0.8)))
    }
    return Legend([responses + [Legend.Entry("equal reward of BFPO", .line(Stroke(Colour(0x9A9A9A), width: 0.5)))]])
  }

  private func footer() -> [String] {
    let reward = result.impliedReward
    let runs = result.outcomes.map(\.runs.count).max() ?? 1
    func number(_ value: Double) -> String { compact(value, digits: 3) }
    return [
      "The area of a disc is the response's probability after training, mean over \(runs) seeds; the number beside it is the "
        + "same. P(y): probability to be more helpful than a draw from the reference, ties count ½. "
        + IllustrationText.exactGradients,
      "Lines of equal R(P, s) = (s + E_s − 2α)(P + A), the reward that BFPO implicitly maximises, dashed below 0: "
        + "E_s = \(number(reward.meanSafety)), α = \(number(reward.alpha)), A = 1/(B1 − 1) = \(number(reward.additive)). "
        + dependence(),
      IllustrationText.conventions, IllustrationText.paper + " " + IllustrationText.reconstructed,
    ]
  }

  /// How far the product form is from the exact reward of each response.
  private func dependence() -> String {
    let reward = result.impliedReward
    let gaps = zip(reward.exact, reward.product).map { $0 - $1 }
    guard gaps.contains(where: { abs($0) > 1e-12 }) else { return "Here it is the exact reward of every response." }
    let texts = gaps.enumerated().map { "\(result.design.name($0)) \(displayed($1, decimals: 4))" }
    return
      "Helpfulness and safety are correlated here, so the exact reward differs, by (centred) \(texts.joined(separator: ", ")), "
      + "and the exact optimum from that of R by at most \(displayed(reward.largestPolicyError, decimals: 4))."
  }

  private func summary() -> String {
    let ends = result.outcomes.map { outcome in
      "\(outcome.method.title): " + outcome.mean.map { displayed($0, decimals: 2) }.joined(separator: ", ")
    }
    return "Final probabilities of y1 to y\(result.design.responseCount). \(ends.joined(separator: "; "))."
  }
}
