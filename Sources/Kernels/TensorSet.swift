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
    values = shapes.map { zeros(count: $0.reduce(1, *)) }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public mutating func setZero() {
    for i in values.indices { fillWithZero(&values[i]) }
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func zeros<Scalar: KernelScalar>(count: Int) -> [Scalar] { [Scalar](repeating: 0, count: count) }

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func fillWithZero<Scalar: KernelScalar>(_ values: inout [Scalar]) {
  var span = values.mutableSpan
  for i in 0..<span.count { span[i] = 0 }
}
