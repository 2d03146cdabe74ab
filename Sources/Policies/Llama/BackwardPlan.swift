import Kernels
import ModelFiles

/// How far down a backward pass has to go, and what it computes on the way.
struct BackwardPlan: Sendable {
  /// How much of a layer's backward pass is needed; each case includes those before it.
  enum Depth: Int, Comparable, Sendable {
    /// Nothing: the layer and all below it are frozen.
    case none
    /// The gradient of the down projection alone.
    case down
    /// Back through the feed-forward layer.
    case feedForward
    /// Back through attention to the layer's input.
    case whole

    static func < (a: Depth, b: Depth) -> Bool { a.rawValue < b.rawValue }
  }

  /// [layers].
  let depths: [Depth]
  let trainable: Set<LlamaTensor>

  init(trainable tensors: [LlamaTensor], layerCount: Int) {
    let trainable = Set(tensors)
    var isBelow = trainable.contains(.embedding)
    depths = (0..<layerCount).map { layer in
      func trains(_ parts: LlamaTensor.LayerTensor...) -> Bool {
        parts.contains { trainable.contains(.layer(layer, $0)) }
      }
      let depth: Depth =
        isBelow || trains(.query, .key, .value, .inputNorm)
        ? .whole : trains(.output, .gate, .up, .feedForwardNorm) ? .feedForward : trains(.down) ? .down : .none
      isBelow = isBelow || depth > .none
      return depth
    }
    self.trainable = trainable
  }

  func trains(_ layer: Int, _ part: LlamaTensor.LayerTensor) -> Bool { trainable.contains(.layer(layer, part)) }

  /// Whether a gradient needs attention's rotated cotangents and normalised input after they are all there.
  func trainsAttentionInput(_ layer: Int) -> Bool {
    trains(layer, .query) || trains(layer, .key) || trains(layer, .value) || trains(layer, .inputNorm)
  }
}
