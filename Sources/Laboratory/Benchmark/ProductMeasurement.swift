import Basics
import Kernels

/// A product of a shape with its operands, as training runs it: every worker does its share of the result's rows, frozen weights have
/// been packed before, and activations are brought into the engine's form each time.
///
/// Vocabulary-sized dimensions are cut to 8,192, which is enough for the full rate.
package struct ProductMeasurement {
  private let shape: ProductShape
  private let workers: Int
  /// Floating-point operations to repeat the product for.
  private let least: Double
  private let columns: Int
  private let depth: Int
  private let weight: LinearWeight<Float>
  private let left = Matrix<Float>()
  private let right = Matrix<Float>()
  package let result = Matrix<Float>()
  /// For weight gradients by an engine.
  private let packed: PackedMatrix?

  package init(_ shape: ProductShape, _ options: BenchmarkOptions) {
    self.shape = shape
    workers = options.workers
    least = options.leastOperations
    columns = min(shape.columns, 8192)
    depth = min(shape.depth, 8192)
    let engine = MatrixEngine.chosen(for: options.precision)
    let isGradient = shape.operands == .weightGradient
    left.reshape(rows: isGradient ? depth : shape.rows, columns: isGradient ? shape.rows : depth)
    right.reshape(rows: isGradient ? depth : 0, columns: isGradient ? columns : 0)
    result.reshape(rows: shape.rows, columns: columns)
    for matrix in [left, right, result] { matrix.tile.fill(0.5) }
    packed = isGradient && engine != .openBLAS ? PackedMatrix(engine: engine) : nil
    weight = LinearWeight(
      [Float](repeating: 0.5, count: isGradient ? 0 : columns * depth),
      packs: isGradient || engine == .openBLAS ? nil : WeightPacks(engine: engine))
    switch shape.operands {
    case .forward: weight.prepare(.forward, inputs: depth)
    case .inputGradient: weight.prepare(.backward, inputs: columns)
    case .weightGradient: packed?.reshape(depth: depth, columns: columns)
    }
  }

  /// Of the whole shape: the mean of some runs after a first one.
  package func seconds() -> Double {
    run()
    let operations = 2 * Double(shape.rows) * Double(columns) * Double(depth)
    let repeats = max(1, Int(least / operations))
    return stopwatch { for _ in 0..<repeats { run() } } / Double(repeats) * shape.operations / operations
  }

  private func run() {
    if let packed {
      parallelForEach(packed.blocks.count, workers: workers) {
        Float.pack(right.tile, transposed: false, scale: 1, block: packed.blocks[$0], into: packed)
      }
    }
    let share = (shape.rows + workers - 1) / workers
    parallelForEach(workers, workers: workers) { worker in
      let own = min(worker * share, shape.rows)..<min((worker + 1) * share, shape.rows)
      switch shape.operands {
      case .forward: linear(left.tile.rows(own), weight, into: result.tile.rows(own))
      case .inputGradient: linearInputGradient(left.tile.rows(own), weight, into: result.tile.rows(own))
      case .weightGradient:
        linearWeightGradient(left.tile, right.tile, outputs: own, into: result.tile, packed: packed)
      }
    }
  }
}

/// Wall-clock seconds of a piece of work.
func stopwatch(_ body: () -> Void) -> Double {
  let duration = ContinuousClock().measure(body)
  return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
}
