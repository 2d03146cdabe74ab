import Basics
import Kernels

/// Rows that scoring without a tape holds at once, unless one prompt's responses need more.
private let rowBudget = 2048

/// Rows whose activations training keeps at once, unless one prompt's responses need more: about 10 MB a row of a model with 135
/// million parameters. Products are as fast as with more.
private let trainingRowBudget = 512

extension LlamaPolicy {
  /// What a scored batch leaves behind for its pullback: activations of the layers that the backward pass reaches.
  public struct Tape {
    let buffers: LlamaBuffers<Scalar>
    var batch: PackedBatch?
    /// The predicting row of each query when the tape holds features, [queries]; nil when it holds scores.
    var featureRows: [Int]?
  }

  public borrowing func makeTape() -> Tape {
    var buffers = LlamaBuffers<Scalar>(kept: plan.depths.map { $0 > .none })
    for layer in 0..<configuration.layerCount where plan.trains(layer, .output) { buffers.keepAttended(layer) }
    return Tape(buffers: buffers)
  }

  public borrowing func score(_ queries: [TokenQuery]) -> [Double] {
    tokenLogProbabilities(queries).map { $0.reduce(0, +) }
  }

  public borrowing func score(_ queries: [TokenQuery], tape: inout Tape) -> [Double] {
    scoreTokens(queries, tape: &tape).map { $0.reduce(0, +) }
  }

  /// log p of every response token given all before it, nats, [queries][response tokens].
  ///
  /// Memory is bounded: prompts are processed in order, a bounded number of rows at a time.
  public borrowing func tokenLogProbabilities(_ queries: [TokenQuery]) -> [[Double]] {
    let buffers = LlamaBuffers<Scalar>(kept: [Bool](repeating: false, count: configuration.layerCount))
    var result: [[Double]] = []
    result.reserveCapacity(queries.count)
    for chunk in chunks(of: queries) {
      let batch = PackedBatch(queries[chunk])
      let pass = pass(batch, buffers)
      pass.forward(recording: false)
      let values = pass.targetLogProbabilities()
      result.append(contentsOf: batch.targetsOfQuery.map { targets in targets.map { values[$0] } })
    }
    return result
  }

  public borrowing func pullback(_ cotangent: [Double], tape: inout Tape, into gradient: inout TensorSet<Scalar>) {
    let batch = scoredBatch(of: tape)
    precondition(
      cotangent.count == batch.targetsOfQuery.count,
      "\(cotangent.count) cotangents for \(batch.targetsOfQuery.count) queries")
    backward(batch.queryOfTarget.map { Scalar(cotangent[$0]) }, batch, tape: &tape, into: &gradient)
  }

  private borrowing func backward(
    _ perTarget: [Scalar], _ batch: PackedBatch, tape: inout Tape, into gradient: inout TensorSet<Scalar>
  ) {
    precondition(
      gradient.names.count == trainable.count, "\(gradient.names.count) gradients for \(trainable.count) tensors")
    let pass = pass(batch, tape.buffers)
    withTiles(of: &gradient, tensors: trainable[...], shapes: gradient.shapes) { tiles in
      pass.backward(perTarget, plan: plan, gradients: tiles)
    }
  }

  private borrowing func scoredBatch(of tape: Tape) -> PackedBatch {
    guard let batch = tape.batch, tape.featureRows == nil else {
      preconditionFailure("a pullback needs a scored batch on its tape")
    }
    return batch
  }

  /// The residual stream of one sequence as it enters each layer, then after the last layer's final norm, for comparison with
  /// other implementations; [layers + 1][tokens · hidden].
  package borrowing func residualStream(of tokens: [Int32]) -> [[Double]] {
    let buffers = LlamaBuffers<Scalar>(kept: [Bool](repeating: true, count: configuration.layerCount))
    var pass = pass(PackedBatch([TokenQuery(prompt: tokens, response: [])]), buffers)
    pass.trunk = nil
    pass.forwardLayers()
    let normed = buffers.normed.tile
    rmsNorm(buffers.final.tile, weights.finalNorm, epsilon: configuration.rmsNormEpsilon, into: normed)
    return buffers.layers.map { $0.input.tile.doubles } + [normed.doubles]
  }

