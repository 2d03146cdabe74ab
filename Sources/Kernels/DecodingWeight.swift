/// A weight as decoding reads it.
///
/// Few rows are bound by memory and read the blocks of the weight's file, where there are some. In bfloat16 more rows are bound by
/// unpacking them, and read the packed copy that scoring reads. Both have the same bits, so that a row's result does not depend on
/// the rows beside it.
public struct DecodingWeight<Scalar: KernelScalar>: Sendable {
  private let weight: LinearWeight<Scalar>
  private let blocks: PackedBlocks?
  public let outputs: Int

  /// - Parameters:
  ///   - outputs: out of [out, in].
  ///   - blocks: the same weight in the blocks of its file.
  public init(_ weight: LinearWeight<Scalar>, outputs: Int, blocks: PackedBlocks? = nil) {
    precondition(blocks.map { $0.outputs == outputs } ?? true, "blocks of another weight")
    self.weight = weight
    self.outputs = outputs
    self.blocks = weight.packs?.engine.isEqualledByBlocks == true ? blocks : nil
  }

  /// Whether products with so many rows read blocks.
  private func blocks(rows: Int) -> PackedBlocks? {
    weight.packs?.engine.precision == .bfloat16 && rows > mostRowsOfHalves ? nil : blocks
  }

  /// Whether ``multiply(_:outputs:into:adding:)`` has all it needs for so many rows.
  public func isPrepared(rows: Int) -> Bool { blocks(rows: rows) != nil || weight.isPrepared(.forward) }

  /// Packs what is not packed.
  public func prepare(inputs: Int) { weight.prepare(.forward, inputs: inputs) }

  /// Asks for the memory that products of the outputs from `output` on read first.
  public func prefetch(output: Int, rows: Int) { blocks(rows: rows)?.prefetch(output: output) }

  /// y (+)= x Wᵀ for some outputs, from a multiple of 64 on.
  public func multiply(_ x: Tile<Scalar>, outputs range: Range<Int>, into y: Tile<Scalar>, adding: Bool = false) {
    if let blocks = blocks(rows: x.rows), let engine = weight.packs?.engine {
      Scalar.multiplyBlocks(x, blocks, outputs: range, precision: engine.precision, into: y, adding: adding)
    } else {
      linear(x, weight, outputs: range, into: y, adding: adding)
    }
  }
}

/// Rows up to which blocks are faster than packed halves.
private let mostRowsOfHalves = 6

extension MatrixEngine {
  /// Whether products with blocks have the same bits as this engine's.
  fileprivate var isEqualledByBlocks: Bool { self == .avx512 || self == .avx512BF16 }
}
