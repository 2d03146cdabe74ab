import Basics
import Foundation
import Kernels
import ModelFiles
import Policies

/// The parts of a run, prepared and warm.
///
/// Rounds go through all parts in turn, so that a machine that is slow for a while is slow for all of them, and a share is one of
/// two values of the same round.
public struct BenchmarkSuite {
  private let options: BenchmarkOptions
  private let runners: [any PartRunner]

  /// - Parameter model: weights; random ones of SmolLM2-135M's sizes when nil.
  /// - Throws: ``UserError`` when a weight cannot be read.
  public init(_ options: BenchmarkOptions, model: (any TensorSource)? = nil) throws {
    let source = model ?? SyntheticModel.smolLM2
    self.options = options
    // The step comes first: nothing else may have raised the process's peak of memory.
    let needsModel = !Set(options.parts).isDisjoint(with: [.step, .scoring])
    let shared =
      needsModel ? try LanguageModelWork(source, workers: options.workers, precision: options.precision) : nil
    runners = try BenchmarkPart.allCases.filter(options.parts.contains).map { part in
      switch part {
      case .roofline: return RooflinePart(workers: options.workers)
      case .products: return ProductsPart(.standard(source.configuration), options)
      case .step: return StepPart(shared!, options)
      case .scoring: return ScoringPart(shared!)
      case .generation:
        return try GenerationPart(source, workers: options.workers, precision: options.precision)
      case .tabular: return try TabularPart(workers: options.workers)
      case .toy: return ToyPart(workers: options.workers)
      case .scaling: return try ScalingPart(source, options)
      }
    }
  }

  /// Runs all rounds; `report` is told before each which one it is, from 1.
  public func run(report: (Int) -> Void = { _ in }) throws -> [BenchmarkMeasurement] {
    var rounds: [BenchmarkRound] = []
    for number in 1...options.rounds {
      report(number)
      var round = BenchmarkRound()
      for runner in runners { try runner.sample(&round) }
      rounds.append(round)
    }
    return summarise(rounds)
  }
}

extension BenchmarkMachine {
  public static var current: BenchmarkMachine {
    BenchmarkMachine(
      processor: processorName(), processors: processorCount(), blas: blasDescription(),
      engines: engineDescription(), vectorInstructions: Kernels.vectorInstructions(),
      peakInstructions: RooflinePart.instructions)
  }
}
