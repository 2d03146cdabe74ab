import Basics
import Kernels
import ModelFiles

/// The keys and values of one sequence so far.
struct KeyValueCache<Scalar: KernelScalar>: Sendable {
  /// Rotated keys, [layers][tokens, key-value heads · headSize].
  let keys: [Matrix<Scalar>]
  /// [layers][tokens, key-value heads · headSize].
  let values: [Matrix<Scalar>]
  var length = 0

  init(_ sizes: LlamaConfiguration, capacity: Int) {
    func make() -> [Matrix<Scalar>] {
      (0..<sizes.layerCount).map { _ in
        let matrix = Matrix<Scalar>()
        matrix.reshape(rows: capacity, columns: sizes.keyValueHeadCount * sizes.headSize)
        return matrix
      }
    }
    keys = make()
    values = make()
  }
}

/// Runs the decoder one token at a time for several sequences at once.
///
/// Every weight is read once per step for all sequences; workers share its output rows.
struct LlamaDecoder<Scalar: KernelScalar>: Sendable {
  let sizes: LlamaConfiguration
  let weights: LlamaWeights<Scalar>
  let packs: LlamaPacks?
  let rotary: RotaryTable<Scalar>
  let workers: Int

  private let x = Matrix<Scalar>()
  private let normed = Matrix<Scalar>()
  private let q = Matrix<Scalar>()
  private let k = Matrix<Scalar>()
  private let v = Matrix<Scalar>()
  private let attended = Matrix<Scalar>()
  private let gate = Matrix<Scalar>()
  private let up = Matrix<Scalar>()
  private let scores = Matrix<Scalar>()
  private let logits = Matrix<Scalar>()

  init(
    sizes: LlamaConfiguration, weights: LlamaWeights<Scalar>, packs: LlamaPacks?, rotary: RotaryTable<Scalar>,
    workers: Int
  ) {
    self.sizes = sizes
    self.weights = weights
    self.packs = packs
    self.rotary = rotary
    self.workers = workers
  }

  /// Reads a prompt into a cache.
  ///
  /// - Returns: the logits after its last token, [vocabulary].
  func prefill(_ prompt: [Int32], into cache: inout KeyValueCache<Scalar>) -> [Double] {
    let batch = PackedBatch([TokenQuery(prompt: prompt, response: [])])
    let buffers = LlamaBuffers<Scalar>(cache: cache)
    LlamaPass(
      sizes: sizes, weights: weights, packs: packs, rotary: rotary, batch: batch, buffers: buffers, workers: workers
    )
    .forwardLayers()
    cache.length = prompt.count
    x.reshape(rows: 1, columns: sizes.hiddenSize)
    x.tile.copy(from: buffers.final.tile.rows(prompt.count - 1..<prompt.count))
    return predict(rows: 1)[0]
  }

  /// Appends one token to each sequence.
  ///
  /// - Returns: the logits after each, [sequences][vocabulary].
  func step(_ tokens: [Int32], caches: inout [KeyValueCache<Scalar>]) -> [[Double]] {
    let rows = tokens.count
    let keyValueWidth = sizes.keyValueHeadCount * sizes.headSize
    for matrix in [x, normed] { matrix.reshape(rows: rows, columns: sizes.hiddenSize) }
    for matrix in [q, attended] { matrix.reshape(rows: rows, columns: sizes.headCount * sizes.headSize) }
    for matrix in [k, v] { matrix.reshape(rows: rows, columns: keyValueWidth) }
    for matrix in [gate, up] { matrix.reshape(rows: rows, columns: sizes.feedForwardSize) }
    scores.reshape(rows: rows, columns: caches.map(\.length).max()! + 1)
    embed(tokens[...], weights.embedding, into: x.tile)
    let positions = caches.map { Int32($0.length) }
    for index in 0..<sizes.layerCount { runLayer(index, positions: positions, caches: caches) }
    for row in 0..<rows { caches[row].length += 1 }
    return predict(rows: rows)
  }

