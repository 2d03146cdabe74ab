import Basics
import Kernels
import ModelFiles

/// Runs the decoder one token at a time for several sequences at once.
///
/// Every weight is read once per step for all sequences. A step is a list of stages of small tasks, which workers take in turn:
///
///     query, key, value | attention | output | gate, up | down | … | head | choice
///
/// A sequence's logits do not depend on the sequences beside it where an engine packs weights.
struct LlamaDecoder<Scalar: KernelScalar>: Sendable {
  let sizes: LlamaConfiguration
  let workers: Int
  private let pass: LlamaPrefill<Scalar>
  private let embedding: [Scalar]
  private let finalNorm: [Scalar]
  private let layers: [DecodingLayer<Scalar>]
  private let head: DecodingWeight<Scalar>
  private let rotary: RotaryTable<Scalar>

  private let x = Matrix<Scalar>()
  private let q = Matrix<Scalar>()
  private let k = Matrix<Scalar>()
  private let v = Matrix<Scalar>()
  private let attended = Matrix<Scalar>()
  private let gate = Matrix<Scalar>()
  private let up = Matrix<Scalar>()
  private let scores = Matrix<Scalar>()
  private let logits = Matrix<Scalar>()
  /// Of each sequence's choice, [sequences, vocabulary].
  private let weights = Matrix<Scalar>()
  private let norms: [WorkerNorm<Scalar>]

  init(
    sizes: LlamaConfiguration, weights: LlamaWeights<Scalar>, packs: LlamaPacks?, rotary: RotaryTable<Scalar>,
    workers: Int
  ) {
    self.sizes = sizes
    self.rotary = rotary
    self.workers = workers
    pass = LlamaPrefill(sizes: sizes, weights: weights, packs: packs, rotary: rotary, workers: workers)
    embedding = weights.embedding
    finalNorm = weights.finalNorm
    layers = (0..<sizes.layerCount).map { DecodingLayer($0, weights: weights, packs: packs, sizes) }
    let tensor = sizes.tiedEmbeddings ? LlamaTensor.embedding : .head
    head = DecodingWeight(
      LinearWeight(weights.head, packs: packs?[tensor]), outputs: sizes.vocabularySize, blocks: packs?.blocks(tensor))
    norms = (0..<max(workers, 1)).map { _ in WorkerNorm() }
  }

  /// Packs what products will read and is not packed yet.
  private func prepare(rows: Int) {
    let needed =
      layers.flatMap { layer in
        [
          (layer.query, sizes.hiddenSize), (layer.key, sizes.hiddenSize), (layer.value, sizes.hiddenSize),
          (layer.output, sizes.headCount * sizes.headSize), (layer.gate, sizes.hiddenSize),
          (layer.up, sizes.hiddenSize), (layer.down, sizes.feedForwardSize),
        ]
      } + [(head, sizes.hiddenSize)]
    let missing = needed.filter { !$0.0.isPrepared(rows: rows) }
    parallelForEach(missing.count, workers: workers) { missing[$0].0.prepare(inputs: missing[$0].1) }
  }

  /// Reads prompts into empty caches.
  ///
  /// - Parameters:
  ///   - prompts: the same one several times in a row is read once.
  ///   - choice: how to choose the token after each.
  func prefill(
    _ prompts: [[Int32]], into caches: inout [KeyValueCache<Scalar>], _ choice: TokenChoice
  ) -> [ChosenToken] {
    reshape(rows: prompts.count, caches)
    pass.read(prompts, into: &caches, last: x.tile)
    return runStages([], choice, caches)
  }

  /// Appends one token to each sequence.
  ///
  /// - Parameter choice: how to choose the tokens after them.
  func step(_ tokens: [Int32], caches: inout [KeyValueCache<Scalar>], _ choice: TokenChoice) -> [ChosenToken] {
    reshape(rows: tokens.count, caches)
    embed(tokens[...], embedding, into: x.tile)
    let counts = (0..<sizes.layerCount).flatMap { _ in DecodingStage.allCases.map { taskCount($0, rows: tokens.count) }
    }
    let chosen = runStages(counts, choice, caches)
    for row in tokens.indices { caches[row].advance() }
    return chosen
  }

