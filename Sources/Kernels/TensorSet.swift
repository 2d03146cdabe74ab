/// Named tensors in a fixed order: a model's trainable parameters' gradients, or an optimiser's moments.
///
/// Two sets made for the same policy have the same names in the same order, so they are walked side by side by index.
public struct TensorSet<Scalar: KernelScalar>: Equatable, Sendable {
  public let names: [String]
  /// Row-major dimensions of each tensor.
  public let shapes: [[Int]]
  /// The elements of each tensor, row-major.
  public var values: [[Scalar]]

  /// Zeros of the given shapes.
  public init(names: [String], shapes: [[Int]]) {
    precondition(names.count == shapes.count, "\(names.count) names for \(shapes.count) shapes")
    self.names = names
    self.shapes = shapes
    values = shapes.map { [Scalar](repeating: 0, count: $0.reduce(1, *)) }
  }

  public mutating func setZero() {
    for i in values.indices {
      for j in values[i].indices { values[i][j] = 0 }
    }
  }
}
