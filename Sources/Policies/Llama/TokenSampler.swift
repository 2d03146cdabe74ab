import Basics
import Kernels
import Synchronization

/// A token and its log-probability under the policy itself, nats.
package struct ChosenToken: Sendable {
  package var token: Int32
  package var logProbability: Double
}

/// How to choose the next token of each of several sequences.
package struct TokenChoice: Sendable {
  let options: SamplingOptions
  /// The draws from [0, 1) that decide, [sequences]; greedy ignores them.
  let uniforms: [Double]

  package init(options: SamplingOptions, uniforms: [Double]) {
    self.options = options
    self.uniforms = uniforms
  }

  /// The next token from its logits.
  ///
  ///     p ∝ e^{z / temperature}, restricted to the smallest set of most likely tokens with Σ p ≥ topP
  ///
  /// - Parameters:
  ///   - sequence: which of the draws decides.
  ///   - logits: z, [1, vocabulary].
  ///   - memory: [1, vocabulary].
  /// - Returns: the token; the lowest of equally likely ones when greedy.
  ///
  /// Source: Holtzman et al. 2020, arXiv 1904.09751, equation 2 (nucleus sampling).
  package func choose<Scalar: KernelScalar>(_ sequence: Int, _ logits: Tile<Scalar>, _ memory: Tile<Scalar>)
    -> ChosenToken
  {
    let best = indexOfLargest(logits)
    let high = logits[0, best]
    let plain = TokenWeights(logits, high: high, memory: memory)
    let normaliser = Double(high) + naturalLogarithm(plain.total)
    let token = draw(uniforms[sequence], best, plain) {
      TokenWeights(logits, high: high, temperature: options.temperature, memory: memory)
    }
    return ChosenToken(token: Int32(token), logProbability: Double(logits[0, token]) - normaliser)
  }

  private func draw<Scalar: KernelScalar>(
    _ uniform: Double, _ best: Int, _ plain: TokenWeights<Scalar>, tempered: () -> TokenWeights<Scalar>
  ) -> Int {
    if options.temperature == 0 { return best }
    let weights = options.temperature == 1 ? plain : tempered()
    if options.topP >= 1 { return weights.index(at: uniform * weights.total) }
    return weights.index(share: uniform, ofMass: options.topP * weights.total)
  }
}

/// What several workers have chosen.
final class ChosenTokens: Sendable {
  private let values: Mutex<[ChosenToken]>

  init(_ count: Int) {
    values = Mutex([ChosenToken](repeating: ChosenToken(token: -1, logProbability: .nan), count: count))
  }

  subscript(index: Int) -> ChosenToken {
    get { values.withLock { $0[index] } }
    set { values.withLock { $0[index] = newValue } }
  }

  var all: [ChosenToken] { values.withLock(\.self) }
}
