import Basics
import Kernels

extension LlamaPass {
  /// Adds the gradient of Σ cotangentₜ · log p(targetₜ) to `gradients`, after a recorded forward pass.
  ///
  /// - Parameters:
  ///   - cotangents: [targets].
  ///   - gradients: the tile of every trainable tensor.
  func backward(_ cotangents: [Scalar], plan: BackwardPlan, gradients: [LlamaTensor: Tile<Scalar>]) {
    buffers.backward.reshape(batch, sizes)
    predictionBackward(cotangents, gradients)
    backwardLayers(plan, gradients)
  }

  /// From the cotangents of the predicting rows' hidden states before the final norm down to the lowest trained tensor.
  func backwardLayers(_ plan: BackwardPlan, _ gradients: [LlamaTensor: Tile<Scalar>]) {
    prepareBackward(plan)
    let isEmbeddingTrained = plan.trainable.contains(.embedding)
    if plan.depths.contains(where: { $0 > .none }) || isEmbeddingTrained { scatterPredictions() }
    var above: Int? = nil
    for layer in (0..<sizes.layerCount).reversed() where plan.depths[layer] > .none {
      let finishesAbove = above.map { plan.trainsAttentionInput($0) } ?? false
      if finishesAbove, let above { finishAttention(above, plan, gradients) }
      let pending = finishesAbove ? nil : above
      forEachTile(of: batch.rows) { rows in
        if let pending { attentionInputBackward(pending, rows, needsNormed: false) }
        feedForwardBackward(layer, rows, plan)
      }
      weightGradientsAndAttention(layer, plan, gradients)
      above = layer
    }
    if let above, plan.depths[above] == .whole { finishAttention(above, plan, gradients) }
    if let gradient = gradients[.embedding] {
      embedBackward(batch.tokens[...], buffers.backward.dOutput.tile, into: gradient)
    }
  }

  /// Cotangents of final hidden states, and the gradients of final norm and output head.
  private func predictionBackward(_ cotangents: [Scalar], _ gradients: [LlamaTensor: Tile<Scalar>]) {
    forEachTile(of: batch.predictingRows.count) { rows in
      tokenLogitsBackward(
        cotangents: cotangents, rows: rows, weight: head, targets: batch.targets, mean: buffers.mean.tile,
        into: buffers.backward.dPredictingNormed.tile)
      predictingNormBackward(rows)
    }
    finalNormGradient(gradients)
    if let gradient = gradients[sizes.tiedEmbeddings ? .embedding : .head] {
      outputHeadGradient(cotangents, into: gradient)
    }
  }

  /// Through the final norm, for some predicting rows.
  func predictingNormBackward(_ rows: Range<Int>) {
    let own = buffers.backward
    rmsNormBackward(
      own.dPredictingNormed.tile.rows(rows), buffers.predicting.tile.rows(rows), weights.finalNorm,
      epsilon: sizes.rmsNormEpsilon, residual: nil, into: own.dPredicting.tile.rows(rows))
  }

  func finalNormGradient(_ gradients: [LlamaTensor: Tile<Scalar>]) {
    guard let gradient = gradients[.finalNorm] else { return }
    rmsNormWeightGradient(
      buffers.backward.dPredictingNormed.tile, buffers.predicting.tile, epsilon: sizes.rmsNormEpsilon, into: gradient)
  }

  private func outputHeadGradient(_ cotangents: [Scalar], into gradient: Tile<Scalar>) {
    let targets = batch.targets
    let sums = (0..<targets.rows).map { row in
      cotangents[targets.starts[row]..<targets.starts[row + 1]].reduce(0, +)
    }
    let blocks = stride(from: 0, to: sizes.vocabularySize, by: headGradientBlock).map {
      $0..<min($0 + headGradientBlock, sizes.vocabularySize)
    }
    let scratch = buffers.backward.head
    scratch.reshape(rows: blocks.count, columns: headGradientScratch)
    parallelForEach(blocks.count, workers: workers) { block in
      outputHeadSoftmaxGradient(
        cotangentSums: sums, x: buffers.predictingNormed.tile, weight: head,
        normaliser: buffers.normaliser.tile, block: blocks[block], into: gradient,
        scratch: scratch.tile.rows(block..<block + 1))
    }
    outputHeadTargetGradient(
      cotangents: cotangents, x: buffers.predictingNormed.tile, targets: targets, into: gradient)
  }

