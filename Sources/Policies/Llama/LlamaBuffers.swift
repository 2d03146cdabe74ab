import Kernels
import ModelFiles

/// What one layer leaves behind for its backward pass.
struct LayerBuffers<Scalar: KernelScalar>: Sendable {
  /// Residual stream entering the layer, [rows, hidden].
  var input = Matrix<Scalar>()
  /// Residual stream between attention and feed-forward, [rows, hidden].
  var middle = Matrix<Scalar>()
  /// Rotated queries, [rows, heads · headSize].
  var q = Matrix<Scalar>()
  /// Rotated keys, [rows, key-value heads · headSize].
  var k = Matrix<Scalar>()
  /// [rows, key-value heads · headSize].
  var v = Matrix<Scalar>()
  /// Attention's result before the output projection, [rows, heads · headSize].
  var attended = Matrix<Scalar>()
  /// Log-sum-exp of attention scores, [rows, heads].
  var normaliser = Matrix<Scalar>()
  /// [rows, feedForward].
  var gate = Matrix<Scalar>()
  /// [rows, feedForward].
  var up = Matrix<Scalar>()

  func reshape(rows: Int, _ sizes: LlamaConfiguration) {
    let keyValueWidth = sizes.keyValueHeadCount * sizes.headSize
    input.reshape(rows: rows, columns: sizes.hiddenSize)
    middle.reshape(rows: rows, columns: sizes.hiddenSize)
    q.reshape(rows: rows, columns: sizes.headCount * sizes.headSize)
    k.reshape(rows: rows, columns: keyValueWidth)
    v.reshape(rows: rows, columns: keyValueWidth)
    attended.reshape(rows: rows, columns: sizes.headCount * sizes.headSize)
    normaliser.reshape(rows: rows, columns: sizes.headCount)
    gate.reshape(rows: rows, columns: sizes.feedForwardSize)
    up.reshape(rows: rows, columns: sizes.feedForwardSize)
  }
}

/// Memory of a forward and backward pass, kept from step to step.
///
/// Without recording, every layer uses the same buffers, so that memory does not grow with depth.
struct LlamaBuffers<Scalar: KernelScalar>: Sendable {
  private(set) var layers: [LayerBuffers<Scalar>]
  /// Whether each layer has buffers of its own.
  private(set) var areKept: [Bool]

  /// Residual stream after the last layer, [rows, hidden].
  private(set) var final = Matrix<Scalar>()
  /// What a trunk that runs on its own leaves, [its rows, hidden].
  private let trunkOutput = Matrix<Scalar>()
  /// What layers use that keep nothing.
  private let scratch = LayerBuffers<Scalar>()
  /// Final hidden states of the predicting rows before and after the norm, [predicting rows, hidden].
  let predicting = Matrix<Scalar>()
  let predictingNormed = Matrix<Scalar>()
  /// Σᵥ pᵥ Wᵥ, [predicting rows, hidden].
  let mean = Matrix<Scalar>()
  /// Logits of the targets, [targets, 1].
  let targetLogits = Matrix<Scalar>()
  /// Log-sum-exp of the logits, [predicting rows, 1].
  let normaliser = Matrix<Scalar>()
  /// One block of logits, [predicting rows, block].
  let logits = Matrix<Scalar>()

  /// Normalised layer inputs, [rows, hidden].
  let normed = Matrix<Scalar>()
  /// The gated unit's output, [rows, feedForward].
  let activation = Matrix<Scalar>()
  /// Packed keys and values of one layer.
  let attentionMemory = AttentionMemory()
  /// Scores of all attention tasks.
  let scores = Matrix<Scalar>()
  let backward = BackwardBuffers<Scalar>()

  /// - Parameter kept: which layers' buffers a backward pass will need, [layers].
  init(kept: [Bool]) {
    areKept = kept
    layers = kept.map { [scratch] isKept in
      if !isKept { return scratch }
      var own = LayerBuffers<Scalar>()
      own.attended = scratch.attended
      return own
    }
  }

  /// Gives a layer its own copy of attention's result, which the gradient of its output projection needs.
  mutating func keepAttended(_ layer: Int) { layers[layer].attended = Matrix() }

  /// Gives a layer keys and values of its own, which generation continues from.
  mutating func keep(_ layer: Int, keys: Matrix<Scalar>, values: Matrix<Scalar>) {
    layers[layer].k = keys
    layers[layer].v = values
  }

