import Basics
import Kernels

extension LlamaPolicy {
  /// Draws a response to one prompt.
  ///
  /// - Parameters:
  ///   - prompt: template and generation prompt included; shorter than the context.
  ///   - seed: decides every draw; greedy ignores it.
  public borrowing func generate(prompt: [Int32], options: SamplingOptions, seed: SeedTree) -> Generation {
    generate(prompts: [prompt], options: options, seed: seed)[0]
  }

  /// Draws a response to each prompt; up to sixteen sequences advance together, so that each weight is read once per token for
  /// all of them, and the next prompt takes the place of a response that has ended.
  ///
  /// The draw for token t of prompt i is addressed by (seed, i, t).
  public borrowing func generate(prompts: [[Int32]], options: SamplingOptions, seed: SeedTree) -> [Generation] {
    let longest = (prompts.map(\.count).max() ?? 0) + options.maxNewTokens
    let decoder = LlamaDecoder(
      sizes: configuration, weights: weights, packs: packs,
      rotary: rotaryTable(positions: min(longest, configuration.contextLength)), workers: workers)
    var results = prompts.map { _ in Generation(tokens: [], logProbabilities: [], end: .length) }
    var active: [Int] = []
    var caches: [KeyValueCache<Scalar>] = []
    func advance(_ index: Int, _ logits: [Double]) -> Bool {
      let uniform = seed.child(index).child(results[index].tokens.count).generator().first()
      return results[index].append(
        logits, options: options, uniform: uniform, room: configuration.contextLength - prompts[index].count)
    }
    var waiting = options.maxNewTokens > 0 ? prompts.indices : 0..<0
    while !waiting.isEmpty || !active.isEmpty {
      while active.count < sequencesAtOnce, let index = waiting.popFirst() {
        var cache = emptyCache(prompts[index], options)
        if advance(index, decoder.prefill(prompts[index], into: &cache)) {
          active.append(index)
          caches.append(cache)
        }
      }
      if active.isEmpty { break }
      let logits = decoder.step(active.map { results[$0].tokens.last! }, caches: &caches)
      let stays = active.indices.map { advance(active[$0], logits[$0]) }
      active = zip(active, stays).filter(\.1).map(\.0)
      caches = zip(caches, stays).filter(\.1).map(\.0)
    }
    return results
  }

  private borrowing func emptyCache(_ prompt: [Int32], _ options: SamplingOptions) -> KeyValueCache<Scalar> {
    precondition(
      !prompt.isEmpty && prompt.count <= configuration.contextLength,
      "a prompt of \(prompt.count) tokens in a context of \(configuration.contextLength)")
    let capacity = min(prompt.count + options.maxNewTokens, configuration.contextLength)
    return KeyValueCache(configuration, capacity: capacity)
  }
}

/// Bounds the memory of keys and values.
private let sequencesAtOnce = 16

extension Generation {
  /// Chooses the next token.
  ///
  /// - Parameter room: tokens that the context has left after the prompt.
  /// - Returns: whether the response goes on.
  fileprivate mutating func append(
    _ logits: [Double], options: SamplingOptions, uniform: Double, room: Int
  ) -> Bool {
    let token = nextToken(logits: logits, options: options, uniform: uniform)
    tokens.append(token)
    logProbabilities.append(logits[Int(token)] - logSumExp(logits))
    if options.stopTokens.contains(token) {
      end = .stopToken
      return false
    }
    if tokens.count >= options.maxNewTokens { return false }
    if tokens.count > room {
      end = .context
      return false
    }
    return true
  }
}

extension RandomStream {
  /// The stream's first uniform draw.
  fileprivate func first() -> Double {
    var stream = self
    return stream.uniform()
  }
}
