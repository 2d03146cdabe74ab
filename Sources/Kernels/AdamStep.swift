import Basics
import CVectorMath

extension Float {
  /// Cut into blocks for the workers. The result does not depend on their number, nor on the instruction set: elements are
  /// independent and nothing is fused.
  public static func adamStep(
    _ constants: AdamConstants, gradient: [Float], first: inout [Float], second: inout [Float],
    parameters: inout [Float], workers: Int
  ) {
    let count = parameters.count
    precondition(
      gradient.count == count && first.count == count && second.count == count,
      "\(gradient.count) gradients for \(count) parameters")
    let blocks = (count + adamBlock - 1) / adamBlock
    if count == 0 { return }
    withTile(of: gradient, columns: count) { gradient in
      withMutableTile(of: &first, rows: 1, columns: count) { first in
        withMutableTile(of: &second, rows: 1, columns: count) { second in
          withMutableTile(of: &parameters, rows: 1, columns: count) { parameters in
            parallelForEach(blocks, workers: workers) { block in
              let start = block * adamBlock
              var values = bfpo_adam(
                beta1: constants.beta1, beta2: constants.beta2, epsilon: constants.epsilon, scale: constants.scale,
                decay: constants.decay, stepSize: constants.stepSize, correction: constants.correction)
              unsafe bfpo_adam_step_single(
                &values, gradient.base + start, first.base + start, second.base + start, parameters.base + start,
                min(adamBlock, count - start))
            }
          }
        }
      }
    }
  }
}

extension Double {
  /// A table is too small to share among workers.
  public static func adamStep(
    _ constants: AdamConstants, gradient: [Double], first: inout [Double], second: inout [Double],
    parameters: inout [Double], workers: Int
  ) {
    var first = first.mutableSpan
    var second = second.mutableSpan
    var parameters = parameters.mutableSpan
    Kernels.adamStep(constants, gradient: gradient.span, first: &first, second: &second, parameters: &parameters)
  }
}

private let adamBlock = 1 << 16
