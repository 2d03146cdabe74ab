import Kernels
import ModelFiles

/// One step of decoding as stages of tasks, which workers take in turn:
///
///     query, key, value | attention | output | gate, up | down | … | head | choice
///
/// Everything that tasks share is reached by addresses whose owner is the ``LlamaDecoder``.
struct DecodingStep<Scalar: KernelScalar>: Sendable {
  let sizes: LlamaConfiguration
  let layers: [DecodingLayer<Scalar>]
  let head: DecodingWeight<Scalar>
  let finalNorm: Tile<Scalar>
  let rotary: RotaryTable<Scalar>
  let tiles: DecodingTiles<Scalar>
  let caches: [KeyValueView<Scalar>]

  /// Outputs of a product in the units that tasks are made of.
  private static func units(_ outputs: Int) -> Int { (outputs + productUnit - 1) / productUnit }

  private static func stage(_ outputs: Int) -> TaskStage { TaskStage(units: units(outputs), grain: 2) }

  /// Runs the lowest layers, the head, and `choose` for every row.
  func run(layers count: Int, workers: Int, choose: @Sendable (_ row: Int) -> Void) {
    let rows = tiles.x.rows
    let layer = [
      TaskStage(units: Self.units(tiles.q.columns) + 2 * Self.units(tiles.k.columns), grain: 2),
      TaskStage(units: rows * sizes.keyValueHeadCount), Self.stage(sizes.hiddenSize),
      Self.stage(sizes.feedForwardSize), Self.stage(sizes.hiddenSize),
    ]
    let stages = Array(repeating: layer, count: count).joined() + [Self.stage(head.outputs), TaskStage(units: rows)]
    let headStage = stages.count - 2
    runStages(
      stages, workers: workers,
      prepare: { stage, units in
        if stage < headStage {
          prefetch(stage, units.lowerBound)
        } else if stage == headStage {
          head.prefetch(output: units.lowerBound * productUnit)
        }
      }
    ) { worker, stage, units in
      if stage < headStage {
        run(stage, units, tiles.inputs[worker])
      } else if stage == headStage {
        predict(stage, units, tiles.inputs[worker])
      } else {
        for row in units { choose(row) }
      }
    }
  }

  /// Some units of a layer's stage.
  @specialized(where Scalar == Float)
  private func run(_ stage: Int, _ units: Range<Int>, _ worker: WorkerInput<Scalar>) {
    let (index, part) = stage.quotientAndRemainder(dividingBy: partCount)
    switch LayerPart(rawValue: part)! {
    case .input: attentionInput(stage, index, units, worker)
    case .attention:
      for unit in units {
        let (row, head) = unit.quotientAndRemainder(dividingBy: sizes.keyValueHeadCount)
        attend(row, head, index, next: unit + 1 < units.upperBound ? unit + 1 : nil)
      }
    case .output:
      let x = worker.input(stage: stage, rounding: layers[index].output.needsRounding, tiles.attended)
      multiply(x, layers[index].output, units, into: tiles.x, adding: true)
    case .gateUp: gateUp(stage, index, units, worker)
    case .down:
      let x = worker.input(stage: stage, rounding: layers[index].down.needsRounding, tiles.gate)
      multiply(x, layers[index].down, units, into: tiles.x, adding: true)
    }
  }

  /// Queries, keys and values: units of one after another.
  @specialized(where Scalar == Float)
  private func attentionInput(_ stage: Int, _ index: Int, _ units: Range<Int>, _ worker: WorkerInput<Scalar>) {
    let products = products(ofInput: index)
    let x = worker.input(
      stage: stage, rounding: products.contains { $0.weight.needsRounding }, tiles.x,
      norm: (layers[index].inputNorm, sizes.rmsNormEpsilon))
    var first = 0
    for (weight, result) in products {
      let own = units.clamped(to: first..<first + Self.units(weight.outputs))
      if !own.isEmpty { multiply(x, weight, own.lowerBound - first..<own.upperBound - first, into: result) }
      first += Self.units(weight.outputs)
    }
  }

  private func products(ofInput index: Int) -> [(weight: DecodingWeight<Scalar>, result: Tile<Scalar>)] {
    [(layers[index].query, tiles.q), (layers[index].key, tiles.k), (layers[index].value, tiles.v)]
  }

