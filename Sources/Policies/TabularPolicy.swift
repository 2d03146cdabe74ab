import Basics
import Kernels

/// One response to one prompt of a finite world, by index.
public struct TabularQuery: Hashable, Sendable {
  public var prompt: Int
  public var response: Int

  public init(prompt: Int, response: Int) {
    self.prompt = prompt
    self.response = response
  }
}

/// A softmax policy over a table: every prompt has the same number of responses.
///
///     log π(y|x) = θ_xy − log Σ_y' e^{θ_xy'}        ∂ log π(y|x) / ∂θ_xy' = 1[y = y'] − π(y'|x)
///
/// A response counts as one token.
public struct TabularPolicy: Policy, ~Copyable {
  public let promptCount: Int
  public let responseCount: Int
  /// θ, [prompts, responses] row-major.
  public private(set) var logits: [Double]

  /// - Parameter logits: initial θ, [prompts, responses]; log π_ref to start at a reference.
  public init(promptCount: Int, responseCount: Int, logits: [Double]) {
    precondition(
      logits.count == promptCount * responseCount,
      "\(logits.count) logits for \(promptCount) prompts × \(responseCount) responses")
    self.promptCount = promptCount
    self.responseCount = responseCount
    self.logits = logits
  }

  /// The queries last scored, with the normaliser of each prompt among them.
  public struct Tape: Sendable {
    fileprivate var queries: [TabularQuery] = []
    /// log Σ e^θ of the prompts scored in the current round, [prompts].
    fileprivate var normalisers: [Double]
    /// The round in which a prompt's normaliser was computed, [prompts].
    fileprivate var rounds: [Int]
    fileprivate var round = 0
    /// Sum of the cotangents per prompt, [prompts]; zero between pullbacks.
    fileprivate var totals: [Double]
  }

  public borrowing func makeTape() -> Tape {
    let zeros = [Double](repeating: 0, count: promptCount)
    return Tape(normalisers: zeros, rounds: [Int](repeating: 0, count: promptCount), totals: zeros)
  }

  public borrowing func score(_ queries: [TabularQuery]) -> [Double] {
    var tape = makeTape()
    return score(queries, tape: &tape)
  }

  public borrowing func score(_ queries: [TabularQuery], tape: inout Tape) -> [Double] {
    tape.queries = queries
    tape.round += 1
    var scores: [Double] = []
    scores.reserveCapacity(queries.count)
    for query in queries {
      if tape.rounds[query.prompt] != tape.round {
        tape.rounds[query.prompt] = tape.round
        tape.normalisers[query.prompt] = normaliser(ofPrompt: query.prompt)
      }
      scores.append(logits[query.prompt * responseCount + query.response] - tape.normalisers[query.prompt])
    }
    return scores
  }

  public borrowing func pullback(
    _ cotangent: [Double], tape: inout Tape, into gradient: inout TensorSet<Double>
  ) {
    precondition(
      cotangent.count == tape.queries.count, "\(cotangent.count) cotangents for \(tape.queries.count) queries")
    for (query, value) in zip(tape.queries, cotangent) {
      gradient.values[0][query.prompt * responseCount + query.response] += value
      tape.totals[query.prompt] += value
    }
    for query in tape.queries {
      let total = tape.totals[query.prompt]
      if total == 0 { continue }
      tape.totals[query.prompt] = 0
      var slopes = gradient.values[0].mutableSpan
      subtractExponentials(
        of: logits.span, from: query.prompt * responseCount, count: responseCount,
        shift: tape.normalisers[query.prompt], factor: total, out: &slopes)
    }
  }

  public borrowing func tokenCount(_ query: TabularQuery) -> Int { 1 }

  public borrowing func zeroGradient() -> TensorSet<Double> {
    TensorSet(names: ["logits"], shapes: [[promptCount, responseCount]])
  }

  /// The whole table θ, [prompts, responses], to be read or changed in place.
  public mutating func withLogits<R>(_ body: (inout [Double]) throws -> R) rethrows -> R { try body(&logits) }

  public mutating func updateTrainable(_ update: (Int, inout [Double]) -> Void) { update(0, &logits) }

  public borrowing func clone() -> TabularPolicy {
    TabularPolicy(promptCount: promptCount, responseCount: responseCount, logits: logits)
  }

  /// log π(·|x) of one prompt, [responses].
  public borrowing func logProbabilities(prompt: Int) -> [Double] {
    let normaliser = normaliser(ofPrompt: prompt)
    return logits[(prompt * responseCount)..<((prompt + 1) * responseCount)].map { $0 - normaliser }
  }

  private borrowing func normaliser(ofPrompt prompt: Int) -> Double {
    let row = logits.span.extracting((prompt * responseCount)..<((prompt + 1) * responseCount))
    let first: InlineArray<1, Int> = [0]
    var result: InlineArray<1, Double> = [0]
    var span = result.mutableSpan
    writeNormalisers(of: row, width: responseCount, prompts: first.span, to: &span)
    return result[0]
  }
}
