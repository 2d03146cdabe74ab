/// The gated unit of the feed-forward layer.
///
///     out = silu(gate) ∘ up,   silu(g) = g / (1 + e⁻ᵍ)
///
/// All tiles are [rows, width]. Source: Shazeer 2020, arXiv 2002.05202, equation 6.
public func swiGLU<Scalar: KernelScalar>(gate: Tile<Scalar>, up: Tile<Scalar>, into out: Tile<Scalar>) {
  requireSameShape(gate, up, out)
  for row in 0..<gate.rows {
    unsafe Scalar.gate(gate.pointer(row: row), up.pointer(row: row), into: out.pointer(row: row), count: gate.columns)
  }
}

/// The gated unit's cotangents, and its output once more (it is not kept).
///
///     dUp = d ∘ silu(gate),   dGate = d ∘ up ∘ silu′(gate),   silu′(g) = σ(g) (1 + g (1 − σ(g)))
///
/// - Parameters:
///   - cotangent: d on entry, dGate on return.
///   - dUp: overwritten.
///   - out: overwritten with the unit's output.
public func swiGLUBackward<Scalar: KernelScalar>(
  gate: Tile<Scalar>, up: Tile<Scalar>, cotangent: Tile<Scalar>, dUp: Tile<Scalar>, out: Tile<Scalar>
) {
  requireSameShape(gate, up, out)
  requireSameShape(gate, cotangent, dUp)
  for row in 0..<gate.rows {
    let d = unsafe cotangent.pointer(row: row)
    unsafe Scalar.gateBackward(
      gate.pointer(row: row), up.pointer(row: row), d, into: out.pointer(row: row), d, dUp.pointer(row: row),
      count: gate.columns)
  }
}

private func requireSameShape<Scalar: KernelScalar>(_ a: Tile<Scalar>, _ b: Tile<Scalar>, _ c: Tile<Scalar>) {
  precondition(
    a.rows == b.rows && a.rows == c.rows && a.columns == b.columns && a.columns == c.columns,
    "[\(a.rows), \(a.columns)], [\(b.rows), \(b.columns)] and [\(c.rows), \(c.columns)] should be alike")
}
