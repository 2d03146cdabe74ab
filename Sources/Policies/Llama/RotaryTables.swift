import Kernels
import ModelFiles
import Synchronization

/// The rotary table of a model, made once for as many positions as were asked for: a model file may state a context of any length.
///
/// A position's angles do not depend on the table's length.
final class RotaryTables<Scalar: KernelScalar>: Sendable {
  private let headSize: Int
  private let base: Double
  private let known = Mutex<RotaryTable<Scalar>?>(nil)

  init(_ sizes: LlamaConfiguration) { (headSize, base) = (sizes.headSize, sizes.ropeBase) }

  /// A table of at least so many positions.
  func table(positions: Int) -> RotaryTable<Scalar> {
    known.withLock { known in
      if let known, known.positions >= positions { return known }
      let table = RotaryTable<Scalar>(positions: (positions + 255) / 256 * 256, headSize: headSize, base: base)
      known = table
      return table
    }
  }
}
