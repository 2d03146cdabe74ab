import Basics
import Laboratory
import Theory

/// The words of an experiment's figures: what the two axes mean for each kind of policy.
private struct FigureWords {
  var helpfulness: String
  var safety: String
  var judged: String

  init(_ spec: ExperimentSpec) {
    switch spec.policy.kind {
    case .tabular:
      helpfulness = "Helpfulness: P(preferred to a reference draw)"
      safety = "Safety: P(flagged safe)"
      judged = "Exact expectations under the trained policy on the synthetic world."
    case .llama where spec.data?.judges != nil:
      helpfulness = "Helpfulness: P(reply judged better than the reference's)"
      safety = "Safety: P(reply judged safe: cost at most 0)"
      judged =
        "Sampled replies, read by a reward and a cost model that no arm was trained with; KL is estimated (k3) on the same replies."
    case .llama:
      helpfulness = "Helpfulness: held-out accuracy on the helpfulness order"
      safety = "Safety: held-out accuracy on the harmlessness order"
      judged =
        "Accuracy of the implicit reward log π − log π_ref (summed over tokens) on held-out human-labelled pairs."
    }
  }
}

/// The safety-helpfulness frontier of an experiment.
func frontierFigure(
  _ spec: ExperimentSpec, points: [SummaryPoint], reference: [String: Double], limit: ParetoFrontier?
) -> FrontierFigure {
  let words = FigureWords(spec)
  let series = pointsByArm(points).map { own in
    FrontierSeries(
      label: own[0].arm, method: method(own[0], spec), order: own[0].order, group: group(own[0], spec),
      points: own.compactMap(frontierPoint))
  }
  var untrained: PlanePoint?
  if let x = reference["helpfulness"], let y = reference["safety"] { untrained = PlanePoint(x: x, y: y) }
  var figure = FrontierFigure(
    title: "Safety versus helpfulness: \(spec.name)", series: series, reference: untrained,
    xTitle: words.helpfulness, yTitle: words.safety, hypervolumeReference: PlanePoint(x: 0, y: 0),
    intervalMethod: SummaryPoint.intervalMethod(points),
    conventions: [words.judged, conventionsText(points)])
  figure.limit = limit?.vertices ?? []
  figure.limitName = "exact frontier, the limit of every policy"
  return figure
}

/// Helpfulness, safety and distance to the reference against τ.
func sweepFigure(_ spec: ExperimentSpec, points: [SummaryPoint], reference: [String: Double]) -> SweepFigure {
  let words = FigureWords(spec)
  let series = pointsByArm(points).map { own in
    SweepSeries(
      label: own[0].arm, method: method(own[0], spec), order: own[0].order, group: group(own[0], spec),
      points: own.map { SweepPoint(parameters: parameters($0), metrics: $0.metrics) })
  }
  return SweepFigure(
    title: "Helpfulness, safety and divergence against τ: \(spec.name)",
    metrics: [
      SweepMetric(
        "helpfulness", title: "Helpfulness", better: .higher, reference: reference["helpfulness"], possible: 0...1),
      SweepMetric("safety", title: "Safety", better: .higher, reference: reference["safety"], possible: 0...1),
      SweepMetric("kl", title: "KL to the reference, nats", better: .neither, prefersLogarithm: true),
      SweepMetric("klPerToken", title: "KL per token, nats", better: .neither),
    ],
    series: series, intervalMethod: SummaryPoint.intervalMethod(points),
    conventions: ["\(words.helpfulness). \(words.safety).", words.judged, conventionsText(points)])
}

/// The points of each arm, in the order of the plan.
func pointsByArm(_ points: [SummaryPoint]) -> [[SummaryPoint]] {
  let arms = points.reduce(into: [String]()) { if !$0.contains($1.arm) { $0.append($1.arm) } }
  return arms.map { arm in points.filter { $0.arm == arm } }
}

/// What chooses an arm's colour and shape: its objective, or the arm's name where it trains more than once.
func method(_ point: SummaryPoint, _ spec: ExperimentSpec) -> String {
  guard let arm = spec.arms.first(where: { $0.name == point.arm }), arm.trainsInStages else { return point.objective }
  return point.arm.lowercased()
}

private func group(_ point: SummaryPoint, _ spec: ExperimentSpec) -> String {
  spec.arms.first { $0.name == point.arm }?.group ?? ""
}

private func parameters(_ point: SummaryPoint) -> [FigureParameter] { figureParameters(point.axes) }

func figureParameters(_ axes: [AxisValue]) -> [FigureParameter] {
  axes.map { axis in
    axis.value.number.map { FigureParameter(axis.name, $0) } ?? FigureParameter(axis.name, text: axis.text)
  }
}

private func frontierPoint(_ point: SummaryPoint) -> FrontierPoint? {
  guard let x = point.metrics["helpfulness"], let y = point.metrics["safety"] else { return nil }
  let seeds = zip(point.values["helpfulness"] ?? [], point.values["safety"] ?? []).map { PlanePoint(x: $0, y: $1) }
  return FrontierPoint(
    parameters: parameters(point), x: x, y: y, seeds: seeds, distance: point.metrics["frontierDistance"])
}

/// τ and the reduction, for every footer.
func conventionsText(_ points: [SummaryPoint]) -> String {
  "A larger τ (DPO's β) keeps the policy closer to the reference; log-probabilities are \(reductionText(points))."
}

private func reductionText(_ points: [SummaryPoint]) -> String {
  let reductions = Set(points.map(\.reduction))
  if reductions == ["mean"] { return "averaged over response tokens" }
  if reductions == ["sum"] { return "summed over response tokens" }
  return "summed or averaged over response tokens, as each record says"
}
