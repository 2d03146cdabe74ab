import Kernels
import ModelFiles
import Synchronization

/// A matrix in the blocks of its file, brought into the order of products when first asked for; shared by clones.
final class LazyBlocks: Sendable {
  private let matrix: QuantisedMatrix
  private let engine: MatrixEngine
  private let made = Mutex<PackedBlocks?>(nil)

  init(_ matrix: QuantisedMatrix, _ engine: MatrixEngine) { (self.matrix, self.engine) = (matrix, engine) }

  var packed: PackedBlocks? {
    guard let format = matrix.packing.blockFormat else { return nil }
    return made.withLock { made in
      if let made { return made }
      let packed = PackedBlocks(
        format, matrix.bytes.span, order: matrix.order, outputs: matrix.rows, inputs: matrix.columns, engine: engine)
      made = packed
      return packed
    }
  }
}

extension Quantisation {
  fileprivate var blockFormat: BlockFormat? {
    switch self {
    case .q4Scaled: .fourBitsScaled
    case .q4Affine: .fourBitsAffine
    case .q8Scaled: .eightBitsScaled
    default: nil
    }
  }
}
