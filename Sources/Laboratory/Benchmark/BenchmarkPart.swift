import Basics
import Kernels

/// A part of the benchmark suite.
public enum BenchmarkPart: String, NamedChoice {
  case roofline, products, step, scoring, generation, tabular, toy, scaling

  /// What runs when nothing is named: everything that takes seconds.
  public static let quick: [BenchmarkPart] = [.roofline, .products, .step, .scoring, .generation, .tabular, .toy]

  public var summary: String {
    switch self {
    case .roofline: "peak of the product instructions, and memory bandwidth, on all workers"
    case .products: "the matrix products of a training step, each shape alone"
    case .step: "one DPO step: 4 pairs of 128 prompt and 128 response tokens, `down_proj` trained"
    case .scoring: "log-probabilities of 8 responses of 128 tokens, prompts shared by two and not shared"
    case .generation: "greedy decoding: one sequence of 128 new tokens, sixteen of 64"
    case .tabular: "cells of the default synthetic world"
    case .toy: "the 4-action toy: one run on one thread, and 2,450 runs"
    case .scaling: "cost against tokens, pairs, cells and workers"
    }
  }
}

/// How to run the suite.
public struct BenchmarkOptions: Sendable {
  public var parts: [BenchmarkPart]
  public var rounds: Int
  public var workers: Int
  public var precision: Precision
  /// Sizes of the scaling curves.
  public var scaling = ScalingSizes()
  /// Floating-point operations for which a product is repeated before it is timed as their mean.
  public var leastOperations = 2e10

  public init(
    parts: [BenchmarkPart] = BenchmarkPart.quick, rounds: Int = 5, workers: Int = processorCount(),
    precision: Precision = .float32
  ) {
    precondition(rounds > 0 && workers > 0, "\(rounds) rounds on \(workers) workers")
    self.parts = parts
    self.rounds = rounds
    self.workers = workers
    self.precision = precision
  }
}

/// Measures one part once.
protocol PartRunner: AnyObject {
  func sample(_ round: inout BenchmarkRound) throws
}
