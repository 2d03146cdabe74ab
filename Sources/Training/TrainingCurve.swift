import Basics
import Objectives

/// What is watched during training, averaged over a window of steps.
public struct CurvePoint: Codable, Hashable, Sendable {
  /// The last step of the window, counted from 1.
  public var step: Int
  public var loss: Double
  /// Mean log π(y_w|x) − log π_ref(y_w|x), nats, summed over tokens.
  public var chosenLogRatio: Double
  public var rejectedLogRatio: Double
  /// Share of pairs whose chosen response gained more than the rejected one; a tie counts one half.
  public var accuracy: Double
  /// Global gradient norm before clipping.
  public var gradientNorm: Double
  public var learningRate: Double
  /// λ of the objective's cost constraint at the window's last step; absent without a constraint.
  public var multiplier: Double?
  /// Each prompt's λ at the window's last step, where every prompt has its own; `multiplier` is then their mean.
  public var promptMultipliers: [Double]?
  /// E_{y∼π} c at the window's last dual step; the mean of the worst costs where the constraint is on a tail.
  public var expectedCost: Double?
  /// CE_w + CE_l of an auxiliary loss, nats, without its weight; absent without one.
  public var auxiliaryLoss: Double?
  /// Share of graded responses whose level the auxiliary head told; a tie among n counts 1/n.
  public var auxiliaryAccuracy: Double?
  /// Of a run on the policy's own responses, which has no pairs: there `chosenLogRatio`, `rejectedLogRatio` and `accuracy` are 0
  /// and not recorded.
  public var rollouts: RolloutPoint?

  /// chosenLogRatio − rejectedLogRatio.
  public var margin: Double { chosenLogRatio - rejectedLogRatio }
}

/// The course of a run, thinned to at most about `maximumPoints` window means.
public struct TrainingCurve: Codable, Hashable, Sendable {
  public private(set) var points: [CurvePoint] = []
  /// What the run computed so far; recorded apart from the curve.
  public internal(set) var work = TrainingWork()
  private var window = CurvePoint(
    step: 0, loss: 0, chosenLogRatio: 0, rejectedLogRatio: 0, accuracy: 0, gradientNorm: 0, learningRate: 0)
  private var windowSize: Int
  private var lastStep: Int

  enum CodingKeys: String, CodingKey { case points }

  public init(steps: Int, maximumPoints: Int = 60) {
    windowSize = max(1, (steps + maximumPoints - 1) / maximumPoints)
    lastStep = steps
  }

  public init(from decoder: any Decoder) throws {
    points = try decoder.container(keyedBy: CodingKeys.self).decode([CurvePoint].self, forKey: .points)
    lastStep = points.last?.step ?? 0
    windowSize = 1
  }

  /// The curve with the window that is not full yet, for a checkpoint; `Codable` alone keeps what a record needs.
  struct State: Codable {
    var points: [CurvePoint]
    var window: CurvePoint
    var work: TrainingWork?
  }

  var state: State { State(points: points, window: window, work: work) }

  mutating func restore(_ state: State) {
    points = state.points
    window = state.window
    work = state.work ?? TrainingWork()
  }

  /// For the error of a run that came to its end in vain; nil where a number is not finite.
  var evidence: JSONValue? { try? JSONValue(encoding: self) }

  /// Adds one step's means.
  mutating func append(_ step: CurvePoint) {
    window.loss += step.loss
    window.chosenLogRatio += step.chosenLogRatio
    window.rejectedLogRatio += step.rejectedLogRatio
    window.accuracy += step.accuracy
    window.gradientNorm += step.gradientNorm
    window.learningRate += step.learningRate
    window.multiplier = step.multiplier
    window.promptMultipliers = step.promptMultipliers
    window.expectedCost = step.expectedCost ?? window.expectedCost
    if let loss = step.auxiliaryLoss { window.auxiliaryLoss = (window.auxiliaryLoss ?? 0) + loss }
    if let accuracy = step.auxiliaryAccuracy { window.auxiliaryAccuracy = (window.auxiliaryAccuracy ?? 0) + accuracy }
    if let rollouts = step.rollouts { window.rollouts = rollouts.adding(window.rollouts) }
    closeWindow(after: step.step)
  }

