import CVectorMath

/// The tables of eight runs that go in step, a run a lane: a processor's vector holds the same number of all of them. Or the table
/// of a run alone, which has the only lane.
///
/// Each lane is computed as ``writeNormalisers(of:width:prompts:to:)``, ``subtractExponentials(of:from:count:shift:factor:out:)``,
/// ``adamStep(_:gradient:first:second:parameters:)`` and ``norm(_:)`` compute a run alone, bit for bit, whatever the others hold. A
/// set of lanes is a bit mask.
@safe public final class LaneTables {
  /// The most lanes, and the only number of them beside one.
  public static let lanes = 8
  public let elementCount: Int
  let lanes: Int
  private let width: Int
  private let promptCount: Int
  /// Logits, gradient, both moments, each [elements][lanes] and then what makes its room a multiple of eight; normalisers, totals
  /// [prompts][lanes]; norms [lanes].
  private let memory: LaneMemory<Double>
  private let room: Int
  private let tables: LaneMemory<bfpo_lane_tables>

  /// Tables of zeros.
  ///
  /// - Parameter lanes: eight or one.
  public init(promptCount: Int, width: Int, lanes: Int = LaneTables.lanes) {
    precondition(promptCount > 0 && width > 0, "no table of \(promptCount) prompts, \(width) responses")
    precondition(lanes == 1 || lanes == Self.lanes, "\(lanes) lanes")
    let elements = promptCount * width
    elementCount = elements
    self.lanes = lanes
    self.width = width
    self.promptCount = promptCount
    room = (lanes * elements + 7) / 8 * 8
    let memory = LaneMemory(repeating: 0.0, count: 4 * room + lanes * (2 * promptCount + 1))
    self.memory = memory
    unsafe tables = LaneMemory([
      bfpo_lane_tables(
        lanes: lanes, elements: elements, logits: memory.start, gradient: memory.pointer(at: room),
        first: memory.pointer(at: 2 * room), second: memory.pointer(at: 3 * room),
        normalisers: memory.pointer(at: 4 * room), totals: memory.pointer(at: 4 * room + lanes * promptCount))
    ])
  }

  /// θ of one run, [prompts, width].
  public func logits(lane: Int) -> [Double] { (0..<elementCount).map { memory[lanes * $0 + lane] } }

  /// Puts one run at its beginning.
  public func begin(lane: Int, logits: [Double]) {
    precondition(logits.count == elementCount, "\(logits.count) logits for \(elementCount) elements")
    for element in 0..<elementCount {
      memory[lanes * element + lane] = logits[element]
      for part in 1..<4 { memory[part * room + lanes * element + lane] = 0 }
    }
    for total in 0..<(2 * promptCount) { memory[4 * room + lanes * total + lane] = 0 }
  }

  /// Makes one of eight tables that of a run alone, as far as ``score(_:)`` looks at it.
  public func keep(lane: Int, logitsOf run: LaneTables) {
    precondition(
      lanes == Self.lanes && run.lanes == 1 && run.elementCount == elementCount && lane >= 0 && lane < lanes,
      "the tables do not fit")
    let (from, to) = unsafe (run.memory.start, memory.start + lane)
    for element in 0..<elementCount { unsafe to[8 * element] = from[element] }
  }

  /// Writes the logits of a batch.
  public func copyLogits(to batch: LaneBatch) {
    check(batch)
    unsafe bfpo_lane_logits(batch.pointers.start, tables.start)
  }

  /// Writes the log-probabilities of a batch.
  public func score(_ batch: LaneBatch) {
    check(batch)
    unsafe bfpo_lane_scores(batch.pointers.start, tables.start)
  }

  /// Adds the gradient of a batch, which has been scored unless it is balanced.
  ///
  /// - Returns: the lanes in which a pair that was drawn has a value that is not finite.
  public func addGradient(of batch: LaneBatch) -> UInt32 {
    check(batch)
    return unsafe bfpo_lane_gradients(batch.pointers.start, tables.start, nil)
  }

  /// The same of a batch of eight runs that has been scored, and adds what is watched of it to the sums of the step.
  public func addGradient(of batch: LaneBatch, watching sums: LaneSums) -> UInt32 {
    check(batch)
    precondition(lanes == Self.lanes, "sums of \(lanes) lanes")
    return unsafe bfpo_lane_gradients(batch.pointers.start, tables.start, sums.step)
  }

  /// Clips the gradient and takes a step of Adam; the gradient begins anew.
  ///
  /// - Parameters:
  ///   - constants: of all lanes; their scale is not looked at.
  ///   - limit: the largest norm of a gradient; 0 for any.
  /// - Returns: the lanes whose norm is not finite.
  public func step(_ constants: AdamConstants, limit: Double) -> UInt32 {
    var values = bfpo_adam(constants)
    return unsafe bfpo_lane_step(&values, limit, tables.start, memory.start + norms)
  }

  /// The sum of the norms of the gradients since it was last taken.
  public func takeNorms(lane: Int) -> Double {
    defer { memory[norms + lane] = 0 }
    return memory[norms + lane]
  }

  private var norms: Int { 4 * room + 2 * lanes * promptCount }

  private func check(_ batch: LaneBatch) {
    precondition(
      batch.width == width && batch.promptCount <= promptCount && batch.lanes == lanes, "the pairs are of another table"
    )
  }
}
