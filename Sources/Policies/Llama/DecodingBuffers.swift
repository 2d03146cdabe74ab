import Kernels
import ModelFiles

/// The memory of a decoding step.
struct DecodingBuffers<Scalar: KernelScalar>: Sendable {
  private let x = Matrix<Scalar>()
  private let q = Matrix<Scalar>()
  private let k = Matrix<Scalar>()
  private let v = Matrix<Scalar>()
  private let attended = Matrix<Scalar>()
  private let gate = Matrix<Scalar>()
  private let up = Matrix<Scalar>()
  private let scores = Matrix<Scalar>()
  private let logits = Matrix<Scalar>()
  private let weights = Matrix<Scalar>()
  private let inputs: [WorkerInput<Scalar>]

  init(workers: Int) { inputs = (0..<max(workers, 1)).map { _ in WorkerInput() } }

  /// Makes room for a step of so many sequences, the longest of `tokens` tokens.
  func reshape(rows: Int, tokens: Int, _ sizes: LlamaConfiguration) -> DecodingTiles<Scalar> {
    x.reshape(rows: rows, columns: sizes.hiddenSize)
    for matrix in [q, attended] { matrix.reshape(rows: rows, columns: sizes.headCount * sizes.headSize) }
    for matrix in [k, v] { matrix.reshape(rows: rows, columns: sizes.keyValueHeadCount * sizes.headSize) }
    for matrix in [gate, up] { matrix.reshape(rows: rows, columns: sizes.feedForwardSize) }
    for matrix in [logits, weights] { matrix.reshape(rows: rows, columns: sizes.vocabularySize) }
    scores.reshape(rows: rows, columns: sizes.headCount * tokens)
    let widest = max(sizes.hiddenSize, sizes.feedForwardSize, sizes.headCount * sizes.headSize)
    for input in inputs { input.reshape(rows: rows, columns: widest) }
    return DecodingTiles(
      x: x.tile.borrowed, q: q.tile.borrowed, k: k.tile.borrowed, v: v.tile.borrowed,
      attended: attended.tile.borrowed, gate: gate.tile.borrowed, up: up.tile.borrowed, scores: scores.tile.borrowed,
      logits: logits.tile.borrowed, weights: weights.tile.borrowed, inputs: inputs)
  }
}

/// A step's memory as its tasks see it; valid while the ``DecodingBuffers`` live and keep their shape.
struct DecodingTiles<Scalar: KernelScalar>: Sendable {
  /// The residual stream, [sequences, hidden].
  let x: Tile<Scalar>
  /// [sequences, heads · headSize]; so is `attended`.
  let q: Tile<Scalar>
  /// [sequences, key-value heads · headSize].
  let k, v: Tile<Scalar>
  let attended: Tile<Scalar>
  /// [sequences, feedForward].
  let gate, up: Tile<Scalar>
  /// Of attention, [sequences, heads · tokens].
  let scores: Tile<Scalar>
  /// [sequences, vocabulary].
  let logits: Tile<Scalar>
  /// Of each sequence's choice, [sequences, vocabulary].
  let weights: Tile<Scalar>
  /// Of each worker.
  let inputs: [WorkerInput<Scalar>]
}
