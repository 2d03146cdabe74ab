import Basics
import Objectives
import Policies
import Preferences
import Testing
import Training

/// Runs that go in step against the same runs alone, in the loop that is made for one table.
@Suite struct LockstepTests {
  @Test(arguments: catalogue.map(\.card.id), [1, 2, 3, 8, 9])
  func `runs in step are the runs alone, bit for bit`(id: String, count: Int) throws {
    let ends = try Self.train(id, count)
    for (together, alone) in ends {
      let (together, alone) = (try together.get(), try alone.get())
      #expect(together.logits == alone.logits)
      #expect(together.curve == alone.curve && together.curve.work == alone.curve.work)
      #expect(together.curve.points.count > 10)
    }
    #expect(Set(try ends.map { try $0.1.get().logits }).count == count, "the runs do not differ")
  }

  /// Where all pairs have one prompt, objectives that see the margin alone are given logits.
  @Test(arguments: catalogue.map(\.card.id), [1, 3, 8])
  func `runs on one prompt, with means over tokens too`(id: String, count: Int) throws {
    var common = Self.common
    common.promptCount = 1
    for reduction in Reduction.allCases {
      for (together, alone) in try Self.train(id, count, common, pairs: [7, 12], reduction: reduction) {
        let (together, alone) = (try together.get(), try alone.get())
        #expect(together.logits == alone.logits && together.curve == alone.curve)
      }
    }
  }

  @Test(arguments: BatchMode.allCases, [0, 0.02])
  func `however batches are drawn and gradients clipped`(mode: BatchMode, limit: Double) throws {
    var common = Self.common
    common.configuration.sampling = mode
    common.configuration.maxGradientNorm = limit
    for (together, alone) in try Self.train("ipo", 7, common) {
      #expect(try together.get().logits == alone.get().logits)
    }
  }

  /// Prompts of fewer responses than a vector has lanes, and of more; pairs across prompts, and two streams.
  @Test(arguments: [(1, 4), (3, 2), (2, 11), (4, 8), (1, 17)], ["bfpo", "dpo", "sft", "orpo"])
  func `tables of every shape`(shape: (prompts: Int, responses: Int), id: String) throws {
    var common = Self.common
    (common.promptCount, common.responseCount) = shape
    for (together, alone) in try Self.train(id, 5, common, pairs: [9, 20]) {
      #expect(try together.get().logits == alone.get().logits)
      #expect(try together.get().curve == alone.get().curve)
    }
  }

  @Test(arguments: [1, 2])
  func `a run that fails says what it says alone and leaves the others as they are`(prompts: Int) throws {
    var common = Self.common
    common.promptCount = prompts
    var runs = Self.runs(IPO(), 8, common)
    runs[1].streams[0].pairs[4].weight = .infinity
    runs[2].logits[0] = .nan
    runs[4].streams[0].pairs[2].referenceChosen += 1
    runs[6].objective.tau = 1e-200
    let ends = common.train(runs)
    let singly = runs.flatMap { common.train([$0]) }
    for ((together, single), alone) in zip(zip(ends, singly), Self.alone(runs, common)) {
      #expect((try? together.get().logits) == (try? alone.get().logits))
      #expect((try? single.get().logits) == (try? alone.get().logits))
      #expect(Self.message(together) == Self.message(alone) && Self.message(single) == Self.message(alone))
    }
    let failed = ends.map { Self.message($0) != nil }
    #expect(failed == [false, true, true, false, true, false, true, false])
  }

  /// Which of two runs drew the pair of infinite weight first is seen in the step that the message names.
  @Test(arguments: [1, 2]) func `a run that fails in the middle`(prompts: Int) throws {
    var common = Self.common
    common.promptCount = prompts
    common.configuration.batchSize = 20
    common.configuration.steps = 400
    var runs = Self.runs(DPO(), 6, common, pairs: [20])
    for run in [0, 3] { runs[run].streams[0].pairs[5].weight = .infinity }
    let ends = common.train(runs)
    let singly = runs.flatMap { common.train([$0]) }
    for ((together, single), alone) in zip(zip(ends, singly), Self.alone(runs, common)) {
      #expect((try? together.get().logits) == (try? alone.get().logits))
      #expect((try? single.get().logits) == (try? alone.get().logits))
      #expect(Self.message(together) == Self.message(alone) && Self.message(single) == Self.message(alone))
    }
    #expect(ends.map { Self.message($0) != nil } == [true, false, false, true, false, false])
  }

