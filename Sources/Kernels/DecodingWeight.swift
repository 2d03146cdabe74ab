import CMatrixEngine

/// A weight [out, in] as decoding reads it: in the blocks of its file where there are some, because few rows are bound by memory;
/// otherwise the packed copy that scoring reads. In float32 both have the same bits.
///
/// Plain addresses, so that tasks of several threads do not count references to the same objects, for which they would wait for
/// one another.
@safe
public struct DecodingWeight<Scalar: KernelScalar>: @unchecked Sendable {
  private enum Form {
    case blocks(BlockAddress)
    case packed(PackedAddress)
    /// Left to BLAS.
    case plain
  }

  private let form: Form
  private unowned(unsafe) let owner: DecodingWeightOwner<Scalar>
  public let outputs: Int

  fileprivate init(_ owner: DecodingWeightOwner<Scalar>) {
    unsafe self.owner = owner
    outputs = owner.outputs
    form =
      if let blocks = owner.blocks { .blocks(blocks.address) } else if let packed = owner.packed {
        .packed(packed.address)
      } else { .plain }
  }

  /// Whether products want their input rounded ahead.
  public var needsRounding: Bool {
    if case .blocks(let address) = form { address.precision == .bfloat16 } else { false }
  }

  /// Asks for the memory that products of the outputs from `output` on read first.
  public func prefetch(output: Int) { if case .blocks(let address) = form { address.prefetch(output: output) } }

  /// y (+)= x Wᵀ for some outputs, from a multiple of ``productUnit`` on.
  public func multiply(_ x: ProductInput<Scalar>, outputs range: Range<Int>, into y: Tile<Scalar>, adding: Bool = false)
  {
    switch form {
    case .blocks(let address): Scalar.multiplyBlocks(x, address, outputs: range, into: y, adding: adding)
    case .packed(let address): Scalar.multiplyPacked(x.tile, address, outputs: range, into: y, adding: adding)
    case .plain:
      // In pieces of one size, because a BLAS may sum in another order when the shape is another.
      for start in stride(from: 0, to: range.count, by: productUnit) {
        let piece = start..<min(start + productUnit, range.count)
        let outputs = range.lowerBound + piece.lowerBound..<range.lowerBound + piece.upperBound
        unsafe linear(x.tile, owner.weight, outputs: outputs, into: y.columns(piece), adding: adding)
      }
    }
  }
}

/// Keeps what a ``DecodingWeight`` reads.
public final class DecodingWeightOwner<Scalar: KernelScalar>: Sendable {
  fileprivate let weight: LinearWeight<Scalar>
  fileprivate let blocks: PackedBlocks?
  fileprivate let packed: PackedMatrix?
  fileprivate let outputs: Int

  /// Packs what is not packed.
  ///
  /// - Parameters:
  ///   - shape: [out, in].
  ///   - blocks: the same weight in the blocks of its file.
  public init(_ weight: LinearWeight<Scalar>, shape: [Int], blocks: PackedBlocks? = nil) {
    precondition(blocks.map { [$0.outputs, $0.inputs] == shape } ?? true, "blocks of another weight")
    let engine = weight.packs?.engine
    let isUsable = engine.map { PackedBlocks.serve($0) && blocks?.precision == $0.precision } ?? false
    self.weight = weight
    self.blocks = isUsable ? blocks : nil
    packed =
      isUsable
      ? nil : weight.packs.map { Scalar.packedCopy(.forward, of: weight, packs: $0, inputs: shape[1]) }
    outputs = shape[0]
  }

  /// Valid while this object lives and the weight is not packed anew.
  public var addressed: DecodingWeight<Scalar> { DecodingWeight(self) }
}
