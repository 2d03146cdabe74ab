import Basics
import Laboratory
import Plotting

extension FrontierContent {
  /// Names at the ends of paths.
  ///
  /// An arm with one path has the value of the path parameter at both ends, an arm with several the other parameters at the
  /// end where its paths lie further apart. With up to six arms, an arm's name, unless it is long, stands before the first of them.
  func labels(pathParameter: String) -> [Label] {
    arms.flatMap { arm -> [Label] in
      guard arm.branches.count == 1, let branch = arm.branches.first else { return branchLabels(arm) }
      return endLabels(branch, of: arm, pathParameter: pathParameter)
    }.filter { !$0.text.isEmpty }
  }

  private func name(_ arm: Arm, before text: String) -> String {
    guard arms.count <= 6, arm.label.count <= 28 else { return text }
    return text.isEmpty ? arm.label : "\(arm.label), \(text)"
  }

  private func branchLabels(_ arm: Arm) -> [Label] {
    let varying = Set(
      arm.branches.flatMap(\.parameters).filter { parameter in
        !arm.branches.allSatisfy { $0.parameters.contains(parameter) }
      }.map(\.name))
    let isLow = isLabelledAtLowEnd(arm)
    // Among many paths of several arms, the first and the last say enough.
    let isCrowded = arms.count > 2 && arm.branches.count > 4
    return arm.branches.enumerated().filter { index, _ in
      !isCrowded || index == 0 || index == arm.branches.count - 1
    }.map { index, branch in
      let points = isLow ? branch.points : branch.points.reversed()
      let text = branch.parameters.filter { varying.contains($0.name) }.map(\.text).joined(separator: ", ")
      return label(
        index == 0 ? name(arm, before: text) : text, arm: arm, at: points[0], before: points.dropFirst().first)
    }
  }

  /// Whether an arm's paths lie further apart at the low end of the path parameter than at the high end.
  private func isLabelledAtLowEnd(_ arm: Arm) -> Bool {
    let low = arm.branches.compactMap(\.points.first?.mean)
    let high = arm.branches.compactMap(\.points.last?.mean)
    return spread(low) >= spread(high)
  }

  private func endLabels(_ branch: Branch, of arm: Arm, pathParameter: String) -> [Label] {
    func text(_ point: FrontierPoint) -> String {
      point.value(of: pathParameter).map { FigureParameter(pathParameter, $0).text } ?? ""
    }
    guard let first = branch.points.first, let last = branch.points.last else { return [] }
    let named = name(arm, before: text(first))
    if branch.points.count == 1 { return [label(named, arm: arm, at: first, before: nil)] }
    return [
      label(named, arm: arm, at: first, before: branch.points[1]),
      label(text(last), arm: arm, at: last, before: branch.points[branch.points.count - 2]),
    ]
  }

  private func label(_ text: String, arm: Arm, at point: FrontierPoint, before: FrontierPoint?) -> Label {
    Label(
      text, at: point.mean.data, colour: arm.style.textColour, size: 6.5, awayFrom: before?.mean.data,
      clearance: Self.radius + 1.5)
  }

  /// The mean square distance from the centroid, with both coordinates in units of their range over all points.
  private func spread(_ points: [PlanePoint]) -> Double {
    let all = arms.flatMap(\.points).map(\.mean)
    func variance(_ coordinate: (PlanePoint) -> Double) -> Double {
      let range = (all.map(coordinate).max() ?? 0) - (all.map(coordinate).min() ?? 0)
      guard range > 0 else { return 0 }
      let values = points.map(coordinate)
      let centre = mean(values)
      return mean(values.map { ($0 - centre) * ($0 - centre) }) / (range * range)
    }
    return variance(\.x) + variance(\.y)
  }

  // MARK: Footer

  func hypervolumeText(reference: PlanePoint, referencePolicy: PlanePoint?) -> String {
    let whole = hypervolume(frontPoints, reference: reference)
    let decimals = whole > 0 ? min(9, max(0, 2 - decimalExponent(whole))) : 3
    func size(_ points: [FrontierPoint]) -> String {
      let value = hypervolume(points.map(\.mean), reference: reference)
      let estimate = hypervolumeEstimate(
        points.map { $0.seeds.filter(\.isFinite) }, reference: reference, seed: SeedTree(0).child("frontier"))
      guard estimate.n >= 3, estimate.high > 0 else { return displayed(value, decimals: value == 0 ? 0 : decimals) }
      let ends = [estimate.low, estimate.high].map { displayed($0, decimals: decimals) }
      return "\(displayed(value, decimals: decimals)) [\(ends[0]), \(ends[1])]"
    }
    let corner = "(\(compact(reference.x, digits: 4)), \(compact(reference.y, digits: 4)))"
    let name = reference == referencePolicy ? "the reference policy \(corner)" : "the point \(corner)"
    let alone =
      arms.count < 2
      ? ""
      : arms.count > 8
        ? "; by arm: see frontier.csv"
        : "; by arm: " + arms.map { "\($0.label): \(size($0.points))" }.joined(separator: "; ")
    return "Hypervolume of the means above \(name): \(size(arms.flatMap(\.points)))\(alone)."
  }

  /// What the numbers in the legend mean.
  func limitText(limitName: String) -> String? {
    guard arms.contains(where: { $0.distance != nil }) else { return nil }
    return
      "In brackets: how far an arm's nearest mean stays behind the \(limitName), as Euclidean distance in this plane."
  }

  func pathText(pathParameter: String) -> String? {
    let values = arms.flatMap(\.branches).filter { $0.points.count > 1 }.flatMap(\.points)
      .compactMap { $0.value(of: pathParameter) }
    guard let low = values.min(), let high = values.max(), low < high else { return nil }
    let symbol = FigureParameter.symbol(pathParameter)
    let branched = arms.filter { $0.branches.count > 1 }
    func names(_ isLow: Bool) -> String {
      branched.filter { isLabelledAtLowEnd($0) == isLow }.map(\.label).joined(separator: ", ")
    }
    let ends = [(names(true), "smallest"), (names(false), "largest")].filter { !$0.0.isEmpty }
      .map { "; labels of \($0) stand at the \($1) \(symbol)" }.joined()
    return "Thin paths join points that differ in \(symbol) only, from \(compact(low)) to \(compact(high))\(ends)."
  }

  func sampleText(intervalMethod: String) -> String {
    let counts = arms.flatMap(\.points).map(\.seeds.count).filter { $0 > 0 }
    let seeds =
      counts.min().map { low in
        let high = counts.max() ?? low
        return low == high ? "; n = \(low) seeds per point" : "; n = \(low) to \(high) seeds per point"
      } ?? ""
    return "Front over the means of \(total - dropped) points, \(frontCount) of them on it\(seeds). "
      + "Intervals: \(intervalMethod); drawn where longer than the marker."
  }

  func summary(title: String) -> String {
    let names = arms.map { "\($0.label) (\($0.points.count))" }.joined(separator: ", ")
    let front = arms.map { arm in (arm.label, arm.branches.reduce(0) { $0 + $1.front.count }) }
      .filter { $0.1 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    return "\(title). Scatter plot, both axes better when higher. Points: \(names). On the front: \(front)."
  }
}