  @Test func `whoever looks sees the tables of a run alone`() throws {
    final class Seen { var tables: [String: [Double]] = [:] }
    let runs = Self.runs(DPO(), 11)
    func look(_ train: (TableRuns) -> Void) -> [String: [Double]] {
      let seen = Seen()
      var common = Self.common
      common.interval = 30
      common.look = { run, step, policy in seen.tables["\(run) \(step)"] = policy.logits }
      train(common)
      return seen.tables
    }
    let together = look { _ = $0.train(runs) }
    let alone = look { common in
      for (number, run) in runs.enumerated() { _ = try? common.trainAlone(run, number: number) }
    }
    #expect(together == alone && together.count == 11 * 5)
  }

  /// Pairs at other places, or more than a batch, are trained one run at a time.
  @Test func `runs that cannot go in step`() throws {
    var runs = Self.runs(IPO(), 4)
    runs[1].streams[0].pairs.swapAt(0, 1)
    runs[2].streams[0].pairs.removeLast()
    runs[3].streams[0].pairs += runs[3].streams[0].pairs + runs[3].streams[0].pairs
    for (together, alone) in zip(Self.common.train(runs), Self.alone(runs, Self.common)) {
      #expect(try together.get().logits == alone.get().logits)
    }
  }

  // MARK: Support

  private typealias End = Result<TrainedTable, any Error>

  private static var common: TableRuns {
    var configuration = TrainingConfiguration()
    configuration.steps = 150
    configuration.weightDecay = 0.01
    configuration.maxGradientNorm = 0.4
    configuration.schedule = .cosine
    return TableRuns(promptCount: 2, responseCount: 5, configuration: configuration, stepZeroTolerance: 1e-9)
  }

  /// The ends of some runs of an objective, in step and alone.
  private static func train(
    _ id: String, _ count: Int, _ common: TableRuns = common, pairs: [Int] = [12], reduction: Reduction? = nil
  ) throws -> [(End, End)] {
    func opened<O: Objective>(_ objective: O) -> [(End, End)] {
      let runs = runs(objective, count, common, pairs: pairs)
      return Array(zip(common.train(runs), alone(runs, common)))
    }
    let entry = try catalogueEntry(id)
    guard let reduction, entry.parameters["reduction"] != nil else { return opened(entry.defaults) }
    return opened(try entry.make(["reduction": .string(reduction.rawValue)]))
  }

  private static func alone<O: Objective>(_ runs: [TableRun<O>], _ common: TableRuns) -> [End] {
    runs.map { run in Result { try common.trainAlone(run) } }
  }

  private static func message(_ end: End) -> String? {
    if case .failure(let error) = end { return "\(error)" }
    return nil
  }

  /// Runs whose tables, labels, weights and batches differ and whose pairs stand at the same places; one pair in five compares
  /// responses to different prompts.
  private static func runs<O: Objective>(
    _ objective: O, _ count: Int, _ common: TableRuns = common, pairs: [Int] = [12]
  ) -> [TableRun<O>] {
    (0..<count).map { run in
      var random = SeedTree(run).child("labels").generator()
      let logits = (0..<(common.promptCount * common.responseCount)).map { _ in random.normal() }
      let reference = TabularPolicy(
        promptCount: common.promptCount, responseCount: common.responseCount, logits: logits)
      var places = SeedTree(5).generator()
      let streams = pairs.enumerated().map { index, count in
        PairStream(
          name: "stream \(index)",
          pairs: (0..<count).map { pair -> PreparedPair<TabularQuery> in
            let chosen = TabularQuery(
              prompt: places.below(common.promptCount), response: places.below(common.responseCount))
            let other = 1 + places.below(common.responseCount - 1)
            let rejected = TabularQuery(
              prompt: pair % 5 == 4 ? places.below(common.promptCount) : chosen.prompt,
              response: (chosen.response + other) % common.responseCount)
            let scores = reference.score([chosen, rejected])
            func labels() -> ResponseScores { ResponseScores(reward: random.normal(), cost: random.normal()) }
            return PreparedPair(
              chosen: chosen, rejected: rejected, referenceChosen: scores[0], referenceRejected: scores[1],
              chosenTokens: 1, rejectedTokens: 1,
              label: PairLabel(
                chosenSafe: random.below(2) == 1, rejectedSafe: random.below(2) == 1, chosenScores: labels(),
                rejectedScores: labels()), weight: 0.5 + random.uniform())
          })
      }
      return TableRun(objective, streams: streams, logits: logits, seed: SeedTree(run))
    }
  }
}
