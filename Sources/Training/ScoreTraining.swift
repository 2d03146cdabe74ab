import Basics
import Kernels
import Objectives
import Policies
import Preferences

/// How a score model is trained, beyond what every training has.
public struct ScoreTrainingOptions: Codable, Hashable, Sendable {
  /// μ of the loss.
  public var regularisation = 0.001
  /// Peak learning rate of the head, which follows the schedule of the rest. The head starts at zero and has to grow, while the
  /// model under it has only to bend.
  public var headLearningRate = 1e-3

  public init() {}
}

/// What is watched while a score model is trained, averaged over a window of steps.
public struct ScorePoint: Codable, Hashable, Sendable {
  /// The last step of the window, counted from 1.
  public var step: Int
  public var loss = 0.0
  /// Share of ordered pairs with the right order; a tie counts one half. Absent from a window without ordered pairs.
  public var accuracy: Double?
  /// Global gradient norm before clipping, head included.
  public var gradientNorm = 0.0
  public var learningRate = 0.0
}

/// Trains a score model on pairs.
///
///     loss(step) = mean over the step's batch of weight · L(pair)
///
/// The head starts at zero, so the first loss is ln 2 for each comparison a pair makes: one for a reward, three for an ordered pair
/// of costs; it is checked. Batches are a function of the seed and the step. The whole gradient, head included, is clipped at
/// `maxGradientNorm`; weight decay does not touch the head's bias.
///
/// - Parameters:
///   - pairs: at least one.
///   - afterStep: called with the number of steps done; throwing stops the run.
/// - Returns: window means, about sixty.
/// - Throws: ``UserError`` (3) at the first number that is not finite, naming step and pair; whatever `afterStep` throws.
public func trainScores<P: FeaturePolicy & ~Copyable>(
  _ model: inout ScoreModel<P>, pairs: [ScorePair<P.Query>], objective: ScoreObjective, options: ScoreTrainingOptions,
  configuration: TrainingConfiguration, seed: SeedTree, afterStep: (Int) throws -> Void = { _ in }
) throws -> [ScorePoint] {
  precondition(!pairs.isEmpty, "training needs at least one pair")
  let sampler = batchSampler(count: pairs.count, stream: "scores", configuration: configuration, seed: seed)
  var gradient = model.zeroGradient()
  var optimiser = AdamW(like: gradient.base, configuration: configuration, workers: model.base.workers)
  var headOptimiser = HeadOptimiser<P.Scalar>(configuration: configuration, width: model.head.weight.count)
  var tape = model.makeTape()
  let headStartsAtZero = model.head == ScoreHead(width: model.head.weight.count)
  var curve: [ScorePoint] = []
  var window = ScoreWindow(steps: configuration.steps)

  for step in 0..<configuration.steps {
    gradient.setZero()
    let batch = sampler.indices(step: step)
    let size = configuration.microBatchSize == 0 ? batch.count : configuration.microBatchSize
    for start in stride(from: 0, to: batch.count, by: size) {
      let chunk = batch[start..<min(start + size, batch.count)].map { pairs[$0] }
      let scores = model.score(chunk.flatMap { [$0.higher, $0.lower] }, tape: &tape)
      var cotangents: [Double] = []
      for (index, pair) in chunk.enumerated() {
        let (higher, lower) = (scores[2 * index], scores[2 * index + 1])
        let value = pair.evaluate(objective, higher: higher, lower: lower)
        guard value.loss.isFinite else { throw nonFinite(value.loss, step: step, pair: pair.id) }
        if step == 0, headStartsAtZero { try checkFirstLoss(value.loss, pair, objective) }
        let share = pair.weight / Double(batch.count)
        cotangents += [share * value.dHigher, share * value.dLower]
        window.add(loss: share * value.loss, margin: pair.isOrdered ? higher - lower : nil)
      }
      model.pullback(cotangents, tape: &tape, into: &gradient)
    }
    let norm = gradient.globalNorm
    guard norm.isFinite else { throw nonFinite(norm, step: step, pair: nil) }
    let limit = configuration.maxGradientNorm
    let scale = limit > 0 && norm > limit ? limit / norm : 1
    let learningRate = configuration.learningRate(step: step)
    optimiser.step(&model.base, gradient: gradient.base, scale: scale, learningRate: learningRate)
    headOptimiser.step(
      &model.head, gradient: gradient.head, scale: scale,
      learningRate: options.headLearningRate * learningRate / configuration.learningRate)
    if let point = window.finishStep(gradientNorm: norm, learningRate: learningRate) { curve.append(point) }
    try afterStep(step + 1)
  }
  return curve
}

