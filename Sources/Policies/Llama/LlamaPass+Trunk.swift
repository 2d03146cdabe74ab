import Basics
import Kernels

extension LlamaPass {
  /// Shapes the buffers and leaves the residual stream at the top of the trunk in them: rows of known texts come from the cache,
  /// the others are computed and kept.
  ///
  /// A text's rows do not depend on what else is in the batch, nor on what the cache knew: every product of the trunk is cut at the
  /// bounds of texts, and a response is run to its last token, whether the batch has a row for that or not.
  ///
  /// - Returns: the lowest layer that remains to be run; 0 without a trunk.
  func enter(recording: Bool) -> Int {
    guard let trunk else {
      buffers.reshape(batch, sizes, recording: recording)
      return 0
    }
    let keys = batch.texts.map { HiddenStateKey(trunk: trunk.identity, prompt: $0.prompt, response: $0.response) }
    var states = trunk.cache.states(of: keys)
    // The trunk's scratch memory is that of the layers above, so it runs before they are shaped.
    let computed = compute(zip(keys, states).filter { $1 == nil }.map(\.0), trunk)
    buffers.reshape(batch, sizes, recording: recording)
    let input = (trunk.depth == sizes.layerCount ? buffers.final : buffers.layers[trunk.depth].input).tile
    for index in states.indices {
      let own = batch.texts[index].rows
      guard let rows = states[index] ?? computed[keys[index]] else { preconditionFailure("a text was not computed") }
      states[index] = nil
      input.rows(own).copy(from: rows.tile.rows(0..<own.count))
    }
    return trunk.depth
  }

  /// The rows of texts that are not known; their prompts are run with them.
  private func compute(
    _ missing: [HiddenStateKey], _ trunk: FrozenTrunk<Scalar>
  ) -> [HiddenStateKey: Matrix<Scalar>] {
    if missing.isEmpty { return [:] }
    var seen: Set<HiddenStateKey> = []
    // One more token, which is never read, gives the last one a row.
    let queries = missing.filter { seen.insert($0).inserted }
      .map { TokenQuery(prompt: $0.prompt, response: $0.response.map { $0 + [0] } ?? []) }
    let batch = PackedBatch(queries[...], isExtended: true)
    let pass = LlamaPass(
      sizes: sizes, weights: weights, packs: packs, rotary: rotary, batch: batch, buffers: buffers.trunk,
      workers: workers)
    pass.runTrunk(depth: trunk.depth)
    let output = pass.buffers.final.tile
    let texts = batch.texts.map { text in
      let rows = Matrix<Scalar>()
      rows.reshape(rows: text.rows.count, columns: sizes.hiddenSize)
      rows.tile.copy(from: output.rows(text.rows))
      return (key: HiddenStateKey(trunk: trunk.identity, prompt: text.prompt, response: text.response), rows: rows)
    }
    trunk.cache.keep(texts)
    return Dictionary(texts) { first, _ in first }
  }

  /// Runs the lowest layers; every buffer of a layer's input and the final one are the same.
  private func runTrunk(depth: Int) {
    buffers.reshapeLayers(batch, sizes)
    prepareForward(layers: 0..<depth, predicts: false, recording: false)
    runLayers(0..<depth, blocks: batch.texts.flatMap { blocks(of: $0.rows) })
  }

  /// Nearly equal blocks of a text, decided by its length alone.
  private func blocks(of rows: Range<Int>) -> [Range<Int>] {
    let count = (rows.count + trunkBlock - 1) / trunkBlock
    return (0..<count).map { index in
      rows.lowerBound + index * rows.count / count..<rows.lowerBound + (index + 1) * rows.count / count
    }
  }
}

/// Rows of a text that a product takes at once.
private let trunkBlock = 128
