import Basics
import Laboratory
import Training

/// The figure of λ and cost against steps, from the cells whose multiplier moves; nil where no cell has one.
func multiplierFigure(_ sweep: CollectedSweep) -> MultiplierFigure? {
  let spec = sweep.spec
  let constrained = sweep.cells.filter { $0.configuration.parameters["budget"] != nil }
  let curves = multiplierCurves(constrained, in: sweep.folder)
  var order: [[String]] = []
  var groups: [[String]: [PlannedCell]] = [:]
  for cell in constrained {
    let key = [cell.arm] + cell.axes.map { "\($0.name)=\($0.text)" }
    if groups[key] == nil { order.append(key) }
    groups[key, default: []].append(cell)
  }
  let series = order.compactMap { key in groups[key].flatMap { multiplierSeries(spec, $0, curves) } }
  if series.isEmpty { return nil }
  return MultiplierFigure(
    title: "Multiplier and cost during training: \(spec.name)", series: series,
    conventions: [
      "The cost is the one that λ follows: the mean (or the tail's mean, for costTail below 1) of recent responses' costs where "
        + "the policy learns from its own, the policy's expected cost otherwise. λ rises while it is over the budget."
    ])
}

/// One point of the plan, its seeds together; nil where λ does not move, as with a λ that is solved once.
private func multiplierSeries(
  _ spec: ExperimentSpec, _ cells: [PlannedCell], _ known: [String: [MultiplierPoint]]
) -> MultiplierSeries? {
  guard let budget = cells[0].configuration.parameters["budget"]?.number else { return nil }
  let curves = cells.compactMap { known[$0.id] }
  guard let first = curves.first(where: { $0.count > 1 }) else { return nil }
  let steps = first.map(\.step)
  let alike = curves.filter { $0.map(\.step) == steps }
  let arm = spec.arms.first { $0.name == cells[0].arm }
  return MultiplierSeries(
    arm: cells[0].arm,
    method: arm?.trainsInStages == true ? cells[0].arm.lowercased() : cells[0].configuration.objective,
    parameters: figureParameters(cells[0].axes.filter { $0.name != "budget" }), budget: budget,
    steps: steps.map(Double.init), multipliers: alike.map { $0.map(\.multiplier) },
    costs: alike.map { $0.map(\.cost) })
}

/// What the figure needs of a curve's point.
private struct MultiplierPoint {
  var step: Int
  var multiplier: Double
  var cost: Double
}

/// The part of a record that holds it.
private struct CurveRecord: Decodable, Sendable {
  var status: RunRecord.Status
  var curve: TrainingCurve?
}

/// The points at which λ looked at a cost, of every finished cell that has any.
private func multiplierCurves(_ cells: [PlannedCell], in folder: ResultsFolder) -> [String: [MultiplierPoint]] {
  var curves: [String: [MultiplierPoint]] = [:]
  folder.forEachRecord(of: cells, as: CurveRecord.self) { cell, read in
    guard case .record(let record) = read, record.status == .done else { return }
    let points = (record.curve?.points ?? []).compactMap { point in
      point.multiplier.flatMap { multiplier in
        point.expectedCost.map { MultiplierPoint(step: point.step, multiplier: multiplier, cost: $0) }
      }
    }
    if !points.isEmpty { curves[cell.id] = points }
  }
  return curves
}
