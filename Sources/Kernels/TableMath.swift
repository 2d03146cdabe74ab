import CVectorMath

/// log Σ_y e^{θ_xy} of some prompts of a table.
///
/// - Parameters:
///   - table: θ, [prompts, width] row-major; width at least one.
///   - prompts: those wanted.
///   - normalisers: [prompts]; those of the wanted ones are written.
public func writeNormalisers(
  of table: Span<Double>, width: Int, prompts: Span<Int>, to normalisers: inout MutableSpan<Double>
) {
  for i in 0..<prompts.count {
    precondition(
      prompts[i] >= 0 && prompts[i] < normalisers.count && (prompts[i] + 1) * width <= table.count,
      "no prompt \(prompts[i]) in a table of \(table.count) elements, \(width) a prompt")
  }
  unsafe table.withUnsafeBufferPointer { table in
    unsafe prompts.withUnsafeBufferPointer { prompts in
      unsafe normalisers.withUnsafeMutableBufferPointer { normalisers in
        guard let table = table.baseAddress, let first = prompts.baseAddress, let out = normalisers.baseAddress else {
          return
        }
        unsafe bfpo_log_normalisers(table, width, first, prompts.count, out)
      }
    }
  }
}

/// outᵢ −= factor · e^{xᵢ − shift} for the elements from `start` on, `count` of them.
public func subtractExponentials(
  of x: Span<Double>, from start: Int, count: Int, shift: Double, factor: Double, out: inout MutableSpan<Double>
) {
  precondition(start >= 0 && start + count <= min(x.count, out.count), "\(count) elements from \(start) of \(x.count)")
  unsafe x.withUnsafeBufferPointer { x in
    unsafe out.withUnsafeMutableBufferPointer { out in
      guard let x = x.baseAddress, let out = out.baseAddress else { return }
      unsafe bfpo_subtract_exponentials(x + start, count, shift, factor, out + start)
    }
  }
}

/// One step of Adam on doubles; see ``AdamConstants``. All four spans have the same length.
public func adamStep(
  _ constants: AdamConstants, gradient: Span<Double>, first: inout MutableSpan<Double>,
  second: inout MutableSpan<Double>, parameters: inout MutableSpan<Double>
) {
  let count = parameters.count
  precondition(
    gradient.count == count && first.count == count && second.count == count,
    "\(gradient.count) gradients for \(count) parameters")
  var values = bfpo_adam(constants)
  unsafe gradient.withUnsafeBufferPointer { gradient in
    unsafe first.withUnsafeMutableBufferPointer { first in
      unsafe second.withUnsafeMutableBufferPointer { second in
        unsafe parameters.withUnsafeMutableBufferPointer { parameters in
          guard let g = gradient.baseAddress, let m = first.baseAddress, let v = second.baseAddress,
            let x = parameters.baseAddress
          else { return }
          unsafe bfpo_adam_step(&values, g, m, v, x, count)
        }
      }
    }
  }
}

extension bfpo_adam {
  init(_ constants: AdamConstants) {
    self.init(
      beta1: constants.beta1, beta2: constants.beta2, epsilon: constants.epsilon, scale: constants.scale,
      decay: constants.decay, stepSize: constants.stepSize, correction: constants.correction)
  }
}

/// The constants of one Adam step with g = scale · gradient:
///
///     m ← β₁ m + (1 − β₁) g      v ← β₂ v + (1 − β₂) g²      θ ← decay · θ − stepSize · m / (√v / correction + ε)
public struct AdamConstants: Sendable {
  public var beta1: Double
  public var beta2: Double
  public var epsilon: Double
  public var scale: Double
  public var decay: Double
  public var stepSize: Double
  public var correction: Double

  public init(
    beta1: Double, beta2: Double, epsilon: Double, scale: Double, decay: Double, stepSize: Double, correction: Double
  ) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.scale = scale
    self.decay = decay
    self.stepSize = stepSize
    self.correction = correction
  }
}

/// The instruction set of the tables' vectorised loops: `avx512`, `avx2` or `baseline`.
package func tableInstructions() -> String { unsafe String(cString: bfpo_table_instructions()) }

/// Uses another instruction set from now on, for tests.
///
/// - Returns: false, and nothing changes, when the processor lacks it.
package func useTableInstructions(_ name: String) -> Bool { unsafe bfpo_use_table_instructions(name) == 1 }
