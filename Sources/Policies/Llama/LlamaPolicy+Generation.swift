import Basics
import Kernels

extension LlamaPolicy {
  /// Whether decoding reads some matrix in the blocks of the model's file.
  package var decodesFromBlocks: Bool { packs?.hasBlocks ?? false }

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
    func choice(_ indices: [Int]) -> TokenChoice {
      TokenChoice(
        options: options,
        uniforms: indices.map { seed.child($0).child(results[$0].tokens.count).generator().first() })
    }
    /// Appends a token to each, and keeps those that go on.
    func advance(_ indices: [Int], _ chosen: [ChosenToken], _ own: [KeyValueCache<Scalar>]) {
      for ((index, token), cache) in zip(zip(indices, chosen), own) {
        let room = configuration.contextLength - prompts[index].count
        if results[index].append(token, options: options, room: room) {
          active.append(index)
          caches.append(cache)
        }
      }
    }
    var waiting = options.maxNewTokens > 0 ? prompts.indices : 0..<0
    while !waiting.isEmpty || !active.isEmpty {
      while active.count < sequencesAtOnce, !waiting.isEmpty {
        let next = nextPrompts(prompts[waiting.prefix(sequencesAtOnce - active.count)])
        waiting = next.upperBound..<waiting.upperBound
        var own = next.map { emptyCache(prompts[$0], options) }
        advance(Array(next), decoder.prefill(Array(prompts[next]), into: &own, choice(Array(next))), own)
      }
      if active.isEmpty { break }
      let (running, choice) = (active, choice(active))
      let chosen = decoder.step(running.map { results[$0].tokens.last! }, caches: &caches, choice)
      let own = caches
      (active, caches) = ([], [])
      advance(running, chosen, own)
    }
    return results
  }

  /// The first of some prompts that are read together.
  private borrowing func nextPrompts(_ prompts: ArraySlice<[Int32]>) -> Range<Int> {
    let chunk = chunks(of: prompts.map { TokenQuery(prompt: $0, response: []) })[0]
    return prompts.startIndex..<prompts.startIndex + chunk.count
  }

  private borrowing func emptyCache(_ prompt: [Int32], _ options: SamplingOptions) -> KeyValueCache<Scalar> {
    precondition(
      !prompt.isEmpty && prompt.count <= configuration.contextLength,
      "a prompt of \(prompt.count) tokens in a context of \(configuration.contextLength)")
    let capacity = min(prompt.count + options.maxNewTokens, configuration.contextLength)
    return KeyValueCache(configuration, capacity: capacity, precision: packs?.engine.precision ?? .float32)
  }
}

/// Bounds the memory of keys and values.
private let sequencesAtOnce = 16

extension Generation {
  /// Appends a token.
  ///
  /// - Parameter room: tokens that the context has left after the prompt.
  /// - Returns: whether the response goes on.
  fileprivate mutating func append(_ chosen: ChosenToken, options: SamplingOptions, room: Int) -> Bool {
    tokens.append(chosen.token)
    logProbabilities.append(chosen.logProbability)
    if options.stopTokens.contains(chosen.token) {
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
