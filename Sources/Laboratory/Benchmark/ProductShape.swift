import Kernels
import ModelFiles

/// A matrix product of a training step: its sizes, and how its operands lie in memory.
package struct ProductShape: Hashable, Sendable {
  package enum Operands: String, Hashable, Sendable {
    /// x Wᵀ.
    case forward
    /// dy W.
    case inputGradient
    /// dyᵀ x.
    case weightGradient
  }

  package var operands: Operands
  package var rows: Int
  package var columns: Int
  package var depth: Int

  package init(operands: Operands, rows: Int, columns: Int, depth: Int) {
    self.operands = operands
    self.rows = rows
    self.columns = columns
    self.depth = depth
  }

  /// Such as `forward.1528x1536x576`: rows, columns, inner dimension.
  package var name: String { "\(operands.rawValue).\(rows)x\(columns)x\(depth)" }

  /// Floating-point operations: a multiplication and an addition per element of the inner dimension.
  package var operations: Double { 2 * Double(rows) * Double(columns) * Double(depth) }
}

/// The matrix products of one DPO step with `down_proj` trained, prompts shared and logits at response positions only.
///
/// Attention's own small products are left out, which makes the work, and so any rate derived from it, smaller than it is.
package struct PreferenceStepWork: Sendable {
  var pairs: Int
  var promptTokens: Int
  var responseTokens: Int
  var sizes: LlamaConfiguration

  /// 4 pairs of 128 and 128 tokens, the unit of the suite.
  package static func standard(_ sizes: LlamaConfiguration) -> PreferenceStepWork {
    PreferenceStepWork(pairs: 4, promptTokens: 128, responseTokens: 128, sizes: sizes)
  }

  /// Rows of the packed batch: a response's last token needs none.
  var rows: Int { pairs * (promptTokens + 2 * (responseTokens - 1)) }
  /// Rows that predict a response token.
  var predictingRows: Int { pairs * (1 + 2 * (responseTokens - 1)) }

  /// Each shape and how often it occurs.
  package var products: [ProductShape: Int] {
    let (hidden, wide) = (sizes.hiddenSize, sizes.feedForwardSize)
    let (query, keyValue) = (sizes.headCount * sizes.headSize, sizes.keyValueHeadCount * sizes.headSize)
    // Output and input width of each layer's weights.
    let weights = [
      (query, hidden), (keyValue, hidden), (keyValue, hidden), (hidden, query), (wide, hidden), (wide, hidden),
      (hidden, wide),
    ]
    var counts: [ProductShape: Int] = [:]
    for (out, input) in weights {
      counts[ProductShape(operands: .forward, rows: rows, columns: out, depth: input), default: 0] += sizes.layerCount
      // Nothing flows back into the lowest layer but the gradient of its down projection.
      counts[ProductShape(operands: .inputGradient, rows: rows, columns: input, depth: out), default: 0] +=
        sizes.layerCount - 1
    }
    counts[ProductShape(operands: .weightGradient, rows: hidden, columns: wide, depth: rows), default: 0] +=
      sizes.layerCount
    let vocabulary = sizes.vocabularySize
    counts[ProductShape(operands: .forward, rows: predictingRows, columns: vocabulary, depth: hidden), default: 0] += 1
    counts[
      ProductShape(operands: .inputGradient, rows: predictingRows, columns: hidden, depth: vocabulary), default: 0] +=
      1
    return counts
  }

  /// What the products take alone, seconds.
  func secondsOfProducts(_ options: BenchmarkOptions) -> Double {
    products.reduce(0) {
      $0 + ProductMeasurement($1.key, options).seconds() * Double($1.value)
    }
  }

  package var operations: Double { products.reduce(0) { $0 + $1.key.operations * Double($1.value) } }
}
