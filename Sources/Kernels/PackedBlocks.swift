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
/// In float32 a product gives the same bits as that of the engine on the weights as floats. In bfloat16 its inputs are
/// rounded and its weights are not, so that it is nearer to float32 than a product of that precision's engines.
public final class PackedBlocks: @unchecked Sendable {
  public let outputs: Int
  public let inputs: Int
  private let engine: MatrixEngine
  private let format: BlockFormat
  private let storage: TileStorage<Float>

  /// Of the operands.
  public var precision: Precision { engine.precision }

  /// Whether products may stand for an engine's own: always in bfloat16, where the processor has the instructions; in float32 where
  /// the bits are the same.
  public static func serve(_ engine: MatrixEngine) -> Bool {
    engine.precision == .float32 ? engine != .openBLAS : MatrixEngine.avx512BF16.isSupported
  }

  /// - Parameters:
  ///   - bytes: [out][in / 32] blocks.
  ///   - order: the row of `bytes` that is each output, [out]; nil when they are in order.
  ///   - engine: whose products these stand for; see ``serve(_:)``.
  public init(
    _ format: BlockFormat, _ bytes: Span<UInt8>, order: [UInt32]? = nil, outputs: Int, inputs: Int, engine: MatrixEngine
  ) {
    precondition(Self.serve(engine), "no products with blocks stand for those of \(engine)")
    precondition(
      inputs % Int(BFPO_BLOCK) == 0 && bytes.count == outputs * inputs / Int(BFPO_BLOCK) * format.storedBytes,
      "\(bytes.count) bytes for [\(outputs), \(inputs)]")
    precondition(
      order.map { $0.count == outputs && $0.allSatisfy { $0 < outputs } } ?? true, "an order is of the \(outputs) rows")
    self.format = format
    self.outputs = outputs
    self.inputs = inputs
    self.engine = engine
    let half: Int32 = engine.precision == .bfloat16 ? 1 : 0
    let size = bfpo_blocks_size(format.code, inputs, outputs)
    storage = TileStorage(capacity: (size + 3) / 4)
    let target = unsafe UnsafeMutableRawPointer(storage.base)
    unsafe bytes.withUnsafeBufferPointer { source in
      if let order {
        unsafe order.withUnsafeBufferPointer { order in
          unsafe bfpo_pack_blocks(format.code, half, source.baseAddress!, order.baseAddress!, inputs, outputs, target)
        }
      } else {
        unsafe bfpo_pack_blocks(format.code, half, source.baseAddress!, nil, inputs, outputs, target)
      }
    }
  }

  var address: BlockAddress {
    unsafe BlockAddress(
      code: format.code, engine: engine, inputs: inputs, outputs: outputs, base: UnsafeRawPointer(storage.base))
  }
}

/// Where a weight in blocks lies; valid while its ``PackedBlocks`` lives.
@safe
public struct BlockAddress: @unchecked Sendable {
  fileprivate let code: Int32
  private let engine: MatrixEngine
  let inputs: Int
  let outputs: Int
  fileprivate let base: UnsafeRawPointer

  fileprivate init(code: Int32, engine: MatrixEngine, inputs: Int, outputs: Int, base: UnsafeRawPointer) {
    self.code = code
    self.engine = engine
    self.inputs = inputs
    self.outputs = outputs
    unsafe self.base = base
  }

  var precision: Precision { engine.precision }

  /// y (+)= x Wᵀ for some outputs, from a multiple of ``productUnit`` on.
  ///
  /// - Parameters:
  ///   - x: [rows, in], rounded when the precision is bfloat16.
  ///   - y: [rows, range].
  func multiply(_ x: ProductInput<Float>, outputs range: Range<Int>, into y: Tile<Float>, adding: Bool) {
    precondition(
      x.tile.columns == inputs && y.rows == x.tile.rows && y.columns == range.count && range.lowerBound >= 0
        && range.upperBound <= outputs && range.lowerBound % productUnit == 0,
      "[\(x.tile.rows), \(x.tile.columns)] by outputs \(range) of [\(outputs), \(inputs)] into [\(y.rows), \(y.columns)]"
    )
    let add: Int32 = adding ? 1 : 0
    if precision == .float32 {
      unsafe bfpo_block_products(
        engine.code, code, y.rows, inputs, x.tile.base, x.tile.stride, base, range.lowerBound, range.count, y.base,
        y.stride, add)
    } else {
      guard let rounded = unsafe x.rounded else { preconditionFailure("a product in bfloat16 of an input in single") }
      unsafe bfpo_half_block_products(
        code, y.rows, inputs, rounded, base, range.lowerBound, range.count, y.base, y.stride, add)
    }
  }

  /// Asks for the memory that products of the outputs from `output` on read first.
  func prefetch(output: Int) { unsafe bfpo_prefetch_blocks(code, inputs, base, output) }
}

/// Outputs of a product with part of a weight begin at a multiple of it.
public let productUnit = Int(BFPO_BLOCK_UNIT)
