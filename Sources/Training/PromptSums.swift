import Kernels

/// What a batch knows of the prompts it has: their normalisers, and the sums of the cotangents of their responses.
struct PromptSums {
  private let width: Int
  /// log Σ e^θ of the prompts met in this batch, [prompts].
  private var normalisers: [Double]
  /// Σ ∂loss/∂log π(y|x) over the responses of a prompt, [prompts].
  private var totals: [Double]
  /// The batch in which a prompt was last met, [prompts].
  private var batches: [Int]
  private var batch = 0
  /// The prompts met in this batch, the first `count` of them.
  private var met: [Int]
  private var count = 0

  init(promptCount: Int, width: Int) {
    self.width = width
    normalisers = [Double](repeating: 0, count: promptCount)
    totals = normalisers
    batches = [Int](repeating: 0, count: promptCount)
    met = batches
  }

  mutating func beginBatch() {
    batch += 1
    count = 0
  }

  /// Notes that a batch has a response to a prompt.
  @inline(__always)
  mutating func meet(_ prompt: Int) {
    if batches[prompt] == batch { return }
    batches[prompt] = batch
    met[count] = prompt
    count += 1
  }

  /// Computes the normalisers of the prompts met.
  mutating func normalise(_ logits: Span<Double>) {
    Self.normalise(logits, width: width, met: met, count: count, &normalisers)
  }

  private static func normalise(
    _ logits: Span<Double>, width: Int, met: [Int], count: Int, _ normalisers: inout [Double]
  ) {
    var normalisers = normalisers.mutableSpan
    writeNormalisers(of: logits, width: width, prompts: met.span.extracting(first: count), to: &normalisers)
  }

  @inline(__always)
  func normaliser(_ prompt: Int) -> Double { normalisers[prompt] }

  @inline(__always)
  mutating func add(_ cotangent: Double, to prompt: Int) { totals[prompt] += cotangent }

  /// The same for two responses to one prompt. A sum that is and stays 0 is not written, so that no pair waits for the one before.
  @inline(__always)
  mutating func add(_ chosen: Double, _ rejected: Double, to prompt: Int) {
    let total = totals[prompt]
    if total == 0, chosen == -rejected { return }
    totals[prompt] = (total + chosen) + rejected
  }

  /// gradient −= (Σ cotangents) · π(·|x) for every prompt met, and the sums begin anew. They are exactly 0 where an objective sees
  /// the margin alone.
  mutating func subtract(from gradient: inout [Double], logits: Span<Double>) {
    var gradient = gradient.mutableSpan
    for i in 0..<count {
      let prompt = met[i]
      let total = totals[prompt]
      if total == 0 { continue }
      totals[prompt] = 0
      subtractExponentials(
        of: logits, from: prompt * width, count: width, shift: normalisers[prompt], factor: total, out: &gradient)
    }
  }
}