  private func reshape(rows: Int, _ caches: [KeyValueCache<Scalar>]) {
    x.reshape(rows: rows, columns: sizes.hiddenSize)
    for matrix in [q, attended] { matrix.reshape(rows: rows, columns: sizes.headCount * sizes.headSize) }
    for matrix in [k, v] { matrix.reshape(rows: rows, columns: sizes.keyValueHeadCount * sizes.headSize) }
    for matrix in [gate, up] { matrix.reshape(rows: rows, columns: sizes.feedForwardSize) }
    for matrix in [logits, weights] { matrix.reshape(rows: rows, columns: sizes.vocabularySize) }
    scores.reshape(rows: rows, columns: sizes.headCount * (caches.map(\.length).max()! + 1))
    for norm in norms { norm.reshape(rows: rows, columns: sizes.hiddenSize) }
  }

  /// Runs the layers' stages, if any, then head and choice for the rows in `x`.
  private func runStages(_ counts: [Int], _ choice: TokenChoice, _ caches: [KeyValueCache<Scalar>]) -> [ChosenToken] {
    let rows = x.rows
    let results = ChosenTokens(rows)
    prepare(rows: rows)
    let all = counts + [units(head.outputs, headUnit), rows]
    let prepare = { @Sendable (stage: Int, task: Int) in prefetch(stage, task, layerStages: counts.count) }
    Kernels.runStages(all, workers: workers, prepare: prepare) { worker, stage, task in
      if stage < counts.count {
        let (layer, part) = stage.quotientAndRemainder(dividingBy: DecodingStage.allCases.count)
        run(DecodingStage.allCases[part], layer, task, caches, norms[worker], stage)
      } else if stage == counts.count {
        let normed = norms[worker].normed(stage, x.tile, finalNorm, sizes)
        let range = unit(task, of: head.outputs, headUnit)
        head.multiply(normed, outputs: range, into: logits.tile.columns(range))
      } else {
        results[task] = choice.choose(task, logits.tile.rows(task..<task + 1), weights.tile.rows(task..<task + 1))
      }
    }
    return results.all
  }

  private func taskCount(_ stage: DecodingStage, rows: Int) -> Int {
    switch stage {
    case .input: units(q.columns, wideUnit) + 2 * units(k.columns, wideUnit)
    case .attention: rows * sizes.keyValueHeadCount
    case .output, .down: units(sizes.hiddenSize, narrowUnit)
    case .gateUp: units(sizes.feedForwardSize, wideUnit)
    }
  }

  private func run(
    _ stage: DecodingStage, _ index: Int, _ task: Int, _ caches: [KeyValueCache<Scalar>], _ norm: WorkerNorm<Scalar>,
    _ number: Int
  ) {
    let layer = layers[index]
    switch stage {
    case .input:
      let normed = norm.normed(number, x.tile, layer.inputNorm, sizes)
      let (weight, result, own) = input(layer, task)
      multiply(normed, weight, own, into: result, unit: wideUnit)
    case .attention:
      let (row, head) = task.quotientAndRemainder(dividingBy: sizes.keyValueHeadCount)
      attend(row, head, index, caches[row])
    case .output: multiply(attended.tile, layer.output, task, into: x.tile, adding: true)
    case .gateUp:
      let normed = norm.normed(number, x.tile, layer.feedForwardNorm, sizes)
      multiply(normed, layer.gate, task, into: gate.tile, unit: wideUnit)
      multiply(normed, layer.up, task, into: up.tile, unit: wideUnit)
      let range = unit(task, of: sizes.feedForwardSize, wideUnit)
      swiGLU(gate: gate.tile.columns(range), up: up.tile.columns(range), into: gate.tile.columns(range))
    case .down: multiply(gate.tile, layer.down, task, into: x.tile, adding: true)
    }
  }

