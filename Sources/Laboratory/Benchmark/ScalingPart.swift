import Basics
import Kernels
import ModelFiles
import Policies

/// The points of the scaling curves.
public struct ScalingSizes: Sendable {
  /// Of a pair: half of them are the prompt.
  public var tokens = [128, 256, 512, 1024]
  public var pairs = [1, 2, 4, 8]
  public var cells = [30, 120, 480, 1920]

  public init() {}
}

/// How cost grows: a step against tokens and pairs, cells against their number, and both against workers.
final class ScalingPart: PartRunner {
  private let policy: LlamaPolicyBox
  private let options: BenchmarkOptions
  private let sizes: LlamaConfiguration

  /// - Throws: ``UserError`` when a tensor cannot be read.
  init(_ source: any TensorSource, _ options: BenchmarkOptions) throws {
    policy = LlamaPolicyBox(
      try loadPolicy(source, workers: options.workers, precision: options.precision))
    sizes = source.configuration
    self.options = options
  }

  func sample(_ round: inout BenchmarkRound) throws {
    let (scaling, workers) = (options.scaling, options.workers)
    for tokens in scaling.tokens {
      round.record("scaling.tokens", size: tokens, seconds(pairs: 1, tokens: tokens, workers: workers), .seconds)
    }
    for pairs in scaling.pairs {
      round.record("scaling.pairs", size: pairs, seconds(pairs: pairs, tokens: 128, workers: workers), .seconds)
    }
    for workers in 1...workers {
      let seconds = seconds(pairs: scaling.pairs.last ?? 1, tokens: 128, workers: workers)
      round.record("scaling.workers.step", size: workers, seconds, .seconds)
    }
    for cells in scaling.cells {
      round.record("scaling.cells", size: cells, try TabularCells(count: cells).seconds(workers: workers), .seconds)
    }
    let cells = try TabularCells(count: scaling.cells.last ?? 30)
    for workers in 1...workers {
      round.record("scaling.workers.cells", size: workers, cells.seconds(workers: workers), .seconds)
    }
    for name in ["scaling.tokens", "scaling.pairs", "scaling.cells"] {
      if let growth = round.growth(name) { round.record("\(name).exponent", growth, .value) }
    }
  }

  /// A step that has run once before; its memory is given back, so that the largest does not stand beside the others.
  private func seconds(pairs: Int, tokens: Int, workers: Int) -> Double {
    let work = PreferenceStepWork(
      pairs: pairs, promptTokens: tokens / 2, responseTokens: tokens - tokens / 2, sizes: sizes)
    var step = PreferenceStep(policy.clone(workers: workers), work: work)
    step.run()
    return stopwatch { step.run() }
  }
}

/// A policy to make copies of.
private final class LlamaPolicyBox {
  private let policy: LlamaPolicy<Float>

  init(_ policy: consuming LlamaPolicy<Float>) { self.policy = policy }

  func clone(workers: Int) -> LlamaPolicy<Float> {
    var copy = policy.clone()
    copy.workers = workers
    return copy
  }
}
