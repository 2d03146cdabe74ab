import CVectorMath

/// The instruction set of the hand-vectorised loops: `avx512`, `avx2` or `baseline`.
public func vectorInstructions() -> String { unsafe String(cString: bfpo_vector_instructions()) }

/// Uses another instruction set from now on, for tests.
///
/// - Returns: false, and nothing changes, when the processor lacks it.
package func useVectorInstructions(_ name: String) -> Bool { unsafe bfpo_use_vector_instructions(name) == 1 }
