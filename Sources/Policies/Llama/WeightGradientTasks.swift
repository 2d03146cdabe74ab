import Kernels

/// Weight gradients to be added, cut into blocks of output rows.
struct WeightGradientTasks<Scalar: KernelScalar>: Sendable {
  private struct Product: Sendable {
    let dy: Tile<Scalar>
    let x: Tile<Scalar>
    /// Nil for the weight of a norm.
    let outputs: Range<Int>?
    let gradient: Tile<Scalar>
  }

  private var products: [Product] = []
  private let epsilon: Double

  init(epsilon: Double) { self.epsilon = epsilon }

  var count: Int { products.count }

  /// gradient += dyᵀ x; nothing when the tensor is frozen.
  mutating func add(_ gradient: Tile<Scalar>?, dy: Tile<Scalar>, x: Tile<Scalar>) {
    guard let gradient else { return }
    for outputs in tiles(gradient.rows, limit: 256) {
      products.append(Product(dy: dy, x: x, outputs: outputs, gradient: gradient))
    }
  }

  /// The gradient of a norm's weight; nothing when it is frozen.
  mutating func addNorm(_ gradient: Tile<Scalar>?, dy: Tile<Scalar>, x: Tile<Scalar>) {
    guard let gradient else { return }
    products.append(Product(dy: dy, x: x, outputs: nil, gradient: gradient))
  }

  func run(_ index: Int) {
    let product = products[index]
    if let outputs = product.outputs {
      linearWeightGradient(product.dy, product.x, outputs: outputs, into: product.gradient)
    } else {
      rmsNormWeightGradient(product.dy, product.x, epsilon: epsilon, into: product.gradient)
    }
  }
}