  private func runLayer(_ index: Int, positions: [Int32], caches: [KeyValueCache<Scalar>]) {
    let layer = weights.layers[index]
    rmsNorm(x.tile, layer.inputNorm, epsilon: sizes.rmsNormEpsilon, into: normed.tile)
    multiplyAll(
      normed.tile,
      [(weight(index, .query), q.tile), (weight(index, .key), k.tile), (weight(index, .value), v.tile)])
    rotate(q.tile, positions: positions[...], table: rotary)
    rotate(k.tile, positions: positions[...], table: rotary)
    parallelForEach(positions.count, workers: workers) { row in attend(row, index, caches[row]) }
    multiplyAll(attended.tile, [(weight(index, .output), x.tile)], adding: true)
    rmsNorm(x.tile, layer.feedForwardNorm, epsilon: sizes.rmsNormEpsilon, into: normed.tile)
    multiplyAll(normed.tile, [(weight(index, .gate), gate.tile), (weight(index, .up), up.tile)])
    swiGLU(gate: gate.tile, up: up.tile, into: gate.tile)
    multiplyAll(gate.tile, [(weight(index, .down), x.tile)], adding: true)
  }

  /// Stores a sequence's new key and value and attends to all of them.
  private func attend(_ row: Int, _ layer: Int, _ cache: KeyValueCache<Scalar>) {
    let (count, width) = (cache.length + 1, sizes.keyValueHeadCount * sizes.headSize)
    let keys = cache.keys[layer].tile(offset: 0, rows: count, columns: width)
    let values = cache.values[layer].tile(offset: 0, rows: count, columns: width)
    keys.rows(count - 1..<count).copy(from: k.tile.rows(row..<row + 1))
    values.rows(count - 1..<count).copy(from: v.tile.rows(row..<row + 1))
    cachedAttention(
      q: q.tile.rows(row..<row + 1), k: keys, v: values,
      shape: AttentionShape(
        headCount: sizes.headCount, keyValueHeadCount: sizes.keyValueHeadCount, headSize: sizes.headSize),
      into: attended.tile.rows(row..<row + 1), scratch: scores.tile.rows(row..<row + 1))
  }

  /// Final norm and output head of the rows in `x`.
  private func predict(rows: Int) -> [[Double]] {
    normed.reshape(rows: rows, columns: sizes.hiddenSize)
    logits.reshape(rows: rows, columns: sizes.vocabularySize)
    rmsNorm(x.tile, weights.finalNorm, epsilon: sizes.rmsNormEpsilon, into: normed.tile)
    multiplyAll(normed.tile, [(head, logits.tile)], block: 2048)
    return (0..<rows).map { logits.tile.rows($0..<$0 + 1).doubles }
  }

  private func weight(_ layer: Int, _ part: LlamaTensor.LayerTensor) -> LinearWeight<Scalar> {
    LinearWeight(weights.layers[layer][part], packs: packs?[.layer(layer, part)])
  }

  private var head: LinearWeight<Scalar> {
    LinearWeight(weights.head, packs: packs?[sizes.tiedEmbeddings ? .embedding : .head])
  }

  /// y (+)= x Wᵀ for several weights, in blocks of output rows.
  private func multiplyAll(
    _ x: Tile<Scalar>, _ products: [(weight: LinearWeight<Scalar>, y: Tile<Scalar>)], block: Int = 192,
    adding: Bool = false
  ) {
    let tasks = products.indices.flatMap { product in
      stride(from: 0, to: products[product].y.columns, by: block).map {
        (product, $0..<min($0 + block, products[product].y.columns))
      }
    }
    parallelForEach(tasks.count, workers: workers) { task in
      let (product, outputs) = tasks[task]
      let (weight, y) = products[product]
      linear(x, weight, outputs: outputs, into: y.columns(outputs), adding: adding)
    }
  }
}

extension LlamaBuffers {
  /// Buffers for reading a prompt: keys and values go to a cache, everything else is scratch.
  init(cache: KeyValueCache<Scalar>) {
    self.init(kept: [Bool](repeating: false, count: cache.keys.count))
    for layer in cache.keys.indices { keep(layer, keys: cache.keys[layer], values: cache.values[layer]) }
  }
}