  borrowing func pass(_ batch: PackedBatch, _ buffers: LlamaBuffers<Scalar>) -> LlamaPass<Scalar> {
    precondition(
      batch.positionCount <= configuration.contextLength,
      "a sequence of \(batch.positionCount) tokens in a context of \(configuration.contextLength)")
    // A trunk runs one position more: that of a response's last token.
    return LlamaPass(
      sizes: configuration, weights: weights, packs: packs, rotary: rotaryTable(positions: batch.positionCount + 1),
      batch: batch, buffers: buffers, workers: workers, trunk: trunk)
  }

  public borrowing func passes(of queries: [TokenQuery]) -> [Range<Int>] {
    chunks(of: queries, rowBudget: trainingRowBudget)
  }

  /// Ranges of queries to run together: whole prompt groups, up to the row budget.
  borrowing func chunks(of queries: [TokenQuery], rowBudget: Int = rowBudget) -> [Range<Int>] {
    var chunks: [Range<Int>] = []
    var rows = 0
    for group in PackedBatch.groups(of: queries[...]) {
      let size = PackedBatch.rowCount(of: queries[group])
      if let last = chunks.last, rows + size <= rowBudget {
        chunks[chunks.count - 1] = last.lowerBound..<group.upperBound
        rows += size
      } else {
        chunks.append(group)
        rows = size
      }
    }
    return chunks
  }
}

extension LlamaPolicy: TokenPolicy {
  public borrowing func scoreTokens(_ queries: [TokenQuery], tape: inout Tape) -> [[Double]] {
    let batch = PackedBatch(queries[...])
    tape.batch = batch
    tape.featureRows = nil
    let pass = pass(batch, tape.buffers)
    pass.forward(recording: true)
    let values = pass.targetLogProbabilities()
    return batch.targetsOfQuery.map { targets in targets.map { values[$0] } }
  }

  public borrowing func pullbackTokens(
    _ cotangent: [[Double]], tape: inout Tape, into gradient: inout TensorSet<Scalar>
  ) {
    let batch = scoredBatch(of: tape)
    precondition(
      cotangent.map(\.count) == batch.targetsOfQuery.map(\.count), "one cotangent for every token of every response")
    var perTarget = [Scalar](repeating: 0, count: batch.targets.tokens.count)
    for (targets, values) in zip(batch.targetsOfQuery, cotangent) {
      for (target, value) in zip(targets, values) { perTarget[target] = Scalar(value) }
    }
    backward(perTarget, batch, tape: &tape, into: &gradient)
  }
}

/// Runs `body` on writable tiles of all the set's tensors at once.
///
/// The arrays are moved out of the set one by one and back, because two elements of one array cannot be written at once.
func withTiles<Scalar: KernelScalar>(
  of set: inout TensorSet<Scalar>, tensors: ArraySlice<LlamaTensor>, shapes: [[Int]],
  collected: [LlamaTensor: Tile<Scalar>] = [:], _ body: ([LlamaTensor: Tile<Scalar>]) -> Void
) {
  guard let tensor = tensors.first else { return body(collected) }
  let index = tensors.startIndex
  let shape = shapes[index]
  var values: [Scalar] = []
  swap(&values, &set.values[index])
  withMutableTile(of: &values, rows: shape.count == 2 ? shape[0] : 1, columns: shape.last!) { tile in
    var collected = collected
    collected[tensor] = tile
    withTiles(of: &set, tensors: tensors.dropFirst(), shapes: shapes, collected: collected, body)
  }
  swap(&values, &set.values[index])
}
