import Basics
import Synchronization

/// Packed copies of one weight, [out, in]: of Wᵀ for x Wᵀ, of W for dy W.
///
/// They are made when first needed and shared by all policies that share the weight. A weight that is trained must say so by
/// ``invalidate()``, or give up its copies for new ones.
public final class WeightPacks: Sendable {
  /// Which product a copy serves.
  public enum Side: Sendable {
    /// x Wᵀ.
    case forward
    /// dy W.
    case backward
  }

  private struct Copy {
    var matrix: PackedMatrix?
    var isCurrent = false
  }

  public let engine: MatrixEngine
  private let copies = Mutex<[Copy]>([Copy(), Copy()])

  public init(engine: MatrixEngine) { self.engine = engine }

  /// The weight has changed: copies are made again, in the same memory, when next needed.
  public func invalidate() {
    copies.withLock { for index in $0.indices { $0[index].isCurrent = false } }
  }

  func isCurrent(_ side: Side) -> Bool { copies.withLock { $0[side.index].isCurrent } }

  /// The copy for a side.
  ///
  /// - Parameters:
  ///   - values: [out, in].
  ///   - inputs: in.
  func copy(_ side: Side, of values: [Float], inputs: Int) -> PackedMatrix {
    copies.withLock { copies in
      let copy = copies[side.index]
      if copy.isCurrent, let matrix = copy.matrix { return matrix }
      let matrix = copy.matrix ?? PackedMatrix(engine: engine)
      let outputs = values.count / inputs
      matrix.reshape(depth: side == .forward ? inputs : outputs, columns: side == .forward ? outputs : inputs)
      withTile(of: values, columns: inputs) { matrix.pack($0, transposed: side == .forward) }
      copies[side.index] = Copy(matrix: matrix, isCurrent: true)
      return matrix
    }
  }
}

extension WeightPacks.Side {
  fileprivate var index: Int { self == .forward ? 0 : 1 }
}

/// A weight as products read it: its elements, and packed copies where an engine wants them.
public struct LinearWeight<Scalar: KernelScalar>: Sendable {
  /// [out, in].
  public let values: [Scalar]
  /// Nil when products are left to BLAS.
  public let packs: WeightPacks?

  public init(_ values: [Scalar], packs: WeightPacks? = nil) {
    self.values = values
    self.packs = packs
  }

  /// Makes the packed copy for a side, if there should be one and is not.
  public func prepare(_ side: WeightPacks.Side, inputs: Int) {
    if let packs { _ = Scalar.packedCopy(side, of: self, packs: packs, inputs: inputs) }
  }

  /// Whether ``prepare(_:inputs:)`` has nothing to do.
  public func isPrepared(_ side: WeightPacks.Side) -> Bool { packs.map { $0.isCurrent(side) } ?? true }
}
