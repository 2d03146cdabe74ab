import Basics
import Kernels

/// Features are the last layer's hidden state after the final norm, at the position of the query's last token: the end-of-turn token
/// of a whole response. The output head takes no part.
extension LlamaPolicy: FeaturePolicy {
  public var featureCount: Int { configuration.hiddenSize }

  public borrowing func features(_ queries: [TokenQuery], tape: inout Tape) -> [Double] {
    let batch = PackedBatch(queries.map(extended)[...], isExtended: true)
    let rows = batch.lastPredictions
    tape.batch = batch
    tape.featureRows = rows
    pass(batch, tape.buffers).forwardFeatures()
    let hidden = tape.buffers.predictingNormed.tile
    return rows.flatMap { hidden.rows($0..<$0 + 1).doubles }
  }

  public borrowing func pullbackFeatures(
    _ cotangent: [Double], tape: inout Tape, into gradient: inout TensorSet<Scalar>
  ) {
    guard let batch = tape.batch, let rows = tape.featureRows else {
      preconditionFailure("a pullback of features needs features on its tape")
    }
    precondition(
      cotangent.count == rows.count * featureCount,
      "\(cotangent.count) cotangents for \(rows.count) queries with \(featureCount) features")
    let pass = pass(batch, tape.buffers)
    withTiles(of: &gradient, tensors: trainable[...], shapes: gradient.shapes) { tiles in
      pass.backwardFeatures(cotangent, rows: rows, plan: plan, gradients: tiles)
    }
  }
}

/// A batch has no row for the last token of a response, so it gets one token more, which is never read.
private func extended(_ query: TokenQuery) -> TokenQuery {
  TokenQuery(prompt: query.prompt, response: query.response + [0])
}

extension LlamaPolicy {
  /// The features at every position of the responses: before each token, that is after the prompt and the tokens so far, and after
  /// the last one, as ``features(_:tape:)`` has it.
  ///
  /// - Returns: [queries][response tokens + 1][featureCount].
  public borrowing func tokenFeatures(_ queries: [TokenQuery]) -> [[[Scalar]]] {
    let extended = queries.map(extended)
    let buffers = LlamaBuffers<Scalar>(kept: [Bool](repeating: false, count: configuration.layerCount))
    var result: [[[Scalar]]] = []
    result.reserveCapacity(queries.count)
    for chunk in chunks(of: extended) {
      let batch = PackedBatch(extended[chunk], isExtended: true)
      pass(batch, buffers).forwardFeatures()
      let hidden = buffers.predictingNormed.tile
      result += batch.predictions.map { rows in
        rows.map { row in (0..<featureCount).map { hidden[row, $0] } }
      }
    }
    return result
  }
}

extension LlamaPass {
  /// Fills the buffers up to the normalised hidden states of the predicting rows, and leaves what the backward pass needs.
  func forwardFeatures() {
    forwardLayers()
    forEachTile(of: batch.predictingRows.count, normalisePredicting)
  }

  /// Adds the gradient of Σ cotangentᵢ · featuresᵢ to `gradients`, after a forward pass for features.
  ///
  /// - Parameters:
  ///   - cotangents: [queries, hidden] row-major.
  ///   - rows: the predicting row of each query; several may share one, [queries].
  func backwardFeatures(
    _ cotangents: [Double], rows: [Int], plan: BackwardPlan, gradients: [LlamaTensor: Tile<Scalar>]
  ) {
    buffers.backward.reshape(batch, sizes)
    let cotangent = buffers.backward.dPredictingNormed.tile
    cotangent.fill(0)
    for (query, row) in rows.enumerated() {
      for column in 0..<sizes.hiddenSize {
        cotangent[row, column] += Scalar(cotangents[query * sizes.hiddenSize + column])
      }
    }
    forEachTile(of: batch.predictingRows.count, predictingNormBackward)
    finalNormGradient(gradients)
    backwardLayers(plan, gradients)
  }
}