  /// Buffers for running the lowest layers on other rows, before these are shaped: the same scratch memory, but for what comes out,
  /// which is every layer's input in turn and ``final``.
  var trunk: LlamaBuffers {
    var (buffers, layer) = (self, scratch)
    layer.input = trunkOutput
    buffers.layers = layers.map { _ in layer }
    buffers.final = trunkOutput
    return buffers
  }

  func reshape(_ batch: PackedBatch, _ sizes: LlamaConfiguration, recording: Bool) {
    reshapeLayers(batch, sizes)
    let predictions = batch.predictingRows.count
    for matrix in [predicting, predictingNormed] { matrix.reshape(rows: predictions, columns: sizes.hiddenSize) }
    if recording { mean.reshape(rows: predictions, columns: sizes.hiddenSize) }
    targetLogits.reshape(rows: batch.targets.tokens.count, columns: 1)
    normaliser.reshape(rows: predictions, columns: 1)
    logits.reshape(rows: predictions, columns: min(vocabularyBlock, sizes.vocabularySize))
  }

  func reshapeLayers(_ batch: PackedBatch, _ sizes: LlamaConfiguration) {
    for layer in layers { layer.reshape(rows: batch.rows, sizes) }
    for matrix in [final, normed] { matrix.reshape(rows: batch.rows, columns: sizes.hiddenSize) }
    activation.reshape(rows: batch.rows, columns: sizes.feedForwardSize)
    scores.reshape(rows: 1, columns: batch.groups.reduce(0) { $0 + $1.forwardScratch } * sizes.headCount)
  }
}

/// Cotangents; one layer's at a time.
struct BackwardBuffers<Scalar: KernelScalar>: Sendable {
  /// Of the residual stream after a layer, [rows, hidden].
  let dOutput = Matrix<Scalar>()
  /// Of the residual stream between attention and feed-forward, [rows, hidden].
  let dMiddle = Matrix<Scalar>()
  /// Of the normalised feed-forward input, [rows, hidden].
  let dFeedForwardNormed = Matrix<Scalar>()
  /// The normalised feed-forward input once more, [rows, hidden].
  let feedForwardNormed = Matrix<Scalar>()
  /// Of the normalised attention input, [rows, hidden].
  let dAttentionNormed = Matrix<Scalar>()
  /// [rows, feedForward].
  let dGate = Matrix<Scalar>()
  /// [rows, feedForward].
  let dUp = Matrix<Scalar>()
  /// [rows, heads · headSize].
  let dAttended = Matrix<Scalar>()
  /// [rows, heads · headSize].
  let dq = Matrix<Scalar>()
  /// [rows, key-value heads · headSize].
  let dk = Matrix<Scalar>()
  /// [rows, key-value heads · headSize].
  let dv = Matrix<Scalar>()
  /// Of the final hidden states of the predicting rows, after and before the norm, [predicting rows, hidden].
  let dPredictingNormed = Matrix<Scalar>()
  let dPredicting = Matrix<Scalar>()
  /// Of all attention tasks.
  let scores = Matrix<Scalar>()
  /// The inputs of weight gradients, packed.
  let gradientInputs = GradientInputs()
  /// Of the output head's gradient tasks.
  let head = Matrix<Scalar>()

  func reshape(_ batch: PackedBatch, _ sizes: LlamaConfiguration) {
    for matrix in [dOutput, dMiddle, dFeedForwardNormed, feedForwardNormed, dAttentionNormed] {
      matrix.reshape(rows: batch.rows, columns: sizes.hiddenSize)
    }
    for matrix in [dGate, dUp] { matrix.reshape(rows: batch.rows, columns: sizes.feedForwardSize) }
    for matrix in [dAttended, dq] { matrix.reshape(rows: batch.rows, columns: sizes.headCount * sizes.headSize) }
    for matrix in [dk, dv] { matrix.reshape(rows: batch.rows, columns: sizes.keyValueHeadCount * sizes.headSize) }
    for matrix in [dPredicting, dPredictingNormed] {
      matrix.reshape(rows: batch.predictingRows.count, columns: sizes.hiddenSize)
    }
    scores.reshape(
      rows: 1, columns: batch.groups.reduce(0) { $0 + $1.backwardScratch } * sizes.keyValueHeadCount)
  }
}