  /// The same of a step on pairs: loss added over streams, what is watched averaged over them.
  ///
  /// - Parameter multiplier: λ of a cost constraint.
  mutating func append(
    _ totals: BatchTotals, step: Int, gradientNorm: Double, learningRate: Double, multiplier: Double?,
    expectedCost: Double?
  ) {
    window.loss += totals.loss
    window.chosenLogRatio += totals.chosenLogRatio / totals.streams
    window.rejectedLogRatio += totals.rejectedLogRatio / totals.streams
    window.accuracy += totals.correct / totals.streams
    window.gradientNorm += gradientNorm
    window.learningRate += learningRate
    window.multiplier = multiplier
    if let expectedCost { window.expectedCost = expectedCost }
    closeWindow(after: step)
  }

  /// Adds the sums over all steps of a window of a run without a multiplier.
  ///
  /// - Parameter step: the last one, ``windowEnd``.
  mutating func append(window sums: CurvePoint, endingAt step: Int) {
    window = sums
    closeWindow(after: step)
  }

  /// The step, counted from 1, that is the last of the window.
  var windowEnd: Int {
    let full = windowBegin + windowSize
    return windowBegin < lastStep ? min(full, lastStep) : full
  }

  /// The steps before the window.
  private var windowBegin: Int { points.isEmpty ? 0 : points[points.count - 1].step }

  /// Makes a point of the window when it is full, or the run is over.
  private mutating func closeWindow(after step: Int) {
    guard step >= windowEnd else { return }
    let scale = 1 / Double(step - windowBegin)
    var point = CurvePoint(
      step: step, loss: window.loss * scale, chosenLogRatio: window.chosenLogRatio * scale,
      rejectedLogRatio: window.rejectedLogRatio * scale, accuracy: window.accuracy * scale,
      gradientNorm: window.gradientNorm * scale, learningRate: window.learningRate * scale)
    point.multiplier = window.multiplier
    point.promptMultipliers = window.promptMultipliers
    point.expectedCost = window.expectedCost
    point.auxiliaryLoss = window.auxiliaryLoss.map { $0 * scale }
    point.auxiliaryAccuracy = window.auxiliaryAccuracy.map { $0 * scale }
    point.rollouts = window.rollouts?.scaled(by: scale)
    points.append(point)
    window = CurvePoint(
      step: 0, loss: 0, chosenLogRatio: 0, rejectedLogRatio: 0, accuracy: 0, gradientNorm: 0, learningRate: 0)
  }

  /// One line that answers "is this normal?": the second half of the run against the first, because single batches are noisy.
  /// Losses are compared only where there are 30 points or more: BFPO's loss depends on a batch's mix of labels.
  public var diagnosis: String {
    guard points.count >= 4 else { return "too few steps to judge" }
    if points.contains(where: { $0.rollouts != nil }) { return rolloutDiagnosis }
    let early = average(points.prefix(points.count / 2))
    let late = average(points.suffix(points.count - points.count / 2))
    if max(abs(late.chosenLogRatio), abs(late.rejectedLogRatio)) < 1e-3 {
      return "nothing moved: the learning rate or the number of steps is too small"
    }
    if points.count >= 30, late.loss > 1.25 * early.loss, late.accuracy <= early.accuracy {
      return "loss rose from \(fixed3(early.loss)) to \(fixed3(late.loss)) between the halves of the run: "
        + "the learning rate is probably too large"
    }
    let margins = "margin \(fixed3(late.margin)) nats, accuracy \(fixed3(late.accuracy)) in the second half"
    if late.chosenLogRatio < 0, late.rejectedLogRatio < 0, late.margin > 0 {
      return "normal: \(margins); both responses lost probability (\(fixed3(late.chosenLogRatio)) and "
        + "\(fixed3(late.rejectedLogRatio)) nats), the rejected one more"
    }
    if late.margin <= 0 {
      return
        "look: \(margins); the chosen responses did not gain on the rejected ones, which BFPO wants for unsafe pairs, objectives "
        + "without an order leave open, and nothing else should do"
    }
    return "normal: \(margins)"
  }

  private func average(_ points: ArraySlice<CurvePoint>) -> CurvePoint {
    func mean(_ field: KeyPath<CurvePoint, Double>) -> Double {
      points.reduce(0) { $0 + $1[keyPath: field] } / Double(points.count)
    }
    return CurvePoint(
      step: points.last?.step ?? 0, loss: mean(\.loss), chosenLogRatio: mean(\.chosenLogRatio),
      rejectedLogRatio: mean(\.rejectedLogRatio), accuracy: mean(\.accuracy), gradientNorm: mean(\.gradientNorm),
      learningRate: mean(\.learningRate))
  }
}

func fixed3(_ value: Double) -> String { fixed(value, 3) }
