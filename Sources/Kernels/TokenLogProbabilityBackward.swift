/// The cotangent of final hidden states from the unit cotangents that ``tokenLogits(_:rows:weight:targets:logits:normaliser:mean:scratch:)``
/// left behind.
///
///     dx = Σₜ cₜ W_{yₜ} − (Σₜ cₜ) · mean,   t over the row's targets
///
/// - Parameters:
///   - cotangents: c, ∂loss/∂log p of each target, [targets].
///   - mean: [all rows, width].
///   - dx: [all rows, width]; `rows` are overwritten.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func tokenLogitsBackward<Scalar: KernelScalar>(
  cotangents: [Scalar], rows: Range<Int>, weight: LinearWeight<Scalar>, targets: PredictionTargets, mean: Tile<Scalar>,
  into dx: Tile<Scalar>
) {
  precondition(
    cotangents.count == targets.tokens.count, "\(cotangents.count) cotangents for \(targets.tokens.count) targets")
  let dx = dx.rows(rows)
  dx.fill(0)
  withTile(of: weight.values, columns: dx.columns) { weight in
    for (i, row) in rows.enumerated() {
      let output = unsafe dx.pointer(row: i)
      var total: Scalar = 0
      for target in targets.starts[row]..<targets.starts[row + 1] {
        total += cotangents[target]
        unsafe Scalar.addScaled(
          weight.pointer(row: Int(targets.tokens[target])), to: output, count: dx.columns, factor: cotangents[target])
      }
      unsafe Scalar.addScaled(mean.pointer(row: row), to: output, count: dx.columns, factor: -total)
    }
  }
}

/// The softmax part of the output head's gradient, for a block of the vocabulary.
///
///     dWᵥ −= Σ_rows (Σₜ cₜ) · pᵥ · x,   pᵥ = e^(zᵥ − normaliser)
///
/// Probabilities are formed again, for at most 256 rows at a time.
///
/// - Parameters:
///   - cotangentSums: Σₜ cₜ of each row, [all rows].
///   - x: normalised final hidden states, [all rows, width].
///   - normaliser: [all rows, 1].
///   - block: the vocabulary entries to do.
///   - gradient: [vocabulary, width]; the block's rows are added to.
///   - scratch: at least ``headGradientScratch`` elements, in one row.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func outputHeadSoftmaxGradient<Scalar: KernelScalar>(
  cotangentSums: [Scalar], x: Tile<Scalar>, weight: LinearWeight<Scalar>, normaliser: Tile<Scalar>, block: Range<Int>,
  into gradient: Tile<Scalar>, scratch: Tile<Scalar>
) {
  for start in stride(from: 0, to: x.rows, by: headGradientRows) {
    let rows = start..<min(start + headGradientRows, x.rows)
    let p = scratch.reshaped(rows: rows.count, columns: block.count)
    linear(x.rows(rows), weight, outputs: block, into: p)
    for (i, row) in rows.enumerated() {
      let values = unsafe p.pointer(row: i)
      _ = unsafe Scalar.exponentials(of: values, into: values, count: block.count, shift: normaliser[row, 0])
      let factor = -cotangentSums[row]
      for j in 0..<block.count { unsafe values[j] *= factor }
    }
    multiply(p, x.rows(rows), firstTransposed: true, into: gradient.rows(block), beta: 1)
  }
}

/// The target part of the output head's gradient: dW_{yₜ} += cₜ · x, over all rows in order.
public func outputHeadTargetGradient<Scalar: KernelScalar>(
  cotangents: [Scalar], x: Tile<Scalar>, targets: PredictionTargets, into gradient: Tile<Scalar>
) {
  for row in 0..<targets.rows {
    for target in targets.starts[row]..<targets.starts[row + 1] {
      unsafe Scalar.addScaled(
        x.pointer(row: row), to: gradient.pointer(row: Int(targets.tokens[target])), count: x.columns,
        factor: cotangents[target])
    }
  }
}

private let headGradientRows = 256
/// Vocabulary entries per task of ``outputHeadSoftmaxGradient(cotangentSums:x:weight:normaliser:block:into:scratch:)``.
public let headGradientBlock = 1024
/// Elements of scratch memory of one such task.
public let headGradientScratch = headGradientRows * headGradientBlock
