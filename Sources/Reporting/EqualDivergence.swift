import Basics
import Laboratory
import Plotting

/// Methods at equal distance to the reference: what each would have at a KL between those of two of its settings.
///
/// A method's settings along its path (τ, or its only other parameter) are points of a curve over KL. Between two that are neighbours
/// in KL every metric is interpolated linearly in log KL, seed by seed; nothing is extrapolated. KL is exact on a table and a sampled
/// estimate (k₃ per token) of a language model.
package struct EqualDivergence {
  /// One method along its path, everything else fixed.
  package struct Branch {
    package var arm: String
    package var method: String
    package var order: String?
    /// Everything but the path's parameter.
    package var setting: [FigureParameter]
    package var points: [SummaryPoint]
  }

  /// What a branch has at one KL.
  package struct Row {
    package var branch: Branch
    package var divergence: Double
    package var helpfulness: Estimate
    package var safety: Estimate
  }

  /// How `kl` is come by, for the footer.
  private let kindOfDivergence: String
  /// `kl` or `klPerToken`.
  package let metric: String
  package private(set) var branches: [Branch] = []

  /// - Returns: nil where no point has a KL above 0.
  package init?(_ points: [SummaryPoint], spec: ExperimentSpec) {
    guard let metric = ["kl", "klPerToken"].first(where: { name in points.contains { $0.metrics[name] != nil } }) else {
      return nil
    }
    self.metric = metric
    kindOfDivergence =
      spec.policy.kind == .tabular
      ? "KL is exact: E_x KL(π ‖ π_ref) over all responses."
      : "KL is estimated by k₃ on replies sampled from the policy, summed over each reply's tokens."
    for own in pointsByArm(points) {
      let known = own.filter { ($0.metrics[metric]?.mean ?? 0) > 0 && $0.metrics["helpfulness"] != nil }
      guard let first = known.first else { continue }
      let names = first.axes.map(\.name)
      let path = names.contains("tau") ? "tau" : names.first
      var order: [[FigureParameter]] = []
      var groups: [[FigureParameter]: [SummaryPoint]] = [:]
      for point in known {
        let key = figureParameters(point.axes.filter { $0.name != path })
        if groups[key] == nil { order.append(key) }
        groups[key, default: []].append(point)
      }
      branches += order.map { key in
        let sorted = (groups[key] ?? []).sorted { divergence($0) < divergence($1) }
        return Branch(
          arm: first.arm, method: method(first, spec), order: first.order, setting: key, points: sorted)
      }
    }
    if branches.isEmpty { return nil }
  }

  func divergence(_ point: SummaryPoint) -> Double { point.metrics[metric]?.mean ?? .nan }

  /// 1, 2 and 5 times powers of ten within the range of all points.
  package var grid: [Double] {
    let all = branches.flatMap(\.points).map(divergence)
    guard let low = all.min(), let high = all.max() else { return [] }
    var values: [Double] = []
    for exponent in -6...4 {
      for step in [1.0, 2, 5] {
        // Division by a power of ten is exact to the last digit, multiplication by a fraction is not.
        let power = (0..<abs(exponent)).reduce(1.0) { value, _ in 10 * value }
        values.append(exponent < 0 ? step / power : step * power)
      }
    }
    return values.filter { $0 >= low && $0 <= high }
  }

  /// Every branch at every KL of the grid that it reaches with all its seeds, KL by KL.
  package var rows: [Row] {
    grid.flatMap { divergence in
      branches.compactMap { branch in
        guard let helpfulness = estimate("helpfulness", branch, at: divergence),
          let safety = estimate("safety", branch, at: divergence)
        else { return nil }
        return Row(branch: branch, divergence: divergence, helpfulness: helpfulness, safety: safety)
      }
    }
  }

  /// Columns: kl, arm, setting, helpfulness and safety with their intervals over seeds, seeds.
  package func csv() -> String {
    var lines = [
      "\(metric),arm,setting,helpfulness,helpfulnessLow,helpfulnessHigh,safety,safetyLow,safetyHigh,seeds"
    ]
    for row in rows {
      let numbers = [row.helpfulness, row.safety].flatMap { ["\($0.mean)", "\($0.low)", "\($0.high)"] }
      let setting = row.branch.setting.map(\.text).joined(separator: " ")
      lines.append(
        (["\(row.divergence)", row.branch.arm, setting] + numbers + ["\(row.helpfulness.n)"]).csvLine)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func estimate(_ name: String, _ branch: Branch, at divergence: Double) -> Estimate? {
    let seeds = branch.points.map(\.seeds).min { $0.count < $1.count } ?? []
    let values = seeds.compactMap { seed -> Double? in
      let curve = branch.points.compactMap { point -> (Double, Double)? in
        guard let index = point.seeds.firstIndex(of: seed), let x = point.values[metric], let y = point.values[name],
          x.indices.contains(index), y.indices.contains(index)
        else { return nil }
        return (x[index], y[index])
      }
      return interpolated(curve, at: divergence)
    }
    guard !values.isEmpty, values.count == seeds.count else { return nil }
    return bootstrapMean(values, seed: SeedTree(0).child("equal-kl").child(name).child(branch.arm))
  }
}

/// A curve's value at x, linear in log x between the two neighbours of x; nil outside of the curve.
package func interpolated(_ curve: [(Double, Double)], at x: Double) -> Double? {
  let sorted = curve.filter { $0.0 > 0 }.sorted { $0.0 < $1.0 }
  if let hit = sorted.first(where: { $0.0 == x }) { return hit.1 }
  guard let after = sorted.firstIndex(where: { $0.0 > x }), after > 0 else { return nil }
  let (low, high) = (sorted[after - 1], sorted[after])
  let share = naturalLogarithm(x / low.0) / naturalLogarithm(high.0 / low.0)
  return low.1 + share * (high.1 - low.1)
}

extension EqualDivergence {
  /// Helpfulness and safety against KL, side by side, one line a branch.
  package func figure(title: String, reference: [String: Double], conventions: [String]) -> Figure {
    let arms = branches.reduce(into: [String]()) { if !$0.contains($1.arm) { $0.append($1.arm) } }
    let styles = MethodStyle.distinct(
      arms.map { arm in
        let branch = branches.first { $0.arm == arm }
        return (branch?.method ?? arm, branch?.order)
      })
    let lines = zip(arms, styles).flatMap { arm, style in
      let own = branches.filter { $0.arm == arm }
      return zip(own, style.shades(own.count)).map { (branch: $0, style: $1) }
    }
    let panels = [("helpfulness", "Helpfulness → better"), ("safety", "Safety → better")].map { name, axis in
      var marks: [any Mark] = reference[name].map { [RuleMark(y: $0)] } ?? []
      marks += lines.flatMap { self.marks($0.branch, $0.style, name) }
      return Panel(
        x: Axis(metric == "kl" ? "KL to the reference, nats" : "KL per token, nats", scale: .log10),
        y: Axis(axis, possible: 0...1), marks: marks)
    }
    let swatches = zip(arms, styles).map { arm, style in
      Legend.Entry(
        arm, .markedLine(Stroke(style.colour, width: 0.9), style.shape, radius: 1.6, MarkerPaint(fill: style.colour)))
    }
    let footer = footer(conventions)
    return Figure(
      size: Figure.Size(width: 170, height: 104 + 4 * Double(footer.count)), title: title, summary: summary(title),
      legend: Legend([swatches]), panels: panels, columns: 2, footer: footer)
  }

  private func marks(_ branch: Branch, _ style: MethodStyle, _ name: String) -> [any Mark] {
    let points = branch.points.compactMap { point in
      point.metrics[name].map { DataPoint(divergence(point), $0.mean) }
    }
    return [
      PathMark(points, stroke: Stroke(style.colour, width: 0.8)),
      PointsMark(
        points, shape: style.shape, radius: 1.5, paint: MarkerPaint(fill: style.colour),
        notes: points.map { point in
          let setting = ([branch.arm] + branch.setting.map(\.text)).joined(separator: ", ")
          return "\(setting): KL \(compact(point.x, digits: 3)), \(compact(point.y, digits: 4))"
        }),
    ]
  }

  private func footer(_ conventions: [String]) -> [String] {
    let varied = branches.reduce(into: [String]()) { names, branch in
      for parameter in branch.setting where !names.contains(parameter.name) { names.append(parameter.name) }
    }
    let settings =
      varied.isEmpty
      ? "" : " One line for each \(varied.map(FigureParameter.symbol).joined(separator: ", ")), light to dark."
    return [
      "Each point is a setting's mean over seeds. Lines join a method's settings of τ (or of its only parameter) in the order of their KL.\(settings)",
      metric == "kl"
        ? "\(kindOfDivergence) Dashed: the reference policy."
        : "KL is estimated by k₃ on tokens sampled from the policy. Dashed: the reference policy.",
      "equal-kl.csv has every line at the same values of KL, interpolated in log KL between neighbouring settings.",
    ] + conventions
  }

  private func summary(_ title: String) -> String {
    "\(title). Lines: "
      + branches.map { "\($0.arm) \($0.setting.map(\.text).joined(separator: " ")) (\($0.points.count) points)" }
      .joined(separator: ", ") + "."
  }
}
