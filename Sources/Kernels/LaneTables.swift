import CVectorMath

/// The tables of eight runs that go in step, a run a lane: a processor's vector holds the same number of all of them.
///
/// Each lane is computed as ``writeNormalisers(of:width:prompts:to:)``, ``subtractExponentials(of:from:count:shift:factor:out:)``,
/// ``adamStep(_:gradient:first:second:parameters:)`` and ``norm(_:)`` compute a run alone, bit for bit, whatever the others hold. A
/// set of lanes is a bit mask.
@safe public final class LaneTables {
  public static let lanes = 8
  public let elementCount: Int
  private let width: Int
  private let promptCount: Int
  /// Logits, gradient, both moments [elements][8]; normalisers, totals [prompts][8]; sums [4][8]; window [5][8].
  private let memory: LaneMemory

  /// Tables of zeros.
  public init(promptCount: Int, width: Int) {
    precondition(promptCount > 0 && width > 0, "no table of \(promptCount) prompts, \(width) responses")
    elementCount = promptCount * width
    self.width = width
    self.promptCount = promptCount
    memory = LaneMemory(count: 8 * (4 * elementCount + 2 * promptCount + 4 + 5))
  }

  /// θ of one run, [prompts, width].
  public func logits(lane: Int) -> [Double] { (0..<elementCount).map { memory[8 * $0 + lane] } }

  /// Puts one run at its beginning.
  public func begin(lane: Int, logits: [Double]) {
    precondition(logits.count == elementCount, "\(logits.count) logits for \(elementCount) elements")
    for element in 0..<elementCount { memory[8 * element + lane] = logits[element] }
    for element in elementCount..<(4 * elementCount) { memory[8 * element + lane] = 0 }
    for total in (4 * elementCount)..<(4 * elementCount + 2 * promptCount) { memory[8 * total + lane] = 0 }
  }

  /// Writes the log-probabilities of a batch.
  public func score(_ batch: LaneBatch) {
    check(batch)
    unsafe batch.withPointers { batch in
      var tables = unsafe tables
      unsafe bfpo_lane_scores(&batch, &tables)
    }
  }

  /// Adds the gradient of a batch and its part of the sums.
  ///
  /// - Returns: the lanes in which a pair that was drawn has a value that is not finite.
  public func addGradient(of batch: LaneBatch) -> UInt32 {
    check(batch)
    return unsafe batch.withPointers { batch in
      var tables = unsafe tables
      return unsafe bfpo_lane_gradients(&batch, &tables, sums)
    }
  }

  /// Clips the gradient, takes a step of Adam, and adds the sums to those of the window; gradient and sums begin anew.
  ///
  /// - Parameters:
  ///   - constants: of all lanes; their scale is not looked at.
  ///   - limit: the largest norm of a gradient; 0 for any.
  ///   - streams: divides what is watched.
  /// - Returns: the lanes whose norm is not finite.
  public func step(_ constants: AdamConstants, limit: Double, streams: Int) -> UInt32 {
    var values = bfpo_adam(constants)
    var tables = unsafe tables
    return unsafe bfpo_lane_step(&values, limit, Double(streams), &tables, sums, sums + 8 * 4)
  }

  /// The sums of a window of steps: of losses, log-ratios of chosen and rejected, accuracies and norms; they begin anew.
  public func takeWindow(lane: Int) -> InlineArray<5, Double> {
    let start = 8 * (4 * elementCount + 2 * promptCount + 4)
    return InlineArray { index in
      defer { memory[start + 8 * index + lane] = 0 }
      return memory[start + 8 * index + lane]
    }
  }

  private func check(_ batch: LaneBatch) {
    precondition(batch.width == width && batch.promptCount <= promptCount, "the pairs are of another table")
  }

  private var sums: UnsafeMutablePointer<Double> {
    unsafe memory.pointer(at: 8 * (4 * elementCount + 2 * promptCount))
  }

  private var tables: bfpo_lane_tables {
    let size = 8 * elementCount
    return unsafe bfpo_lane_tables(
      elements: elementCount, logits: memory.pointer(at: 0), gradient: memory.pointer(at: size),
      first: memory.pointer(at: 2 * size), second: memory.pointer(at: 3 * size),
      normalisers: memory.pointer(at: 4 * size), totals: memory.pointer(at: 4 * size + 8 * promptCount))
  }
}