  /// Asks for the weights that a task will read.
  private func prefetch(_ stage: Int, _ task: Int, layerStages: Int) {
    if stage == layerStages { head.prefetch(output: task * headUnit, rows: x.rows) }
    if stage >= layerStages { return }
    let (index, part) = stage.quotientAndRemainder(dividingBy: DecodingStage.allCases.count)
    let layer = layers[index]
    switch DecodingStage.allCases[part] {
    case .input:
      let (weight, _, own) = input(layer, task)
      weight.prefetch(output: own * wideUnit, rows: x.rows)
    case .attention: break
    case .output: layer.output.prefetch(output: task * narrowUnit, rows: x.rows)
    case .gateUp:
      layer.gate.prefetch(output: task * wideUnit, rows: x.rows)
      layer.up.prefetch(output: task * wideUnit, rows: x.rows)
    case .down: layer.down.prefetch(output: task * narrowUnit, rows: x.rows)
    }
  }

  /// Which product a task of the first stage forms, and which of its tasks it is.
  private func input(_ layer: DecodingLayer<Scalar>, _ task: Int) -> (DecodingWeight<Scalar>, Tile<Scalar>, Int) {
    let (ofQuery, ofKey) = (units(q.columns, wideUnit), units(k.columns, wideUnit))
    if task < ofQuery { return (layer.query, q.tile, task) }
    if task < ofQuery + ofKey { return (layer.key, k.tile, task - ofQuery) }
    return (layer.value, v.tile, task - ofQuery - ofKey)
  }

  private func multiply(
    _ x: Tile<Scalar>, _ weight: DecodingWeight<Scalar>, _ task: Int, into y: Tile<Scalar>, unit size: Int = narrowUnit,
    adding: Bool = false
  ) {
    let range = unit(task, of: weight.outputs, size)
    weight.multiply(x, outputs: range, into: y.columns(range), adding: adding)
  }

  /// Stores a sequence's new key and value of one head, and attends to all so far.
  private func attend(_ row: Int, _ head: Int, _ layer: Int, _ cache: KeyValueCache<Scalar>) {
    let (count, size) = (cache.length + 1, sizes.headSize)
    let group = sizes.headCount / sizes.keyValueHeadCount
    let (own, shared) = (head * group * size..<(head + 1) * group * size, head * size..<(head + 1) * size)
    let keys = cache.keys(layer, head: head, count: count)
    let values = cache.values(layer, head: head, count: count)
    let (query, key) = (q.tile.rows(row..<row + 1).columns(own), keys.rows(cache.length..<count))
    key.copy(from: k.tile.rows(row..<row + 1).columns(shared))
    values.rows(cache.length..<count).copy(from: v.tile.rows(row..<row + 1).columns(shared))
    let position = [Int32(cache.length)][...]
    rotate(query, positions: position, table: rotary)
    rotate(key, positions: position, table: rotary)
    let longest = scores.columns / sizes.headCount
    cachedAttention(
      q: query, k: keys, v: values, shape: AttentionShape(headCount: group, keyValueHeadCount: 1, headSize: size),
      into: attended.tile.rows(row..<row + 1).columns(own),
      scratch: scores.tile.rows(row..<row + 1).columns(head * group * longest..<(head + 1) * group * longest))
  }
}

/// What happens in a layer, one after another.
private enum DecodingStage: CaseIterable {
  case input, attention, output, gateUp, down
}

/// Outputs of a task; multiples of 64.
private let narrowUnit = 64
private let wideUnit = 128
private let headUnit = 256

private func units(_ count: Int, _ unit: Int) -> Int { (count + unit - 1) / unit }

private func unit(_ index: Int, of count: Int, _ unit: Int) -> Range<Int> {
  index * unit..<min((index + 1) * unit, count)
}
