import Basics
import Kernels

/// Memory for the packed inputs of weight gradients, reused from layer to layer.
final class GradientInputs: @unchecked Sendable {
  private var matrices: [PackedMatrix] = []

  /// As many matrices as asked for; their contents are undefined.
  func matrices(_ count: Int, engine: MatrixEngine) -> [PackedMatrix] {
    while matrices.count < count { matrices.append(PackedMatrix(engine: engine)) }
    return Array(matrices.prefix(count))
  }
}

/// Weight gradients to be added, cut into blocks of output rows.
struct WeightGradientTasks<Scalar: KernelScalar>: Sendable {
  private struct Product: Sendable {
    let dy: Tile<Scalar>
    /// Which of the inputs is multiplied.
    let input: Int
    /// Nil for the weight of a norm.
    let outputs: Range<Int>?
    let gradient: Tile<Scalar>
  }

  private var products: [Product] = []
  /// Distinct inputs, [rows, in], and their packed forms where an engine is used.
  private var inputs: [Tile<Scalar>] = []
  private var packed: [PackedMatrix] = []
  private let epsilon: Double

  init(epsilon: Double) { self.epsilon = epsilon }

  var count: Int { products.count }

  /// gradient += dyᵀ x; nothing when the tensor is frozen.
  mutating func add(_ gradient: Tile<Scalar>?, dy: Tile<Scalar>, x: Tile<Scalar>) {
    guard let gradient else { return }
    let input = index(of: x)
    for outputs in tiles(gradient.rows, limit: 256) {
      products.append(Product(dy: dy, input: input, outputs: outputs, gradient: gradient))
    }
  }

  /// The gradient of a norm's weight; nothing when it is frozen.
  mutating func addNorm(_ gradient: Tile<Scalar>?, dy: Tile<Scalar>, x: Tile<Scalar>) {
    guard let gradient else { return }
    products.append(Product(dy: dy, input: index(of: x), outputs: nil, gradient: gradient))
  }

  private mutating func index(of x: Tile<Scalar>) -> Int {
    if let known = inputs.firstIndex(where: { $0.isSame(as: x) }) { return known }
    inputs.append(x)
    return inputs.count - 1
  }

  /// Packs every input once for all blocks of outputs; nothing when products are left to BLAS.
  mutating func packInputs(_ engine: MatrixEngine?, into memory: GradientInputs, workers: Int) {
    guard let engine, products.contains(where: { $0.outputs != nil }) else { return }
    packed = memory.matrices(inputs.count, engine: engine)
    for (matrix, input) in zip(packed, inputs) { matrix.reshape(depth: input.rows, columns: input.columns) }
    let blocks = packed.indices.flatMap { index in packed[index].blocks.map { (index, $0) } }
    let (matrices, sources) = (packed, inputs)
    parallelForEach(blocks.count, workers: workers) { task in
      let (index, block) = blocks[task]
      Scalar.pack(sources[index], transposed: false, scale: 1, block: block, into: matrices[index])
    }
  }

  func run(_ index: Int) {
    let product = products[index]
    if let outputs = product.outputs {
      linearWeightGradient(
        product.dy, inputs[product.input], outputs: outputs, into: product.gradient,
        packed: packed.isEmpty ? nil : packed[product.input])
    } else {
      rmsNormWeightGradient(product.dy, inputs[product.input], epsilon: epsilon, into: product.gradient)
    }
  }
}
