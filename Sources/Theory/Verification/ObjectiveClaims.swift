import Basics
import Objectives

/// Derivatives and stationary points of every objective of the catalogue, and their golden losses.
func objectiveFindings(_ formulas: Formulas) -> [Finding] {
  [derivatives(formulas), stationaryPoints(formulas), goldenLosses(formulas)]
}

/// Every label: safety flags, scores and a multiplier.
private func randomLabel(_ random: inout RandomStream) -> PairLabel {
  PairLabel(
    chosenSafe: random.below(2) == 1, rejectedSafe: random.below(2) == 1,
    chosenScores: ResponseScores(reward: random.normal(), cost: random.normal()),
    rejectedScores: ResponseScores(reward: random.normal(), cost: random.normal()), multiplier: random.uniform())
}

private func randomPair(_ random: inout RandomStream) -> PairSample {
  func logProbability() -> Double { -5 - 40 * random.uniform() }
  return PairSample(
    policyChosen: logProbability(), policyRejected: logProbability(), referenceChosen: logProbability(),
    referenceRejected: logProbability(), chosenTokens: 1 + random.below(30), rejectedTokens: 1 + random.below(30),
    label: randomLabel(&random),
    batch: BatchMeans(chosenLogRatio: random.normal(), rejectedLogRatio: random.normal()))
}

private func derivatives(_ formulas: Formulas) -> Finding {
  var meter = ErrorMeter()
  for entry in formulas.objectives {
    var stream = SeedTree(50).child(entry.card.id).generator()
    for _ in 0..<200 {
      let pair = randomPair(&stream)
      let objective = entry.defaults
      guard objective.admits(pair.label) else { continue }
      let value = objective.evaluate(pair)
      for (field, derivative) in [
        (\PairSample.policyChosen, value.dChosen), (\PairSample.policyRejected, value.dRejected),
      ] {
        let width = 1e-5
        var (up, down) = (pair, pair)
        up[keyPath: field] += width
        down[keyPath: field] -= width
        let slope = (objective.evaluate(up).loss - objective.evaluate(down).loss) / (2 * width)
        meter.note((derivative - slope) / max(1, abs(derivative), abs(slope)))
      }
    }
    meter.countWorld()
  }
  return meter.finding(
    "derivatives", "every objective's derivatives are those of its loss",
    checked: "\(meter.count) objectives, 200 random pairs each; relative to central differences", tolerance: 1e-6)
}

private func stationaryPoints(_ formulas: Formulas) -> Finding {
  var meter = ErrorMeter()
  for entry in formulas.objectives {
    guard let objective = entry.defaults as? any MarginObjective else { continue }
    var stream = SeedTree(51).child(entry.card.id).generator()
    for _ in 0..<50 {
      let label = randomLabel(&stream)
      guard objective.admits(label) else { continue }
      meter.note(stationaryError(objective, label))
    }
    meter.countWorld()
  }
  return meter.finding(
    "stationary points", "every margin objective is stationary where it says, and nowhere if it says so",
    checked: "\(meter.count) objectives, 50 random labels each; relative slope, 1 = wrong sign", tolerance: 1e-9)
}

/// How far the slope of a loss is from what the objective says of its stationary margin.
private func stationaryError(_ objective: any MarginObjective, _ label: PairLabel) -> Double {
  func slope(_ h: Double) -> Double { objective.evaluate(margin: h, label: label).derivative }
  switch objective.stationary(label) {
  case .at(let h):
    let (before, after) = (slope(h - 1), slope(h + 1))
    return before < 0 && after > 0 ? slope(h) / max(-before, after) : 1
  case .from(let h):
    let first = max(h, -50)
    let beyond = [1e-6, 0.1, 10, 40].map { abs(slope(first + $0)) }.max() ?? 0
    return h.isFinite && slope(h - 1e-3) >= 0 ? 1 : beyond
  case .none:
    let slopes = [-30.0, -10, -1, 0, 1, 10, 30].map(slope)
    return slopes.allSatisfy { $0 < 0 } || slopes.allSatisfy { $0 > 0 } ? 0 : 1
  }
}

