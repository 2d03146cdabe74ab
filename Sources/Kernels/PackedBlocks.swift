import Basics
import CMatrixEngine

/// Packings of thirty-two weights that products read as they are.
public enum BlockFormat: Sendable {
  /// d (q − 8), four bits: GGUF's Q4_0.
  case fourBitsScaled
  /// d q + m, four bits: Q4_1.
  case fourBitsAffine
  /// d q, eight bits: Q8_0.
  case eightBitsScaled

  fileprivate var code: Int32 {
    switch self {
    case .fourBitsScaled: Int32(BFPO_BLOCKS_Q4_SCALED.rawValue)
    case .fourBitsAffine: Int32(BFPO_BLOCKS_Q4_AFFINE.rawValue)
    case .eightBitsScaled: Int32(BFPO_BLOCKS_Q8_SCALED.rawValue)
    }
  }

  /// Bytes of a block in a file.
  fileprivate var storedBytes: Int {
    switch self {
    case .fourBitsScaled: 18
    case .fourBitsAffine: 20
    case .eightBitsScaled: 34
    }
  }
}

/// A weight [out, in] in the blocks of its file, ordered for products with few rows, which are bound by memory.
///
/// A product gives the same bits as that of the AVX-512 engine on the weights in single precision.
public final class PackedBlocks: @unchecked Sendable {
  public let outputs: Int
  public let inputs: Int
  private let format: BlockFormat
  private let storage: TileStorage<Float>

  /// Whether this processor has the instructions.
  public static var isSupported: Bool { MatrixEngine.avx512.isSupported }

  /// - Parameters:
  ///   - bytes: [out][in / 32] blocks.
  ///   - order: the row of `bytes` that is each output, [out]; nil when they are in order.
  public init(_ format: BlockFormat, _ bytes: Span<UInt8>, order: [UInt32]? = nil, outputs: Int, inputs: Int) {
    precondition(
      inputs % Int(BFPO_BLOCK) == 0 && bytes.count == outputs * inputs / Int(BFPO_BLOCK) * format.storedBytes,
      "\(bytes.count) bytes for [\(outputs), \(inputs)]")
    precondition(
      order.map { $0.count == outputs && $0.allSatisfy { $0 < outputs } } ?? true, "an order is of the \(outputs) rows")
    self.format = format
    self.outputs = outputs
    self.inputs = inputs
    let size = bfpo_blocks_size(format.code, inputs, outputs)
    storage = TileStorage(capacity: (size + 3) / 4)
    let target = unsafe UnsafeMutableRawPointer(storage.base)
    unsafe bytes.withUnsafeBufferPointer { source in
      if let order {
        unsafe order.withUnsafeBufferPointer { order in
          unsafe bfpo_pack_blocks(format.code, source.baseAddress!, order.baseAddress!, inputs, outputs, target)
        }
      } else {
        unsafe bfpo_pack_blocks(format.code, source.baseAddress!, nil, inputs, outputs, target)
      }
    }
  }

  /// y (+)= x Wᵀ for some outputs.
  ///
  /// - Parameters:
  ///   - x: [rows, in].
  ///   - range: from a multiple of 64 on.
  ///   - precision: of the operands; bfloat16 needs ``MatrixEngine/avx512BF16`` and gives its bits.
  ///   - y: [rows, range].
  package func multiply(
    _ x: Tile<Float>, outputs range: Range<Int>, precision: Precision = .float32, into y: Tile<Float>, adding: Bool
  ) {
    precondition(
      x.columns == inputs && y.rows == x.rows && y.columns == range.count && range.lowerBound >= 0
        && range.upperBound <= outputs && range.lowerBound % Int(BFPO_BLOCK_COLUMNS) == 0,
      "[\(x.rows), \(x.columns)] by outputs \(range) of [\(outputs), \(inputs)] into [\(y.rows), \(y.columns)]")
    let run = unsafe precision == .float32 ? bfpo_block_products : bfpo_half_block_products
    unsafe run(
      format.code, x.rows, inputs, x.base, x.stride, storage.base, range.lowerBound, range.count, y.base, y.stride,
      adding ? 1 : 0)
  }
}

extension PackedBlocks {
  /// Asks for the memory that products of the outputs from `output` on read first.
  func prefetch(output: Int) { unsafe bfpo_prefetch_blocks(format.code, inputs, storage.base, output) }
}
