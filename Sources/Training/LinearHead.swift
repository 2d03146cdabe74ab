import Objectives

/// A linear classifier on features, zero at first, with its gradient and AdamW moments.
///
///     z = W f + b,   W [classes, width],  b [classes]
struct LinearHead: Codable {
  let width: Int
  let classes: Int
  private var weight: LinearHeadTensor
  private var bias: LinearHeadTensor
  private var stepCount = 0

  init(width: Int, classes: Int) {
    self.width = width
    self.classes = classes
    weight = LinearHeadTensor(count: classes * width)
    bias = LinearHeadTensor(count: classes)
  }

  /// Classifies one feature vector and adds its cross-entropy's gradient, times `share`, to the head's.
  ///
  /// - Parameter features: f, [width].
  /// - Returns: the loss in nats; 1 if the right class has the largest logit, shared among ties, else 0; ∂loss/∂f [width].
  mutating func accumulate(
    _ features: ArraySlice<Double>, target: Int, share: Double
  ) -> (loss: Double, accuracy: Double, cotangent: [Double]) {
    precondition(features.count == width, "\(features.count) features for a head of width \(width)")
    let logits = (0..<classes).map { row in
      zip(weight.values[row * width..<(row + 1) * width], features).reduce(bias.values[row]) { $0 + $1.0 * $1.1 }
    }
    let value = softmaxCrossEntropy(logits, target: target)
    var cotangent = [Double](repeating: 0, count: width)
    for (row, derivative) in value.derivative.enumerated() {
      bias.gradient[row] += share * derivative
      for (column, feature) in features.enumerated() {
        cotangent[column] += derivative * weight.values[row * width + column]
        weight.gradient[row * width + column] += share * derivative * feature
      }
    }
    let best = logits.max() ?? 0
    let ties = logits.count { $0 == best }
    return (value.loss, logits[target] == best ? 1 / Double(ties) : 0, cotangent)
  }

  /// One AdamW step by the gradient that has come together, which starts again from zero.
  mutating func step(configuration: TrainingConfiguration, learningRate: Double) {
    stepCount += 1
    let update = AdamUpdate<Double>(
      configuration: configuration, stepCount: stepCount, scale: 1, learningRate: learningRate)
    weight.apply(update)
    bias.apply(update)
  }
}

/// One of the head's two tensors with its gradient and moments.
private struct LinearHeadTensor: Codable {
  var values: [Double]
  var gradient: [Double]
  private var first: [Double]
  private var second: [Double]

  init(count: Int) {
    values = [Double](repeating: 0, count: count)
    (gradient, first, second) = (values, values, values)
  }

  mutating func apply(_ update: AdamUpdate<Double>) {
    update.apply(to: &values, gradient: gradient, first: &first, second: &second)
    for i in gradient.indices { gradient[i] = 0 }
  }
}