  @specialized(where Scalar == Float)
  private func gateUp(_ stage: Int, _ index: Int, _ units: Range<Int>, _ worker: WorkerInput<Scalar>) {
    let (gate, up) = (layers[index].gate, layers[index].up)
    let x = worker.input(
      stage: stage, rounding: gate.needsRounding || up.needsRounding, tiles.x,
      norm: (layers[index].feedForwardNorm, sizes.rmsNormEpsilon))
    multiply(x, gate, units, into: tiles.gate)
    multiply(x, up, units, into: tiles.up)
    let range = outputs(units, of: gate)
    swiGLU(gate: tiles.gate.columns(range), up: tiles.up.columns(range), into: tiles.gate.columns(range))
  }

  private func predict(_ stage: Int, _ units: Range<Int>, _ worker: WorkerInput<Scalar>) {
    let x = worker.input(
      stage: stage, rounding: head.needsRounding, tiles.x, norm: (finalNorm, sizes.rmsNormEpsilon))
    multiply(x, head, units, into: tiles.logits)
  }

  private func multiply(
    _ x: ProductInput<Scalar>, _ weight: DecodingWeight<Scalar>, _ units: Range<Int>, into y: Tile<Scalar>,
    adding: Bool = false
  ) {
    let range = outputs(units, of: weight)
    weight.multiply(x, outputs: range, into: y.columns(range), adding: adding)
  }

  private func outputs(_ units: Range<Int>, of weight: DecodingWeight<Scalar>) -> Range<Int> {
    units.lowerBound * productUnit..<min(units.upperBound * productUnit, weight.outputs)
  }

  /// Stores a sequence's new key and value of one head, and attends to all so far.
  @specialized(where Scalar == Float)
  private func attend(_ row: Int, _ head: Int, _ layer: Int, next: Int?) {
    let cache = caches[row]
    let (count, size) = (cache.length + 1, sizes.headSize)
    let group = sizes.headCount / sizes.keyValueHeadCount
    let (own, shared) = (head * group * size..<(head + 1) * group * size, head * size..<(head + 1) * size)
    let keys = cache.keys(layer, head: head, count: count)
    let values = cache.values(layer, head: head, count: count)
    let (query, key) = (tiles.q.rows(row..<row + 1).columns(own), tiles.k.rows(row..<row + 1).columns(shared))
    rotate(query, position: cache.length, table: rotary)
    rotate(key, position: cache.length, table: rotary)
    keys.store(key, at: cache.length)
    values.store(tiles.v.rows(row..<row + 1).columns(shared), at: cache.length)
    let longest = tiles.scores.columns / sizes.headCount
    cachedAttention(
      q: query, k: keys, v: values, next: next.map { known(layer, $0) },
      into: tiles.attended.rows(row..<row + 1).columns(own),
      scratch: tiles.scores.rows(row..<row + 1).columns(head * group * longest..<(head + 1) * group * longest))
  }

  /// Keys and values of a unit of attention from the steps before.
  private func known(_ layer: Int, _ unit: Int) -> (k: CachedRows<Scalar>, v: CachedRows<Scalar>) {
    let (row, head) = unit.quotientAndRemainder(dividingBy: sizes.keyValueHeadCount)
    let cache = caches[row]
    return (
      cache.keys(layer, head: head, count: cache.length), cache.values(layer, head: head, count: cache.length)
    )
  }

  /// Asks for the weights that a task of a layer reads first.
  private func prefetch(_ stage: Int, _ unit: Int) {
    let (index, part) = stage.quotientAndRemainder(dividingBy: partCount)
    let output = unit * productUnit
    switch LayerPart(rawValue: part)! {
    case .attention: break
    case .input:
      var first = 0
      for (weight, _) in products(ofInput: index) {
        let end = first + Self.units(weight.outputs)
        if (first..<end).contains(unit) { weight.prefetch(output: (unit - first) * productUnit) }
        first = end
      }
    case .output: layers[index].output.prefetch(output: output)
    case .gateUp:
      layers[index].gate.prefetch(output: output)
      layers[index].up.prefetch(output: output)
    case .down: layers[index].down.prefetch(output: output)
    }
  }
}

/// What happens in a layer, one after another.
private enum LayerPart: Int, CaseIterable {
  case input, attention, output, gateUp, down
}

private let partCount = LayerPart.allCases.count
