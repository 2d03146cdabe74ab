import Basics
import Kernels
import ModelFiles

/// Runs the decoder one token at a time for several sequences at once.
///
/// Every weight is read once per step for all sequences. A sequence's logits do not depend on the sequences beside it where an
/// engine packs weights.
struct LlamaDecoder<Scalar: KernelScalar>: Sendable {
  private let sizes: LlamaConfiguration
  private let workers: Int
  private let pass: LlamaPrefill<Scalar>
  private let embedding: [Scalar]
  private let weights: DecodingWeights<Scalar>
  private let rotary: RotaryTable<Scalar>
  private let buffers: DecodingBuffers<Scalar>

  init(
    sizes: LlamaConfiguration, weights: LlamaWeights<Scalar>, packs: LlamaPacks?, rotary: RotaryTable<Scalar>,
    workers: Int
  ) {
    self.sizes = sizes
    self.rotary = rotary
    self.workers = workers
    pass = LlamaPrefill(sizes: sizes, weights: weights, packs: packs, rotary: rotary, workers: workers)
    embedding = weights.embedding
    self.weights = DecodingWeights(weights, packs, sizes, workers: workers)
    buffers = DecodingBuffers(workers: workers)
  }

  /// Reads prompts into empty caches.
  ///
  /// - Parameters:
  ///   - prompts: the same one several times in a row is read once.
  ///   - choice: how to choose the token after each.
  func prefill(
    _ prompts: [[Int32]], into caches: inout [KeyValueCache<Scalar>], _ choice: TokenChoice
  ) -> [ChosenToken] {
    let tiles = tiles(prompts.count, caches)
    pass.read(prompts, into: &caches, last: tiles.x)
    return run(layers: 0, tiles, caches, choice)
  }

  /// Appends one token to each sequence.
  ///
  /// - Parameter choice: how to choose the tokens after them.
  func step(_ tokens: [Int32], caches: inout [KeyValueCache<Scalar>], _ choice: TokenChoice) -> [ChosenToken] {
    let tiles = tiles(tokens.count, caches)
    embed(tokens[...], embedding, into: tiles.x)
    let chosen = run(layers: sizes.layerCount, tiles, caches, choice)
    for row in tokens.indices { caches[row].advance() }
    return chosen
  }

  private func tiles(_ rows: Int, _ caches: [KeyValueCache<Scalar>]) -> DecodingTiles<Scalar> {
    buffers.reshape(rows: rows, tokens: caches.map(\.length).max()! + 1, sizes)
  }

  /// Runs so many layers, then head and choice, for the rows of the residual stream.
  private func run(
    layers: Int, _ tiles: DecodingTiles<Scalar>, _ caches: [KeyValueCache<Scalar>], _ choice: TokenChoice
  ) -> [ChosenToken] {
    let results = ChosenTokens(tiles.x.rows)
    let step = DecodingStep(
      sizes: sizes, layers: weights.layers, head: weights.head, finalNorm: weights.finalNorm, rotary: rotary,
      tiles: tiles, caches: caches.map(\.view))
    withExtendedLifetime((weights, buffers, caches)) {
      step.run(layers: layers, workers: workers) { row in
        let rows = row..<row + 1
        results[row] = choice.choose(row, tiles.logits.rows(rows), tiles.weights.rows(rows))
      }
    }
    return results.all
  }
}
