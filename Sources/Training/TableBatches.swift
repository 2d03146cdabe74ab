import Basics
import Objectives
import Policies
import Preferences

/// The batches of one stream of a table: every pair by index, and all working space, taken once a run.
struct TableBatches {
  /// Where a pair stands in the table.
  private struct Place {
    /// Prompts of both responses, and their elements of the row-major table.
    var chosenPrompt: Int
    var rejectedPrompt: Int
    var chosen: Int
    var rejected: Int
    var weight: Double
  }

  private let stream: String
  private let sampler: BatchSampler
  private let places: [Place]
  /// 1/[batch].
  private let share: Double
  /// Whether each pair is evaluated once and counts as often as it was drawn: where there are no more pairs than a batch has.
  private let isCounted: Bool
  /// Whether the objective is given logits for log-probabilities (``PairStream/cancelsNormalisers(of:)``): where pairs are counted,
  /// so that a run alone has the bits of one in step; elsewhere it has those of the loop for any policy.
  private let seesLogits: Bool
  // What follows is lent to local variables while a batch is worked on, so that each can be written while others are read.
  /// The pairs as the objective sees them; the policy's log-probabilities are those of the batch a pair was last in.
  private var samples: [PairSample]
  /// The rows of a batch as drawn, [batch].
  private var drawn: [Int]
  /// The rows to evaluate, each with its share of the batch's mean.
  private var rows: [Int]
  private var shares: [Double]
  private var values: [PairEvaluation]
  /// How often each pair was drawn, [pairs]; empty where that is not counted.
  private var counts: [Int]

  init(
    _ stream: PairStream<TabularQuery>, objective: some Objective, configuration: TrainingConfiguration, seed: SeedTree,
    width: Int
  ) {
    let count = stream.pairs.count
    let size = configuration.batchSize
    self.stream = stream.name
    sampler = batchSampler(count: count, stream: stream.name, configuration: configuration, seed: seed)
    places = stream.pairs.map {
      Place(
        chosenPrompt: $0.chosen.prompt, rejectedPrompt: $0.rejected.prompt,
        chosen: $0.chosen.prompt * width + $0.chosen.response,
        rejected: $0.rejected.prompt * width + $0.rejected.response, weight: $0.weight)
    }
    share = 1 / Double(size)
    isCounted = count <= size
    seesLogits = isCounted && stream.cancelsNormalisers(of: objective)
    samples = stream.pairs.map { $0.sample(policyChosen: 0, policyRejected: 0) }
    drawn = [Int](repeating: 0, count: size)
    rows = [Int](repeating: 0, count: min(count, size))
    shares = [Double](repeating: share, count: rows.count)
    values = [PairEvaluation](repeating: .none, count: rows.count)
    counts = [Int](repeating: 0, count: isCounted ? count : 0)
  }

  /// Scores the batch of a step, adds its gradient, and watches its numbers.
  ///
  /// - Parameters:
  ///   - logits: θ, [prompts, responses].
  ///   - gradient: accumulated, [prompts, responses].
  ///   - stepZeroTolerance: see ``checkStepZero``; nil after the first step.
  mutating func accumulate(
    _ logits: Span<Double>, objective: some Objective, multiplier: Double, prompts: inout PromptSums,
    gradient: inout [Double], totals: inout BatchTotals, step: Int, stepZeroTolerance: Double?
  ) throws {
    var samples: [PairSample] = []
    var rows: [Int] = []
    var shares: [Double] = []
    var values: [PairEvaluation] = []
    swap(&samples, &self.samples)
    swap(&rows, &self.rows)
    swap(&shares, &self.shares)
    swap(&values, &self.values)
    defer {
      swap(&samples, &self.samples)
      swap(&rows, &self.rows)
      swap(&shares, &self.shares)
      swap(&values, &self.values)
    }
    let count = draw(step, rows: &rows, shares: &shares)
    let batch = rows.span.extracting(first: count)
    score(batch, logits: logits, prompts: &prompts)
    writeScores(to: &samples, batch, logits: logits, multiplier: multiplier, prompts: prompts, asLogits: false)
    if objective.usesBatchMeans { setMeans(&samples, batch, shares: shares.span, reduction: objective.reduction) }
    if let stepZeroTolerance {
      try checkStepZero(rows[..<count].map { samples[$0] }, objective: objective, tolerance: stepZeroTolerance)
    }
    if seesLogits {
      writeScores(to: &samples, batch, logits: logits, multiplier: multiplier, prompts: prompts, asLogits: true)
    }
    evaluate(objective, samples.span, batch, into: &values)
    if seesLogits {
      writeScores(to: &samples, batch, logits: logits, multiplier: multiplier, prompts: prompts, asLogits: false)
    }
    try add(
      samples.span, batch, values: values.span, shares: shares.span, to: &gradient, prompts: &prompts, totals: &totals,
      step: step)
    prompts.subtract(from: &gradient, logits: logits)
    totals.work += TrainingWork(forwardPasses: 2 * drawn.count, backwardPasses: 2 * drawn.count)
    totals.streams += 1
  }