/// The batches of one stream of pairs in eight runs. The pairs stand at the same places in all of them.
@safe public final class LaneBatch {
  public let pairCount: Int
  /// Elements of the chosen and of the rejected response, prompts of both, [4][pairs].
  private let places: [Int]
  /// Those of the pairs, each once, ascending.
  private let prompts: [Int]
  fileprivate let width: Int
  /// One more than the last prompt.
  fileprivate let promptCount: Int
  private let share: Double
  /// Fixed [3][pairs][8], counts [pairs][8], scores [2][pairs][8], values [3][pairs][8].
  private let memory: LaneMemory

  /// - Parameters:
  ///   - chosen, rejected: prompt and response of every pair.
  ///   - share: 1/[batch].
  public init(
    chosen: [(prompt: Int, response: Int)], rejected: [(prompt: Int, response: Int)], width: Int, share: Double
  ) {
    precondition(chosen.count == rejected.count && !chosen.isEmpty, "\(chosen.count) and \(rejected.count) responses")
    precondition(
      (chosen + rejected).allSatisfy { $0.prompt >= 0 && $0.response >= 0 && $0.response < width }, "no such response")
    pairCount = chosen.count
    let responses = chosen + rejected
    places = responses.map { $0.prompt * width + $0.response } + responses.map(\.prompt)
    prompts = Array(Set(responses.map(\.prompt))).sorted()
    promptCount = (prompts.last ?? 0) + 1
    self.width = width
    self.share = share
    memory = LaneMemory(count: 8 * 9 * chosen.count)
  }

  /// Says what does not move in one run.
  public func set(lane: Int, pair: Int, weight: Double, referenceChosen: Double, referenceRejected: Double) {
    for (index, value) in [weight, referenceChosen, referenceRejected].enumerated() {
      memory[8 * (index * pairCount + pair) + lane] = value
    }
  }

  /// How often each pair was drawn, [pairs][8], to be written.
  public func withCounts(_ body: (inout MutableSpan<Double>) -> Void) {
    var counts = unsafe UnsafeMutableBufferPointer(
      start: memory.pointer(at: 8 * 3 * pairCount), count: 8 * pairCount
    ).mutableSpan
    body(&counts)
  }

  /// The scores [2][pairs][8], and the values [3][pairs][8] to be written: losses and their derivatives by both scores.
  public func withScores(_ body: (Span<Double>, inout MutableSpan<Double>) -> Void) {
    let scores = unsafe UnsafeBufferPointer(start: memory.pointer(at: 8 * 4 * pairCount), count: 8 * 2 * pairCount).span
    var values = unsafe UnsafeMutableBufferPointer(
      start: memory.pointer(at: 8 * 6 * pairCount), count: 8 * 3 * pairCount
    ).mutableSpan
    body(scores, &values)
  }

  /// Whether a pair was drawn.
  public func isDrawn(lane: Int, pair: Int) -> Bool { memory[8 * (3 * pairCount + pair) + lane] > 0 }

  /// The two scores of a pair and the three values made of them.
  public func numbers(lane: Int, pair: Int) -> InlineArray<5, Double> {
    InlineArray { memory[8 * ((4 + $0) * pairCount + pair) + lane] }
  }

  fileprivate func withPointers<R>(_ body: (inout bfpo_lane_batch) -> R) -> R {
    unsafe places.withUnsafeBufferPointer { places in
      unsafe prompts.withUnsafeBufferPointer { prompts in
        var batch = unsafe bfpo_lane_batch(
          shape: bfpo_lane_shape(pairs: pairCount, prompts: prompts.count, width: width), places: places.baseAddress,
          prompts: prompts.baseAddress, fixed: memory.pointer(at: 0), counts: memory.pointer(at: 8 * 3 * pairCount),
          scores: memory.pointer(at: 8 * 4 * pairCount), values: memory.pointer(at: 8 * 6 * pairCount), share: share)
        return unsafe body(&batch)
      }
    }
  }
}

/// Doubles, zero at first, from an address on that a vector of eight fits.
@safe private final class LaneMemory {
  private let count: Int
  private let start: UnsafeMutablePointer<Double>

  init(count: Int) {
    self.count = count
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: 8 * count, alignment: 64)
    unsafe start = bytes.bindMemory(to: Double.self, capacity: count)
    unsafe start.initialize(repeating: 0, count: count)
  }

  deinit { unsafe UnsafeMutableRawPointer(start).deallocate() }

  subscript(index: Int) -> Double {
    get {
      precondition(index >= 0 && index < count, "\(index) of \(count)")
      return unsafe start[index]
    }
    set {
      precondition(index >= 0 && index < count, "\(index) of \(count)")
      unsafe start[index] = newValue
    }
  }

  func pointer(at index: Int) -> UnsafeMutablePointer<Double> {
    precondition(index >= 0 && index < count, "\(index) of \(count)")
    return unsafe start + index
  }
}