/// One objective with some hyper-parameters, a label, and its loss and slope at h = 1.5.
private struct GoldenLoss {
  var id: String
  var settings: [String: JSONValue]
  var label = PairLabel(chosenSafe: true, rejectedSafe: true)
  var loss: Double
  var slope: Double

  func error(_ objectives: [CatalogueEntry]) -> Double? {
    let entry = objectives.first { $0.card.id == id }
    let objective = try? entry?.make(settings)
    guard let value = (objective as? any MarginObjective)?.evaluate(margin: 1.5, label: label) else { return nil }
    return max(abs(value.loss - loss), abs(value.derivative - slope))
  }
}

private func goldenLosses(_ formulas: Formulas) -> Finding {
  let (beta, tau): ([String: JSONValue], [String: JSONValue]) = (["tau": .number(0.4)], ["tau": .number(0.25)])
  let mixed = PairLabel(chosenSafe: true, rejectedSafe: false)
  func bso(_ generator: String) -> [String: JSONValue] {
    beta.merging(["generator": .string(generator), "shift": .number(2)]) { $1 }
  }
  let margin = PairLabel(
    chosenScores: ResponseScores(reward: 0, cost: 0), rejectedScores: ResponseScores(reward: 0, cost: 1.3))
  let rows = [
    GoldenLoss(id: "dpo", settings: beta, loss: 0.4374879505, slope: -0.1417374775),
    GoldenLoss(id: "conservative-dpo", settings: beta, loss: 0.4974879505, slope: -0.1017374775),
    GoldenLoss(id: "robust-dpo", settings: beta, loss: 0.3624879505, slope: -0.1917374775),
    GoldenLoss(id: "hinge", settings: beta, loss: 0.4, slope: -0.4),
    GoldenLoss(id: "ipo", settings: tau, loss: 0.25, slope: -1),
    GoldenLoss(id: "bfpo", settings: tau, loss: 0.25, slope: -1),
    GoldenLoss(id: "bfpo", settings: tau, label: mixed, loss: 6.25, slope: -5),
    GoldenLoss(
      id: "bfpo", settings: tau, label: PairLabel(chosenSafe: false, rejectedSafe: false), loss: 12.25, slope: 7),
    GoldenLoss(
      id: "bfpo", settings: tau, label: PairLabel(chosenSafe: false, rejectedSafe: true), loss: 30.25, slope: 11),
    GoldenLoss(
      id: "safedpo", settings: beta.merging(["delta": .number(2)]) { $1 }, label: mixed, loss: 1.6204174099,
      slope: -0.3208735554),
    GoldenLoss(id: "bso", settings: bso("logistic"), label: mixed, loss: 1.6204174099, slope: -0.3208735554),
    GoldenLoss(id: "bso", settings: bso("sba"), label: mixed, loss: 1.2147611505, slope: -0.6121339713),
    GoldenLoss(id: "bso", settings: bso("kliep"), label: mixed, loss: 4.4551999668, slope: -2.0220799867),
    GoldenLoss(id: "bso", settings: bso("lsif"), label: mixed, loss: 16.9514528432, slope: -13.3529949880),
    GoldenLoss(
      id: "modpo", settings: beta.merging(["safetyWeight": .number(0.3)]) { $1 }, label: margin, loss: 0.5543552445,
      slope: -0.2431757047),
  ]
  var meter = ErrorMeter()
  for row in rows {
    meter.note(row.error(formulas.objectives))
    meter.countWorld()
  }
  return meter.finding(
    "F4", "losses and slopes at h = 1.5 of DPO and its relatives, IPO, BFPO's four label cases, SafeDPO, BSO, MODPO",
    checked: "\(rows.count) cases, 10-digit constants", tolerance: 1e-8)
}
