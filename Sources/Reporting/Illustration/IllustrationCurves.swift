import Laboratory
import Plotting

/// Every response's probability against the steps of training, one panel per method.
public struct IllustrationCurves: Sendable {
  public var result: IllustrationResult
  /// In millimetres.
  public var width = 170.0
  /// Of a row of panels, in millimetres.
  public var rowHeight = 46.0

  private static let columns = 4

  public init(_ result: IllustrationResult) { self.result = result }

  public func svg() -> String { figure().svg() }

  public func figure() -> Figure {
    let grid = illustrationGrid(result.outcomes, columns: Self.columns)
    let rows = Double((grid.count + Self.columns - 1) / Self.columns)
    let footer = footer()
    return Figure(
      size: Figure.Size(width: width, height: 22 + 4 * Double(footer.count) + rows * rowHeight),
      title: "Probabilities during training, \(IllustrationText.title(result.design))",
      summary: summary(), legend: legend(),
      panels: grid.enumerated().map { index, outcome in outcome.map { panel($0, isFirst: index % Self.columns == 0) } },
      columns: Self.columns, footer: footer)
  }

  private func panel(_ outcome: IllustrativeOutcome, isFirst: Bool) -> Panel {
    let responses = 0..<result.design.responseCount
    var marks: [any Mark] = []
    if outcome.runs.count > 1 { marks += responses.map { band(outcome, $0) } }
    marks += responses.map { line(outcome, $0) }
    if let exact = outcome.exact.policy {
      let ends = [outcome.steps[0], outcome.steps[outcome.steps.count - 1]].map(Double.init)
      for response in responses {
        var stroke = Self.exactStroke
        stroke.colour = colour(response).mixed(with: .black, share: 0.45)
        marks.append(PathMark(ends.map { DataPoint($0, exact[response]) }, stroke: stroke))
      }
    }
    if outcome.exact.policy == nil {
      marks.append(
        LabelsMark([Label("no optimum", at: DataPoint(1300, 0.5), colour: .grey, size: 6.5, clearance: 0)]))
    }
    return Panel(
      title: outcome.method.title,
      x: Axis("Step", reach: .fixed(0...Double(outcome.steps[outcome.steps.count - 1]))),
      y: Axis(isFirst ? "Probability" : "", reach: .fixed(0...1)), marks: marks)
  }

  private static let exactStroke = Stroke(.ink, width: 0.6, dash: [3, 1.5])

  private func colour(_ response: Int) -> Colour { result.design.role(response).colour }

  private func line(_ outcome: IllustrativeOutcome, _ response: Int) -> PathMark {
    let points = outcome.steps.enumerated().map { point, step in
      let values = outcome.probabilities(of: response, at: point)
      return DataPoint(Double(step), values.reduce(0, +) / Double(values.count))
    }
    return PathMark(points, stroke: Stroke(colour(response), width: 1))
  }

  private func band(_ outcome: IllustrativeOutcome, _ response: Int) -> BandMark {
    func edge(_ choose: ([Double]) -> Double?) -> [DataPoint] {
      outcome.steps.enumerated().map { point, step in
        DataPoint(Double(step), choose(outcome.probabilities(of: response, at: point)) ?? 0)
      }
    }
    return BandMark(
      lower: edge { $0.min() }, upper: edge { $0.max() }, colour: colour(response), opacity: 0.22)
  }

  private func legend() -> Legend {
    let responses = (0..<result.design.responseCount).map { response in
      Legend.Entry(
        IllustrationText.legend(result.design, response), .line(Stroke(colour(response), width: 1.4)))
    }
    return Legend([responses + [Legend.Entry("exact optimum", .line(Self.exactStroke))]])
  }

  private func footer() -> [String] {
    let runs = result.outcomes.map(\.runs.count).max() ?? 1
    let none = result.outcomes.compactMap { outcome in
      if case .none(let reason) = outcome.exact { "\(outcome.method.title) (\(reason))" } else { nil }
    }
    var lines = [
      "Lines: mean over \(runs) seeds; bands: smallest to largest. Dashes: optimum with infinite data and training, in closed "
        + "form or by an exact solver. \(IllustrationText.exactGradients)"
    ]
    if !none.isEmpty {
      lines.append("No optimum, because probabilities of 0 are approached for ever: \(none.joined(separator: "; ")).")
    }
    return lines + [IllustrationText.conventions, IllustrationText.paper + " " + IllustrationText.reconstructed]
  }

  private func summary() -> String {
    let ends = result.outcomes.map { outcome in
      "\(outcome.method.title): " + outcome.mean.map { displayed($0, decimals: 2) }.joined(separator: ", ")
    }
    return "Mean final probabilities of y1 to y\(result.design.responseCount). \(ends.joined(separator: "; "))."
  }
}
