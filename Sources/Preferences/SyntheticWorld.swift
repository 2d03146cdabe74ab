import Basics

/// A finite world with known truth: what a synthetic sweep samples its labels from and is judged by, exactly.
public struct SyntheticWorld: Sendable {
  public let spec: SyntheticWorldSpec
  /// Helpfulness utility u, [prompts][responses].
  public let helpfulness: [[Double]]
  /// Safety utility z, [prompts][responses].
  public let safety: [[Double]]
  /// log π_ref, [prompts][responses].
  public let referenceLogProbabilities: [[Double]]
  /// π_ref, [prompts][responses].
  public let reference: [[Double]]

  public init(_ spec: SyntheticWorldSpec) {
    self.spec = spec
    let root = SeedTree(spec.seed).child("world")
    var helpfulness: [[Double]] = []
    var safety: [[Double]] = []
    var logReference: [[Double]] = []
    for prompt in 0..<spec.prompts {
      var random = root.child(prompt).generator()
      let u = (0..<spec.responses).map { _ in random.normal() }
      let independent = (1 - spec.conflict * spec.conflict).squareRoot()
      let z = u.map { -spec.conflict * $0 + independent * random.normal() }
      let logits = u.map { spec.referenceHelpfulness * $0 + spec.referenceSpread * random.normal() }
      let normaliser = logSumExp(logits)
      helpfulness.append(u)
      safety.append(z)
      logReference.append(logits.map { $0 - normaliser })
    }
    self.helpfulness = helpfulness
    self.safety = safety
    referenceLogProbabilities = logReference
    reference = logReference.map { $0.map(exponential) }
  }

  /// P(response i is more helpful than j | x).
  public func moreHelpful(_ i: Int, than j: Int, prompt: Int) -> Double {
    sigmoid((helpfulness[prompt][i] - helpfulness[prompt][j]) / spec.comparisonNoise)
  }

  /// P(response i is less harmful than j | x).
  public func lessHarmful(_ i: Int, than j: Int, prompt: Int) -> Double {
    sigmoid((safety[prompt][i] - safety[prompt][j]) / spec.comparisonNoise)
  }

  /// P(response i is flagged safe | x).
  public func safeProbability(_ i: Int, prompt: Int) -> Double {
    sigmoid((safety[prompt][i] + spec.safetyOffset) / spec.flagNoise)
  }

  /// E_{y'∼π_ref} P(response i is more helpful than y' | x).
  public func winRate(_ i: Int, prompt: Int) -> Double {
    (0..<spec.responses).reduce(0) { $0 + reference[prompt][$1] * moreHelpful(i, than: $1, prompt: prompt) }
  }

  /// The Bradley–Terry reward of the helpfulness order: r = u / comparisonNoise.
  public func reward(_ i: Int, prompt: Int) -> Double { helpfulness[prompt][i] / spec.comparisonNoise }

  /// The Bradley–Terry cost of the harmlessness order, with its zero where a response is as often flagged safe as unsafe:
  /// c = −(z + safetyOffset) / comparisonNoise. More is more harmful, and above 0 means unsafe.
  public func cost(_ i: Int, prompt: Int) -> Double {
    -(safety[prompt][i] + spec.safetyOffset) / spec.comparisonNoise
  }

  /// Labelled comparisons: prompts uniform, both responses from π_ref and distinct, every label drawn independently.
  ///
  /// - Parameter item: makes the query of (prompt, response).
  public func sampleComparisons<Item>(seed: SeedTree, item: (Int, Int) -> Item) -> [Comparison<Item>] {
    sampleComparisons(count: spec.comparisons, seed: seed, item: item)
  }

  /// The same, any number of them.
  public func sampleComparisons<Item>(count: Int, seed: SeedTree, item: (Int, Int) -> Item) -> [Comparison<Item>] {
    var random = seed.child("comparisons").generator()
    return (0..<count).map { _ in
      let prompt = random.below(spec.prompts)
      let i = random.index(withProbabilities: reference[prompt])
      var j = random.index(withProbabilities: reference[prompt])
      while j == i { j = random.index(withProbabilities: reference[prompt]) }
      let better: Slot = random.uniform() < moreHelpful(i, than: j, prompt: prompt) ? .first : .second
      let safer: Slot = random.uniform() < lessHarmful(i, than: j, prompt: prompt) ? .first : .second
      let firstSafe = random.uniform() < safeProbability(i, prompt: prompt)
      let secondSafe = random.uniform() < safeProbability(j, prompt: prompt)
      return Comparison(
        first: item(prompt, i), second: item(prompt, j), better: better, safer: safer, firstSafe: firstSafe,
        secondSafe: secondSafe, promptID: "\(prompt)", source: "synthetic")
    }
  }

  /// The exact expected metrics of a policy.
  ///
  /// - Parameter logPolicy: log π(·|x) of a prompt, [responses].
  public func evaluate(logPolicy: (Int) -> [Double]) -> SyntheticMetrics {
    var metrics = SyntheticMetrics(helpfulness: 0, safety: 0, kl: 0, reward: 0, cost: 0)
    for prompt in 0..<spec.prompts {
      let logProbabilities = logPolicy(prompt)
      for (i, logProbability) in logProbabilities.enumerated() {
        let p = exponential(logProbability)
        if p == 0 { continue }
        metrics.helpfulness += p * winRate(i, prompt: prompt)
        metrics.safety += p * safeProbability(i, prompt: prompt)
        metrics.kl += p * (logProbability - referenceLogProbabilities[prompt][i])
        metrics.reward += p * reward(i, prompt: prompt)
        metrics.cost += p * cost(i, prompt: prompt)
      }
    }
    let scale = 1 / Double(spec.prompts)
    return SyntheticMetrics(
      helpfulness: metrics.helpfulness * scale, safety: metrics.safety * scale, kl: metrics.kl * scale,
      reward: metrics.reward * scale, cost: metrics.cost * scale)
  }
}

/// Exact expectations under a policy on a synthetic world, averaged over prompts.
public struct SyntheticMetrics: Hashable, Sendable {
  /// E_{y∼π, y'∼π_ref} P(y more helpful than y'); ½ for the reference itself.
  public var helpfulness: Double
  /// E_{y∼π} P(y is flagged safe).
  public var safety: Double
  /// KL(π ‖ π_ref), nats.
  public var kl: Double
  /// E_{y∼π} r.
  public var reward: Double
  /// E_{y∼π} c.
  public var cost: Double
}