  /// The residual stream's cotangent after the last layer: zero but at the predicting rows.
  private func scatterPredictions() {
    let (dOutput, dPredicting) = (buffers.backward.dOutput.tile, buffers.backward.dPredicting.tile)
    dOutput.fill(0)
    for (i, row) in batch.predictingRows.enumerated() {
      dOutput.rows(row..<row + 1).copy(from: dPredicting.rows(i..<i + 1))
    }
  }

  /// From the layer's output to attention's result, for some rows.
  private func feedForwardBackward(_ index: Int, _ rows: Range<Int>, _ plan: BackwardPlan) {
    let (layer, own, back) = (weights.layers[index], buffers.layers[index], buffers.backward)
    let (gate, up) = (own.gate.tile.rows(rows), own.up.tile.rows(rows))
    let activation = buffers.activation.tile.rows(rows)
    guard plan.depths[index] > .down else {
      swiGLU(gate: gate, up: up, into: activation)
      return
    }
    let (dOutput, dMiddle) = (back.dOutput.tile.rows(rows), back.dMiddle.tile.rows(rows))
    let (dGate, dUp) = (back.dGate.tile.rows(rows), back.dUp.tile.rows(rows))
    let dNormed = back.dFeedForwardNormed.tile.rows(rows)
    let middle = own.middle.tile.rows(rows)
    linearInputGradient(dOutput, weight(index, .down), into: dGate)
    swiGLUBackward(gate: gate, up: up, cotangent: dGate, dUp: dUp, out: activation)
    linearInputGradient(dGate, weight(index, .gate), into: dNormed)
    linearInputGradient(dUp, weight(index, .up), into: dNormed, adding: true)
    rmsNormBackward(
      dNormed, middle, layer.feedForwardNorm, epsilon: sizes.rmsNormEpsilon, residual: dOutput, into: dMiddle)
    if plan.trains(index, .gate) || plan.trains(index, .up) {
      rmsNorm(
        middle, layer.feedForwardNorm, epsilon: sizes.rmsNormEpsilon, into: back.feedForwardNormed.tile.rows(rows))
    }
    if plan.depths[index] == .whole {
      linearInputGradient(dMiddle, weight(index, .output), into: back.dAttended.tile.rows(rows))
    }
  }

  /// From the rotated queries, keys and values to the layer's input, for some rows.
  private func attentionInputBackward(_ index: Int, _ rows: Range<Int>, needsNormed: Bool) {
    let (layer, own, back) = (weights.layers[index], buffers.layers[index], buffers.backward)
    let (dq, dk, dv) = (back.dq.tile.rows(rows), back.dk.tile.rows(rows), back.dv.tile.rows(rows))
    let (dNormed, input) = (back.dAttentionNormed.tile.rows(rows), own.input.tile.rows(rows))
    rotate(dq, positions: batch.positions[rows], table: rotary, inverse: true)
    rotate(dk, positions: batch.positions[rows], table: rotary, inverse: true)
    linearInputGradient(dq, weight(index, .query), into: dNormed)
    linearInputGradient(dk, weight(index, .key), into: dNormed, adding: true)
    linearInputGradient(dv, weight(index, .value), into: dNormed, adding: true)
    rmsNormBackward(
      dNormed, input, layer.inputNorm, epsilon: sizes.rmsNormEpsilon, residual: back.dMiddle.tile.rows(rows),
      into: back.dOutput.tile.rows(rows))
    if needsNormed {
      rmsNorm(input, layer.inputNorm, epsilon: sizes.rmsNormEpsilon, into: buffers.normed.tile.rows(rows))
    }
  }