  /// The rows of a step's batch.
  ///
  /// - Returns: how many there are to evaluate; counted ones are in ascending order.
  private mutating func draw(_ step: Int, rows: inout [Int], shares: inout [Double]) -> Int {
    guard isCounted else {
      sampler.write(step: step, to: &rows)
      return rows.count
    }
    sampler.write(step: step, to: &drawn)
    return Self.count(drawn, &counts, share: share, rows: &rows, shares: &shares)
  }

  private static func count(
    _ drawn: [Int], _ counts: inout [Int], share: Double, rows: inout [Int], shares: inout [Double]
  ) -> Int {
    let drawn = drawn.span
    var counts = counts.mutableSpan
    var rows = rows.mutableSpan
    var shares = shares.mutableSpan
    if counts.count <= 8, drawn.count < 256 {
      // Eight counters of eight bits, which a register holds.
      var packed: UInt64 = 0
      for i in 0..<drawn.count { packed &+= 1 &<< UInt64(truncatingIfNeeded: 8 &* drawn[i]) }
      for i in 0..<counts.count { counts[i] = Int(packed &>> UInt64(truncatingIfNeeded: 8 &* i)) & 255 }
    } else {
      for i in 0..<counts.count { counts[i] = 0 }
      for i in 0..<drawn.count { counts[drawn[i]] += 1 }
    }
    var next = 0
    for row in 0..<counts.count where counts[row] > 0 {
      rows[next] = row
      shares[next] = Double(counts[row]) * share
      next += 1
    }
    return next
  }

  /// Works out the normalisers of the prompts of a batch.
  private func score(_ rows: Span<Int>, logits: Span<Double>, prompts: inout PromptSums) {
    let places = places.span
    prompts.beginBatch()
    for i in 0..<rows.count {
      prompts.meet(places[rows[i]].chosenPrompt)
      prompts.meet(places[rows[i]].rejectedPrompt)
    }
    prompts.normalise(logits)
  }

  /// Gives the pairs of a batch the policy's log-probabilities, or its logits; and λ.
  private func writeScores(
    to samples: inout [PairSample], _ rows: Span<Int>, logits: Span<Double>, multiplier: Double,
    prompts: PromptSums, asLogits: Bool
  ) {
    let places = places.span
    var samples = samples.mutableSpan
    for i in 0..<rows.count {
      let row = rows[i]
      let place = places[row]
      samples[row].policyChosen = logits[place.chosen] - (asLogits ? 0 : prompts.normaliser(place.chosenPrompt))
      samples[row].policyRejected = logits[place.rejected] - (asLogits ? 0 : prompts.normaliser(place.rejectedPrompt))
      samples[row].label.multiplier = multiplier
    }
  }

  private func setMeans(
    _ samples: inout [PairSample], _ rows: Span<Int>, shares: Span<Double>, reduction: Reduction
  ) {
    var means = BatchMeans(chosenLogRatio: 0, rejectedLogRatio: 0)
    for i in 0..<rows.count {
      means.chosenLogRatio += samples[rows[i]].chosenLogRatio(reduction) * shares[i]
      means.rejectedLogRatio += samples[rows[i]].rejectedLogRatio(reduction) * shares[i]
    }
    for i in 0..<rows.count { samples[rows[i]].batch = means }
  }

  private func evaluate(
    _ objective: some Objective, _ samples: Span<PairSample>, _ rows: Span<Int>, into values: inout [PairEvaluation]
  ) {
    var values = values.mutableSpan
    objective.evaluate(samples, rows: rows, into: &values)
  }

  /// Adds ∂loss/∂log π of every pair to its two responses and to the sums of their prompts.
  private func add(
    _ samples: Span<PairSample>, _ rows: Span<Int>, values: Span<PairEvaluation>, shares: Span<Double>,
    to gradient: inout [Double], prompts: inout PromptSums, totals: inout BatchTotals, step: Int
  ) throws {
    let places = places.span
    var gradient = gradient.mutableSpan
    var sums = totals
    defer { totals = sums }
    for i in 0..<rows.count {
      let row = rows[i]
      let value = values[i]
      guard value.loss.isFinite, value.dChosen.isFinite, value.dRejected.isFinite else {
        throw nonFiniteLoss(samples[row], value, step: step, pair: row, stream: stream)
      }
      let place = places[row]
      let share = shares[i]
      let chosen = value.dChosen * place.weight * share
      let rejected = value.dRejected * place.weight * share
      gradient[place.chosen] += chosen
      gradient[place.rejected] += rejected
      if place.chosenPrompt == place.rejectedPrompt {
        prompts.add(chosen, rejected, to: place.chosenPrompt)
      } else {
        prompts.add(chosen, to: place.chosenPrompt)
        prompts.add(rejected, to: place.rejectedPrompt)
      }
      sums.add(samples[row], loss: value.loss * place.weight, share: share)
    }
  }
}
