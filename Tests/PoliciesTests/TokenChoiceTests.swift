import Basics
import Kernels
import Policies
import Testing

/// The rule in double precision, element by element.
private func plainChoice(_ logits: [Double], _ options: SamplingOptions, _ uniform: Double) -> (Int, Double) {
  let best = logits.indices.max { logits[$0] < logits[$1] || (logits[$0] == logits[$1] && $0 > $1) }!
  func choose() -> Int {
    if options.temperature == 0 { return best }
    let weights = logits.map { exponential(($0 - logits[best]) / options.temperature) }
    let total = weights.reduce(0, +)
    var order = Array(weights.indices)
    if options.topP < 1 {
      order.sort { weights[$0] > weights[$1] || (weights[$0] == weights[$1] && $0 < $1) }
      var sum = 0.0
      let rank = order.firstIndex { token in
        sum += weights[token]
        return sum >= options.topP * total
      }
      order = Array(order[...(rank ?? order.count - 1)])
    }
    var remaining = uniform * order.reduce(0) { $0 + weights[$1] }
    for token in order {
      remaining -= weights[token]
      if remaining < 0 { return token }
    }
    return order.last!
  }
  let token = choose()
  return (token, logits[token] - logSumExp(logits))
}

@Suite("Choice of the next token")
struct TokenChoiceTests {
  private func choice(_ logits: [Float], _ options: SamplingOptions, _ uniform: Double) -> ChosenToken {
    let (row, memory) = (Matrix(rows: 1, columns: logits.count, logits), Matrix<Float>())
    memory.reshape(rows: 1, columns: logits.count)
    return TokenChoice(options: options, uniforms: [uniform]).choose(0, row.tile, memory.tile)
  }

  private func randomLogits(_ count: Int, _ seed: Int) -> [Float] {
    var stream = SeedTree(seed).generator()
    return (0..<count).map { _ in Float(3 * stream.normal()) }
  }

  @Test(arguments: [(0.0, 1.0), (1.0, 1.0), (0.7, 1.0), (1.0, 0.9), (1.6, 0.5)])
  func `a choice is that of the rule in double precision`(temperature: Double, topP: Double) {
    let options = SamplingOptions(temperature: temperature, topP: topP, maxNewTokens: 1)
    for (trial, count) in [1, 5, 61, 1024, 1025, 5000].enumerated() {
      var stream = SeedTree(90).child(trial).generator()
      let logits = randomLogits(count, trial)
      for _ in 0..<40 {
        let uniform = stream.uniform()
        let expected = plainChoice(logits.map(Double.init), options, uniform)
        let chosen = choice(logits, options, uniform)
        #expect(Int(chosen.token) == expected.0, "of \(count) at \(uniform)")
        #expect(abs(chosen.logProbability - expected.1) < 3e-6)
      }
    }
  }

  @Test func `the lowest of equally likely tokens is taken, wherever they are`() {
    for places in [[0, 1], [7, 2000], [1023, 1024], [2047, 2999], [31, 32, 2500]] {
      var logits = randomLogits(3000, 4)
      for place in places { logits[place] = 40 }
      #expect(Int(choice(logits, SamplingOptions(maxNewTokens: 1), 0).token) == places[0])
    }
  }

  @Test func `comparisons with NaN are false`() {
    for place in [0, 3, 1500, 2999] {
      var logits = randomLogits(3000, 4)
      logits[place] = .nan
      let expected = plainChoice(logits.map(Double.init), SamplingOptions(maxNewTokens: 1), 0)
      let chosen = choice(logits, SamplingOptions(maxNewTokens: 1), 0)
      #expect(Int(chosen.token) == expected.0 && chosen.logProbability.isNaN)
    }
  }

  @Test func `draws at the ends of the interval are tokens with a weight`() {
    var logits = [Float](repeating: -.infinity, count: 4000)
    logits[1700] = 1
    logits[2300] = 1
    let options = SamplingOptions(temperature: 1, maxNewTokens: 1)
    #expect(choice(logits, options, 0).token == 1700)
    #expect(choice(logits, options, 0.4999999).token == 1700)
    #expect(choice(logits, options, 0.5).token == 2300)
    #expect(choice(logits, options, 1 - 0x1p-53).token == 2300)
  }
}