  /// A layer's last part on its own, when a weight gradient needs all of its rows.
  private func finishAttention(_ index: Int, _ plan: BackwardPlan, _ gradients: [LlamaTensor: Tile<Scalar>]) {
    let needsGradients = plan.trainsAttentionInput(index)
    forEachTile(of: batch.rows) { rows in attentionInputBackward(index, rows, needsNormed: needsGradients) }
    guard needsGradients else { return }
    let (back, normed) = (buffers.backward, buffers.normed.tile)
    var tasks = WeightGradientTasks<Scalar>(epsilon: sizes.rmsNormEpsilon)
    tasks.add(gradients[.layer(index, .query)], dy: back.dq.tile, x: normed)
    tasks.add(gradients[.layer(index, .key)], dy: back.dk.tile, x: normed)
    tasks.add(gradients[.layer(index, .value)], dy: back.dv.tile, x: normed)
    tasks.addNorm(
      gradients[.layer(index, .inputNorm)], dy: back.dAttentionNormed.tile, x: buffers.layers[index].input.tile)
    tasks.packInputs(packs?.engine, into: back.gradientInputs, workers: workers)
    let ready = tasks
    parallelForEach(ready.count, workers: workers) { ready.run($0) }
  }

  /// The weight gradients that are ready after the feed-forward's backward pass, together with attention's backward pass: they
  /// are independent, and together they keep all workers busy.
  private func weightGradientsAndAttention(
    _ index: Int, _ plan: BackwardPlan, _ gradients: [LlamaTensor: Tile<Scalar>]
  ) {
    let (own, back) = (buffers.layers[index], buffers.backward)
    var tasks = WeightGradientTasks<Scalar>(epsilon: sizes.rmsNormEpsilon)
    tasks.add(gradients[.layer(index, .down)], dy: back.dOutput.tile, x: buffers.activation.tile)
    tasks.add(gradients[.layer(index, .gate)], dy: back.dGate.tile, x: back.feedForwardNormed.tile)
    tasks.add(gradients[.layer(index, .up)], dy: back.dUp.tile, x: back.feedForwardNormed.tile)
    tasks.add(gradients[.layer(index, .output)], dy: back.dMiddle.tile, x: own.attended.tile)
    tasks.addNorm(
      gradients[.layer(index, .feedForwardNorm)], dy: back.dFeedForwardNormed.tile, x: own.middle.tile)
    tasks.packInputs(packs?.engine, into: back.gradientInputs, workers: workers)
    let products = tasks
    let heads = sizes.keyValueHeadCount
    let attentionTasks = plan.depths[index] == .whole ? batch.groups.count * heads : 0
    let starts = scratchStarts(heads) { $0.backwardScratch }
    let packs = attentionTasks > 0 ? packedKeysAndValues(own, for: .backward) : nil
    let (q, k, v) = (own.q.tile.borrowed, own.k.tile.borrowed, own.v.tile.borrowed)
    let (normaliser, dOut) = (own.normaliser.tile.borrowed, back.dAttended.tile.borrowed)
    let (dq, dk, dv) = (back.dq.tile.borrowed, back.dk.tile.borrowed, back.dv.tile.borrowed)
    parallelForEach(products.count + attentionTasks, workers: workers) { task in
      // The longest tasks first, so that workers end together.
      if task >= attentionTasks {
        products.run(task - attentionTasks)
        return
      }
      let (groupIndex, head) = task.quotientAndRemainder(dividingBy: heads)
      let group = batch.groups[groupIndex]
      attentionBackward(
        q: q, k: k, v: v, normaliser: normaliser, dOut: dOut, group: group, keyValueHead: head, shape: shape,
        dq: dq, dk: dk, dv: dv, packs: packs?[groupIndex][head],
        scratch: back.scores.tile(
          offset: starts[groupIndex] + head * group.backwardScratch, rows: 1, columns: group.backwardScratch
        ).borrowed)
    }
  }
}
