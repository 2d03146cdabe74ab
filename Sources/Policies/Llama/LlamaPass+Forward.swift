import Basics
import Kernels

extension LlamaPass {
  /// Fills the buffers with everything up to the targets' logits and their normalisers.
  ///
  /// - Parameter recording: also leaves what the backward pass needs.
  func forward(recording: Bool) {
    let first = enter(recording: recording)
    prepareForward(layers: first..<sizes.layerCount, predicts: true, recording: recording)
    runLayers(from: first)
    predict(recording: recording)
  }

  /// Fills the buffers up to the residual stream after the last layer.
  func forwardLayers() {
    let first = enter(recording: false)
    prepareForward(layers: first..<sizes.layerCount, predicts: false, recording: false)
    runLayers(from: first)
  }

  private func runLayers(from first: Int) {
    runLayers(first..<sizes.layerCount, blocks: tiles(batch.rows, limit: 256))
  }

  /// Runs some layers, whose input is there unless they begin with the lowest.
  func runLayers(_ layers: Range<Int>, blocks: [Range<Int>]) {
    if layers.isEmpty { return }
    forEach(blocks) { rows in
      if layers.lowerBound == 0 {
        embed(batch.tokens[rows], weights.embedding, into: buffers.layers[0].input.tile.rows(rows))
      }
      attentionInput(layers.lowerBound, rows)
    }
    for layer in layers {
      attend(layer)
      forEach(blocks) { rows in
        feedForward(layer, rows)
        if layer + 1 < layers.upperBound { attentionInput(layer + 1, rows) }
      }
    }
  }

  /// Queries, keys and values of some rows, rotated.
  private func attentionInput(_ index: Int, _ rows: Range<Int>) {
    let (layer, own) = (weights.layers[index], buffers.layers[index])
    let normed = buffers.normed.tile.rows(rows)
    rmsNorm(own.input.tile.rows(rows), layer.inputNorm, epsilon: sizes.rmsNormEpsilon, into: normed)
    let (q, k) = (own.q.tile.rows(rows), own.k.tile.rows(rows))
    linear(
      normed,
      [
        (weight(index, .query), q), (weight(index, .key), k), (weight(index, .value), own.v.tile.rows(rows)),
      ])
    rotate(q, positions: batch.positions[rows], table: rotary)
    rotate(k, positions: batch.positions[rows], table: rotary)
  }

  /// Attention, one task per group and head.
  private func attend(_ index: Int) {
    let own = buffers.layers[index]
    let starts = scratchStarts(sizes.headCount) { $0.forwardScratch }
    let packs = packedKeysAndValues(own, for: .forward)
    let (q, k, v) = (own.q.tile.borrowed, own.k.tile.borrowed, own.v.tile.borrowed)
    let (attended, normaliser) = (own.attended.tile.borrowed, own.normaliser.tile.borrowed)
    parallelForEach(batch.groups.count * sizes.headCount, workers: workers) { task in
      let (groupIndex, head) = task.quotientAndRemainder(dividingBy: sizes.headCount)
      let group = batch.groups[groupIndex]
      attention(
        q: q, k: k, v: v, group: group, head: head, shape: shape,
        packs: packs?[groupIndex][head / shape.headsPerKeyValueHead], into: attended, normaliser: normaliser,
        scratch: buffers.scores.tile(
          offset: starts[groupIndex] + head * group.forwardScratch, rows: 1, columns: group.forwardScratch
        ).borrowed)
    }
  }

  /// Output projection and feed-forward of some rows, up to the next layer's input.
  private func feedForward(_ index: Int, _ rows: Range<Int>) {
    let (layer, own) = (weights.layers[index], buffers.layers[index])
    let isLast = index + 1 == sizes.layerCount
    let middle = own.middle.tile.rows(rows)
    middle.copy(from: own.input.tile.rows(rows))
    linear(own.attended.tile.rows(rows), weight(index, .output), into: middle, adding: true)
    let normed = buffers.normed.tile.rows(rows)
    rmsNorm(middle, layer.feedForwardNorm, epsilon: sizes.rmsNormEpsilon, into: normed)
    let (gate, up) = (own.gate.tile.rows(rows), own.up.tile.rows(rows))
    linear(normed, [(weight(index, .gate), gate), (weight(index, .up), up)])
    let activation = buffers.activation.tile.rows(rows)
    swiGLU(gate: gate, up: up, into: activation)
    let output = (isLast ? buffers.final : buffers.layers[index + 1].input).tile.rows(rows)
    output.copy(from: middle)
    linear(activation, weight(index, .down), into: output, adding: true)
  }

  /// Final norm and output head at the predicting rows.
  private func predict(recording: Bool) {
    forEachTile(of: batch.predictingRows.count) { rows in
      normalisePredicting(rows)
      tokenLogits(
        buffers.predictingNormed.tile, rows: rows, weight: head, targets: batch.targets,
        logits: buffers.targetLogits.tile, normaliser: buffers.normaliser.tile,
        mean: recording ? buffers.mean.tile : nil, scratch: buffers.logits.tile)
    }
  }

  /// Final hidden states of some predicting rows, before and after the norm.
  func normalisePredicting(_ rows: Range<Int>) {
    let hidden = buffers.predicting.tile.rows(rows)
    for (i, row) in batch.predictingRows[rows].enumerated() {
      hidden.rows(i..<i + 1).copy(from: buffers.final.tile.rows(row..<row + 1))
    }
    rmsNorm(
      hidden, weights.finalNorm, epsilon: sizes.rmsNormEpsilon, into: buffers.predictingNormed.tile.rows(rows))
  }

  /// log p of every target, nats, [targets].
  func targetLogProbabilities() -> [Double] {
    let (logits, normaliser) = (buffers.targetLogits.tile, buffers.normaliser.tile)
    var result: [Double] = []
    result.reserveCapacity(batch.targets.tokens.count)
    for row in 0..<batch.targets.rows {
      for target in batch.targets.starts[row]..<batch.targets.starts[row + 1] {
        result.append(Double(logits[target, 0] - normaliser[row, 0]))
      }
    }
    return result
  }
}