private func checkFirstLoss<Query>(_ loss: Double, _ pair: ScorePair<Query>, _ objective: ScoreObjective) throws {
  let comparisons = objective.kind == .reward ? 1.0 : pair.isOrdered ? 3 : 2
  let expected = comparisons * naturalLogarithm(2)
  guard abs(loss - expected) > 1e-9 else { return }
  throw UserError.numerical(
    "the step-zero check failed", at: "step 0, \(pair.id)", because: "the loss is \(loss), not \(expected)",
    advice: "this is a defect of the program: report it")
}

private func nonFinite(_ value: Double, step: Int, pair: String?) -> UserError {
  .numerical(
    "a number is no longer finite", at: "step \(step)" + (pair.map { ", \($0)" } ?? ""),
    because: pair == nil ? "the gradient's norm is \(value)" : "the loss is \(value)",
    advice: "lower the learning rates, or set maxGradientNorm")
}

/// AdamW for a head.
private struct HeadOptimiser<Scalar: KernelScalar> {
  let configuration: TrainingConfiguration
  /// The bias is the last element.
  var first: [Scalar]
  var second: [Scalar]
  var stepCount = 0

  init(configuration: TrainingConfiguration, width: Int) {
    self.configuration = configuration
    first = [Scalar](repeating: 0, count: width + 1)
    second = first
  }

  mutating func step(
    _ head: inout ScoreHead<Scalar>, gradient: ScoreHead<Scalar>, scale: Double, learningRate: Double
  ) {
    stepCount += 1
    let update = AdamUpdate<Scalar>(
      configuration: configuration, stepCount: stepCount, scale: scale, learningRate: learningRate)
    let bias = head.bias
    var values = head.weight + [bias]
    update.apply(
      to: &values, gradient: gradient.weight + [gradient.bias], first: &first, second: &second)
    head.weight = Array(values.dropLast())
    // What decay took from the bias is given back.
    head.bias = values[values.count - 1] + Scalar(learningRate * configuration.weightDecay) * bias
  }
}

/// Sums over a window of steps.
private struct ScoreWindow {
  private let size: Int
  private let lastStep: Int
  private var step = 0
  private var begin = 0
  private var loss = 0.0
  private var right = 0.0
  private var ordered = 0.0
  private var norm = 0.0
  private var learningRate = 0.0

  init(steps: Int) {
    size = max(1, (steps + 59) / 60)
    lastStep = steps
  }

  mutating func add(loss: Double, margin: Double?) {
    self.loss += loss
    guard let margin else { return }
    ordered += 1
    right += margin > 0 ? 1 : margin == 0 ? 0.5 : 0
  }

  mutating func finishStep(gradientNorm: Double, learningRate rate: Double) -> ScorePoint? {
    step += 1
    norm += gradientNorm
    learningRate += rate
    guard step - begin >= size || step == lastStep else { return nil }
    let count = Double(step - begin)
    let point = ScorePoint(
      step: step, loss: loss / count, accuracy: ordered == 0 ? nil : right / ordered, gradientNorm: norm / count,
      learningRate: learningRate / count)
    (begin, loss, right, ordered, norm, learningRate) = (step, 0, 0, 0, 0, 0)
    return point
  }
}
