import Basics
import CMatrixEngine
import Glibc

/// The numbers that matrix products of a single-precision model multiply. Sums are single precision in either case.
public enum Precision: String, NamedChoice {
  /// Operands as they are.
  case float32
  /// Operands rounded to bfloat16 (8 bits of precision, nearest, ties to even) where they enter a product: of weights, or of
  /// attention, its scores excepted. Everything else is single precision: weights and what is kept of them, sums, norms, softmax,
  /// gradients, optimiser. Decoding rounds keys and values too, and does not round weights that it reads in the blocks of a file.
  case bfloat16
}

/// What computes matrix products.
public enum MatrixEngine: String, NamedChoice {
  /// OpenBLAS in single precision: the reference, on any processor.
  case openBLAS = "openblas"
  /// Packed operands in single precision, AVX2 with fused multiply-add.
  case avx2
  /// Packed operands in single precision, AVX-512; the bits of ``avx2``.
  case avx512
  /// Packed operands in bfloat16, AVX512-BF16.
  case avx512BF16 = "avx512-bf16"
  /// Packed operands in bfloat16, AMX tiles.
  case amx
  /// The loops of ``amx`` on emulated tiles, for tests on other processors.
  case amxEmulated = "amx-emulated"

  public var precision: Precision {
    switch self {
    case .openBLAS, .avx2, .avx512: .float32
    case .avx512BF16, .amx, .amxEmulated: .bfloat16
    }
  }

  /// Whether the processor has the instructions and the system lets this process use them.
  public var isSupported: Bool { self == .openBLAS || bfpo_engine_supported(code) == 1 }

  /// The engine of a precision on this machine: the fastest that is supported and gives right products, or the one that
  /// `BFPO_MATRIX_ENGINE` names if it is of this precision. A machine without a bfloat16 engine runs in float32.
  public static func chosen(for precision: Precision) -> MatrixEngine { choices[precision] ?? .openBLAS }

  /// The fastest engine that packs operands in single precision, whatever is chosen for that precision; nil when the processor
  /// has none.
  package static let packedSingle: MatrixEngine? = packedSingles.first { $0.isSupported && $0.multipliesCorrectly }

  /// The engine's number in C; 0 for OpenBLAS.
  var code: Int32 {
    switch self {
    case .openBLAS: 0
    case .avx2: Int32(BFPO_ENGINE_AVX2.rawValue)
    case .avx512: Int32(BFPO_ENGINE_AVX512.rawValue)
    case .avx512BF16: Int32(BFPO_ENGINE_AVX512_BF16.rawValue)
    case .amx: Int32(BFPO_ENGINE_AMX.rawValue)
    case .amxEmulated: Int32(BFPO_ENGINE_AMX_EMULATED.rawValue)
    }
  }
}

/// What single-precision products without packed operands run by, in C; 0 for OpenBLAS.
let singleEngineCode = MatrixEngine.chosen(for: .float32).code

private let packedSingles = [MatrixEngine.avx512, .avx2]

/// The engines of this process, for provenance: `float32: avx512, bfloat16: amx`.
public func engineDescription() -> String {
  Precision.allCases.map { "\($0.rawValue): \(MatrixEngine.chosen(for: $0).rawValue)" }.joined(separator: ", ")
}

/// Reads `BFPO_MATRIX_ENGINE`.
///
/// - Throws: ``UserError`` (64) for a name that is no engine, or an engine that this machine lacks.
public func checkEngineOverride() throws {
  guard let name = engineOverride else { return }
  guard let engine = MatrixEngine(rawValue: name) else {
    throw UserError(
      "no matrix engine is called `\(name)`", at: "environment variable BFPO_MATRIX_ENGINE",
      because: "it names one of "
        + MatrixEngine.allCases.map(\.rawValue).joined(separator: ", "),
      advice: suggestion(for: name, among: MatrixEngine.allCases.map(\.rawValue)), exitCode: .usage)
  }
  guard engine.isSupported else {
    throw UserError(
      "the matrix engine `\(name)` cannot run here", at: "environment variable BFPO_MATRIX_ENGINE",
      because: "the processor lacks its instructions, or the system does not permit them",
      advice: "unset it: the fastest engine is chosen by itself", exitCode: .usage)
  }
}

private let engineOverride: String? = unsafe getenv("BFPO_MATRIX_ENGINE").map { unsafe String(cString: $0) }

private let choices: [Precision: MatrixEngine] = {
  let named = engineOverride.flatMap(MatrixEngine.init(rawValue:))
  func first(_ precision: Precision, _ candidates: [MatrixEngine]) -> MatrixEngine? {
    if let named, named.precision == precision, named.isSupported { return named }
    return candidates.first { $0.isSupported && $0.multipliesCorrectly }
  }
  let single = first(.float32, packedSingles) ?? .openBLAS
  return [.float32: single, .bfloat16: first(.bfloat16, [.amx, .avx512BF16]) ?? single]
}()

extension MatrixEngine {
  /// A product of odd sizes against plain sums: a virtual machine may announce instructions that it does not carry out well.
  package var multipliesCorrectly: Bool {
    let (rows, depth, columns) = (37, 75, 45)
    func element(_ i: Int, _ j: Int) -> Float { Float((i * 7 + j * 13) % 17 - 8) * 0.25 }
    let (a, b, c) = (Matrix<Float>(), Matrix<Float>(), Matrix<Float>())
    a.reshape(rows: rows, columns: depth)
    b.reshape(rows: columns, columns: depth)
    c.reshape(rows: rows, columns: columns)
    for i in 0..<rows { for j in 0..<depth { a.tile[i, j] = element(i, j) } }
    for i in 0..<columns { for j in 0..<depth { b.tile[i, j] = element(j, i) } }
    let packed = PackedMatrix(engine: self)
    packed.reshape(depth: depth, columns: columns)
    packed.pack(b.tile, transposed: true)
    multiply(a.tile, [PackedTarget(packed, into: c.tile)])
    // Every product and sum is a multiple of 1/16 below 2^20: exact in either precision.
    return (0..<rows).allSatisfy { i in
      (0..<columns).allSatisfy { j in
        c.tile[i, j] == (0..<depth).reduce(Float(0)) { $0 + element(i, $1) * element($1, j) }
      }
    }
  }
}
