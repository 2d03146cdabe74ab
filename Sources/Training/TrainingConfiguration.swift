import Basics
import Preferences

/// How a run is optimised: the same keys for a table and for a language model.
public struct TrainingConfiguration: Specification, Hashable {
  /// Optimiser steps.
  public var steps = 1800
  /// Pairs per step and stream; the step's loss is the mean over them.
  public var batchSize = 32
  /// How pairs are drawn; randomness is counted from (seed, step), so nothing has to be restored.
  public var sampling = BatchMode.withReplacement
  /// Pairs per forward and backward pass; 0 leaves it to the policy, which bounds its memory. Gradients accumulate to those of the whole batch.
  public var microBatchSize = 0
  /// Peak learning rate.
  public var learningRate = 0.01
  /// Fraction of the steps over which the learning rate rises linearly from 0.
  public var warmup = 0.0
  public var schedule = Schedule.constant
  public var beta1 = 0.9
  public var beta2 = 0.999
  public var epsilon = 1e-8
  /// Decoupled weight decay (AdamW); 0 is Adam.
  public var weightDecay = 0.0
  /// The gradient is scaled down to this global norm; 0 means never.
  public var maxGradientNorm = 0.0

  /// The course of the learning rate after warm-up.
  public enum Schedule: String, NamedChoice { case constant, cosine }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case steps, batchSize, sampling, microBatchSize, learningRate, warmup, schedule, beta1, beta2, epsilon, weightDecay,
      maxGradientNorm
  }

  public init() {}

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }
  public static var defaults: [String: JSONValue] { members(of: Self()) }

  public var complaint: String? {
    if steps < 1 { return "steps must be at least 1, got \(steps)" }
    if batchSize < 1 { return "batchSize must be at least 1, got \(batchSize)" }
    if microBatchSize < 0 { return "microBatchSize must not be negative, got \(microBatchSize)" }
    if !(learningRate > 0 && learningRate.isFinite) { return "learningRate must be positive, got \(learningRate)" }
    if !(0...1).contains(warmup) { return "warmup is a fraction of the steps in [0, 1], got \(warmup)" }
    if !(0..<1).contains(beta1) || !(0..<1).contains(beta2) { return "beta1 and beta2 must be in [0, 1)" }
    if !(epsilon > 0) { return "epsilon must be positive, got \(epsilon)" }
    if !(weightDecay >= 0) { return "weightDecay must not be negative, got \(weightDecay)" }
    if !(maxGradientNorm >= 0) { return "maxGradientNorm must not be negative, got \(maxGradientNorm)" }
    return nil
  }

  /// The learning rate of a step, counted from 0.
  ///
  ///     warm-up: η · step / warmupSteps            cosine: η · ½ (1 + cos π·progress)
  ///
  /// As `get_cosine_schedule_with_warmup` of Transformers: progress = (step − w) / (steps − w), and the first step of a
  /// warm-up has rate 0.
  public func learningRate(step: Int) -> Double {
    let warmupSteps = (warmup * Double(steps)).rounded(.up)
    if Double(step) < warmupSteps { return learningRate * Double(step) / max(1, warmupSteps) }
    switch schedule {
    case .constant: return learningRate
    case .cosine:
      let progress = (Double(step) - warmupSteps) / max(1, Double(steps) - warmupSteps)
      return learningRate * max(0, 0.5 * (1 + cosine(.pi * progress)))
    }
  }
}
