/// The tokens to be predicted at each row of final hidden states.
///
/// A row may have several (the last prompt row predicts the first token of every response) and each target belongs to a response.
public struct PredictionTargets: Sendable {
  /// Where each row's targets start in `tokens`; one more entry than rows.
  public var starts: [Int]
  public var tokens: [Int32]

  public init(starts: [Int], tokens: [Int32]) {
    precondition(starts.first == 0 && starts.last == tokens.count, "the starts end with the number of targets")
    self.starts = starts
    self.tokens = tokens
  }

  public var rows: Int { starts.count - 1 }
}

/// Vocabulary entries whose logits are formed at once.
public let vocabularyBlock = 1024

/// Logits of some target tokens and log-sum-exp over the vocabulary, without ever holding the rows' full logits.
///
///     zᵥ = ⟨x, Wᵥ⟩,   log p(y) = z_y − log Σᵥ e^zᵥ,   mean = Σᵥ pᵥ Wᵥ
///
/// The sums run over blocks of the vocabulary with a running maximum, which the earlier sums are rescaled to.
/// The mean is what the unit cotangent needs: ∂ log p(y) / ∂x = W_y − mean.
///
/// - Parameters:
///   - x: normalised final hidden states, [all rows, width].
///   - rows: the rows to do, of `x`, `targets` and the results.
///   - weight: the output head, [vocabulary, width].
///   - logits: of the targets, [targets, 1], overwritten.
///   - normaliser: log Σᵥ e^zᵥ, [all rows, 1], overwritten.
///   - mean: [all rows, width], overwritten; nil when no gradient is wanted.
///   - scratch: [all rows, at least min(vocabulary, ``vocabularyBlock``)], of which `rows` are used.
///
/// Source: Milakov and Gimelshein 2018, arXiv 1805.02867, algorithm 3.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func tokenLogits<Scalar: KernelScalar>(
  _ x: Tile<Scalar>, rows: Range<Int>, weight: LinearWeight<Scalar>, targets: PredictionTargets, logits: Tile<Scalar>,
  normaliser: Tile<Scalar>, mean: Tile<Scalar>?, scratch: Tile<Scalar>
) {
  let vocabulary = weight.values.count / x.columns
  let hidden = x.rows(rows)
  let average = mean?.rows(rows)
  var high = [Scalar](repeating: -.infinity, count: rows.count)
  var sum = [Scalar](repeating: 0, count: rows.count)
  for start in stride(from: 0, to: vocabulary, by: vocabularyBlock) {
    let block = start..<min(start + vocabularyBlock, vocabulary)
    let z = scratch.rows(rows).columns(0..<block.count)
    linear(hidden, weight, outputs: block, into: z)
    for i in 0..<rows.count {
      pickTargets(row: rows.lowerBound + i, of: targets, block: block, from: z.rows(i..<i + 1), into: logits)
      let values = unsafe z.pointer(row: i)
      let blockHigh = unsafe Scalar.largest(values, count: block.count)
      if !(blockHigh <= high[i]) {
        let scale = Scalar.exponential(high[i] - blockHigh)
        sum[i] *= scale
        if let average, start > 0 { scaleRow(average, i, by: scale) }
        high[i] = blockHigh
      }
      unsafe sum[i] += Scalar.exponentials(of: values, into: values, count: block.count, shift: high[i])
    }
    if let average {
      linearInputGradient(z, weight, outputs: block, into: average, adding: start > 0)
    }
  }
  for i in 0..<rows.count {
    normaliser[rows.lowerBound + i, 0] = high[i] + Scalar.naturalLogarithm(sum[i])
    if let average { scaleRow(average, i, by: 1 / sum[i]) }
  }
}

private func pickTargets<Scalar: KernelScalar>(
  row: Int, of targets: PredictionTargets, block: Range<Int>, from z: Tile<Scalar>, into logits: Tile<Scalar>
) {
  for index in targets.starts[row]..<targets.starts[row + 1] {
    let token = Int(targets.tokens[index])
    if block.contains(token) { logits[index, 0] = z[0, token - block.lowerBound] }
  }
}

@inline(__always)
private func scaleRow<Scalar: KernelScalar>(_ tile: Tile<Scalar>, _ row: Int, by factor: Scalar) {
  let values = unsafe tile.pointer(row: row)
  for i in 0..<tile.columns { unsafe values[i] *= factor }
}

extension KernelScalar {
  /// eˣ of one number.
  static func exponential(_ x: Self) -> Self {
    var result = x
    _ = unsafe withUnsafeMutablePointer(to: &result) { unsafe Self.exponentials(of: $0, into: $0, count: 1, shift: 0) }
    return result
  }
}
