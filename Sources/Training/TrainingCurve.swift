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

  /// chosenLogRatio − rejectedLogRatio.
  public var margin: Double { chosenLogRatio - rejectedLogRatio }
}

/// The course of a run, thinned to at most about `maximumPoints` window means.
public struct TrainingCurve: Codable, Hashable, Sendable {
  public private(set) var points: [CurvePoint] = []
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

  /// Adds one step's means.
  mutating func append(_ step: CurvePoint) {
    let begin = points.last?.step ?? 0
    window.loss += step.loss
    window.chosenLogRatio += step.chosenLogRatio
    window.rejectedLogRatio += step.rejectedLogRatio
    window.accuracy += step.accuracy
    window.gradientNorm += step.gradientNorm
    window.learningRate += step.learningRate
    guard step.step - begin >= windowSize || step.step == lastStep else { return }
    let scale = 1 / Double(step.step - begin)
    points.append(
      CurvePoint(
        step: step.step, loss: window.loss * scale, chosenLogRatio: window.chosenLogRatio * scale,
        rejectedLogRatio: window.rejectedLogRatio * scale, accuracy: window.accuracy * scale,
        gradientNorm: window.gradientNorm * scale, learningRate: window.learningRate * scale))
    window = CurvePoint(
      step: 0, loss: 0, chosenLogRatio: 0, rejectedLogRatio: 0, accuracy: 0, gradientNorm: 0, learningRate: 0)
  }

  /// One line that answers "is this normal?".
  public var diagnosis: String {
    guard let first = points.first, let last = points.last, points.count > 1 else {
      return "too few steps to judge"
    }
    if last.loss > first.loss * 1.02 {
      return "loss rose from \(fixed3(first.loss)) to \(fixed3(last.loss)): the learning rate is probably too large"
    }
    if abs(last.margin) < 1e-3, abs(last.loss - first.loss) < 1e-3 * max(1, abs(first.loss)) {
      return "nothing moved: the learning rate or the number of steps is too small"
    }
    let margins = "margin \(fixed3(first.margin)) → \(fixed3(last.margin)) nats, accuracy \(fixed3(last.accuracy))"
    if last.chosenLogRatio < 0, last.rejectedLogRatio < 0, last.margin > 0 {
      return "normal: \(margins); both responses lost probability (\(fixed3(last.chosenLogRatio)) and "
        + "\(fixed3(last.rejectedLogRatio)) nats), the rejected one more"
    }
    return "normal: \(margins)"
  }
}

private func fixed3(_ value: Double) -> String { fixed(value, 3) }
