import COpenBLAS
import CVectorMath

/// The linear algebra library this process runs on.
///
/// OpenBLAS runs on one thread: parallelism is ours, over tiles whose shape does not depend on the number of workers, so that
/// results do not either.
public enum BLASRuntime {
  private static let ready: Bool = {
    bfpo_select_blas_kernels()
    openblas_set_num_threads(1)
    return true
  }()

  /// Sets the library up once per process; every kernel that multiplies calls it first.
  @inline(__always)
  static func prepare() { _ = ready }

  /// The instruction set of the hand-vectorised loops: `avx512`, `avx2` or `baseline`.
  public static var vectorInstructions: String { unsafe String(cString: bfpo_vector_instructions()) }
}

/// A size as BLAS wants it.
@inline(__always)
func blasInt(_ value: Int) -> Int32 { Int32(value) }
