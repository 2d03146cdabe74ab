import Synchronization

/// 1 − β₁ᵗ and √(1 − β₂ᵗ) for t = 1, 2, …: what bias correction needs, worked out once for all runs with the same β.
final class BiasCorrections: Sendable {
  struct Step {
    var first: Double
    var second: Double
  }

  /// Of the steps 1, 2, …
  let steps: [Step]

  private init(_ key: Key) {
    steps = (1...key.steps).map { Self.step($0, beta1: key.beta1, beta2: key.beta2) }
  }

  static func step(_ step: Int, beta1: Double, beta2: Double) -> Step {
    Step(first: 1 - power(beta1, step), second: (1 - power(beta2, step)).squareRoot())
  }

  /// Of a step counted from 1.
  func step(_ step: Int, of configuration: TrainingConfiguration) -> Step {
    if step <= steps.count { return steps[step - 1] }
    return Self.step(step, beta1: configuration.beta1, beta2: configuration.beta2)
  }

  private struct Key: Hashable {
    var beta1: Double
    var beta2: Double
    var steps: Int
  }

  /// The latest ones asked for; a memo of a pure function.
  private static let known = Mutex<[Key: BiasCorrections]>([:])
  private static let mostKnown = 64

  /// Those of a run's steps, as far as a memo is worth it; a run may take more steps, several a step of its own.
  static func of(_ configuration: TrainingConfiguration) -> BiasCorrections {
    let key = Key(
      beta1: configuration.beta1, beta2: configuration.beta2, steps: min(max(configuration.steps, 1), 100_000))
    if let found = known.withLock({ $0[key] }) { return found }
    let made = BiasCorrections(key)
    known.withLock { known in
      if known.count >= mostKnown { known.removeAll() }
      known[key] = made
    }
    return made
  }
}

/// x to a whole power, by squaring.
private func power(_ x: Double, _ exponent: Int) -> Double {
  var result = 1.0
  var base = x
  var remaining = exponent
  while remaining > 0 {
    if remaining & 1 == 1 { result *= base }
    base *= base
    remaining >>= 1
  }
  return result
}
