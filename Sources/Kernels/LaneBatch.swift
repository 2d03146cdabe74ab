import CVectorMath

/// The batches of one stream of pairs in eight runs, or in a run alone. The pairs stand at the same places in all of them.
@safe public final class LaneBatch {
  public let pairCount: Int
  let lanes: Int
  let width: Int
  /// One more than the last prompt.
  let promptCount: Int
  /// Elements of the chosen and of the rejected response, prompts of both, [4][pairs].
  private let places: LaneMemory<Int>
  /// Those of the pairs, each once, ascending.
  private let prompts: LaneMemory<Int>
  /// Fixed [3][pairs][lanes], counts [pairs][lanes], logits [2][pairs][lanes], scores [2][pairs][lanes], values [3][pairs][lanes].
  private let memory: LaneMemory<Double>
  let pointers: LaneMemory<bfpo_lane_batch>

  /// - Parameters:
  ///   - chosen, rejected: prompt and response of every pair.
  ///   - share: 1/[batch].
  ///   - isBalanced: whether both responses of a pair have one prompt, and the derivatives by their scores add up to 0.
  ///   - lanes: eight or one.
  public init(
    chosen: [(prompt: Int, response: Int)], rejected: [(prompt: Int, response: Int)], width: Int, share: Double,
    isBalanced: Bool, lanes: Int = LaneTables.lanes
  ) {
    precondition(chosen.count == rejected.count && !chosen.isEmpty, "\(chosen.count) and \(rejected.count) responses")
    precondition(
      (chosen + rejected).allSatisfy { $0.prompt >= 0 && $0.response >= 0 && $0.response < width }, "no such response")
    precondition(!isBalanced || zip(chosen, rejected).allSatisfy { $0.prompt == $1.prompt }, "pairs across prompts")
    precondition(lanes == 1 || lanes == LaneTables.lanes, "\(lanes) lanes")
    let responses = chosen + rejected
    let size = lanes * chosen.count
    let known = Array(Set(responses.map(\.prompt))).sorted()
    let places = LaneMemory(responses.map { $0.prompt * width + $0.response } + responses.map(\.prompt))
    let prompts = LaneMemory(known)
    let memory = LaneMemory(repeating: 0.0, count: 11 * size)
    pairCount = chosen.count
    promptCount = (known.last ?? 0) + 1
    unsafe pointers = LaneMemory([
      bfpo_lane_batch(
        shape: bfpo_lane_shape(pairs: chosen.count, prompts: known.count, width: width), places: places.start,
        prompts: prompts.start, fixed: memory.start, counts: memory.pointer(at: 3 * size),
        logits: memory.pointer(at: 4 * size), scores: memory.pointer(at: 6 * size),
        values: memory.pointer(at: 8 * size),
        share: share, balanced: isBalanced ? 1 : 0)
    ])
    self.places = places
    self.prompts = prompts
    self.memory = memory
    self.lanes = lanes
    self.width = width
  }

  /// Says what does not move in one run.
  public func set(lane: Int, pair: Int, weight: Double, referenceChosen: Double, referenceRejected: Double) {
    for (index, value) in [weight, referenceChosen, referenceRejected].enumerated() {
      memory[at(index, pair, lane)] = value
    }
  }

  /// How often each pair was drawn, [pairs][lanes], to be written.
  public func withCounts(_ body: (inout MutableSpan<Double>) -> Void) {
    var counts = unsafe UnsafeMutableBufferPointer(start: memory.start + 3 * size, count: size).mutableSpan
    body(&counts)
  }

  /// Takes the counts of one of eight lanes.
  public func takeCounts(of batch: LaneBatch, lane: Int) {
    checkFit(of: batch, lane: lane)
    let (from, to) = unsafe (batch.memory.start + batch.at(3, 0, lane), memory.start + 3 * size)
    for pair in 0..<pairCount { unsafe to[pair] = from[8 * pair] }
  }

  /// Gives its losses to one of eight lanes.
  public func giveLosses(to batch: LaneBatch, lane: Int) {
    checkFit(of: batch, lane: lane)
    let (from, to) = unsafe (memory.start + 8 * size, batch.memory.start + batch.at(8, 0, lane))
    for pair in 0..<pairCount { unsafe to[8 * pair] = from[pair] }
  }

  /// The scores [2][pairs][lanes], and the values [3][pairs][lanes] to be written: losses and their derivatives by both scores.
  ///
  /// - Parameter logits: whether the scores are logits instead of log-probabilities.
  public func withScores(logits: Bool, _ body: (Span<Double>, inout MutableSpan<Double>) -> Void) {
    let scores = unsafe UnsafeBufferPointer(start: memory.start + (logits ? 4 : 6) * size, count: 2 * size).span
    var values = unsafe UnsafeMutableBufferPointer(start: memory.start + 8 * size, count: 3 * size).mutableSpan
    body(scores, &values)
  }

  /// Whether a pair was drawn.
  public func isDrawn(lane: Int, pair: Int) -> Bool { memory[at(3, pair, lane)] > 0 }

  /// The two log-probabilities of a pair and the three values made of its scores.
  public func numbers(lane: Int, pair: Int) -> InlineArray<5, Double> { InlineArray { memory[at(6 + $0, pair, lane)] } }

  /// [pairs][lanes].
  private var size: Int { lanes * pairCount }

  private func at(_ part: Int, _ pair: Int, _ lane: Int) -> Int { part * size + lanes * pair + lane }

  private func checkFit(of batch: LaneBatch, lane: Int) {
    precondition(
      lanes == 1 && batch.lanes == LaneTables.lanes && batch.pairCount == pairCount && lane >= 0 && lane < batch.lanes,
      "the batches do not fit")
  }
}
