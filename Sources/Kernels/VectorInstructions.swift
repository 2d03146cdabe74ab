import CVectorMath

/// The instruction set of the hand-vectorised loops: `avx512`, `avx2` or `baseline`.
public func vectorInstructions() -> String { unsafe String(cString: bfpo_vector_instructions()) }
