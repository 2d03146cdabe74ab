import Basics
import Laboratory

/// Everything that the illustrative experiment found, as JSON.
public struct IllustrationRecord: Codable, Sendable {
  public var schema = 1
  public var paper = IllustrationText.paper
  public var reconstructed = IllustrationText.reconstructed
  public var seeds: Int
  /// Wall-clock seconds of training, all workers together; the only numbers that differ between runs are seconds.
  public var seconds: Double
  public var designs: [Design]

  public struct Design: Codable, Sendable {
    public var id: String
    public var summary: String
    public var helpfulness: [Int]
    public var safe: [Bool]
    /// Response names, best first, as BFPO's reward ranks them.
    public var ranking: [String]
    public var impliedReward: ImpliedReward
    public var methods: [Method]
  }

  public struct Method: Codable, Sendable {
    public var id: String
    public var title: String
    /// π(y) after training, [responses].
    public var mean: [Double]
    public var standardDeviation: [Double]
    /// By seed, [runs][responses].
    public var finals: [[Double]]
    /// [responses]; absent where there is no optimum.
    public var exact: [Double]?
    public var noOptimum: String?
    public var safety: Double
    public var exactSafety: Double?
    public var multiplier: Double?
    public var exactMultiplier: Double?
    /// Runs whose final policy has the ranking.
    public var ranked: Int
    public var seconds: Double
  }

  public init(_ results: [IllustrationResult], seeds: Int, seconds: Double) {
    self.seeds = seeds
    self.seconds = seconds
    designs = results.map { result in
      Design(
        id: result.design.id, summary: result.design.summary, helpfulness: result.design.helpfulness,
        safe: result.design.isSafe, ranking: result.design.ranking.map(result.design.name),
        impliedReward: result.impliedReward, methods: result.outcomes.map { Method($0, of: result) })
    }
  }
}

extension IllustrationRecord.Method {
  init(_ outcome: IllustrativeOutcome, of result: IllustrationResult) {
    id = outcome.method.id
    title = outcome.method.title
    mean = outcome.mean
    standardDeviation = outcome.standardDeviation
    finals = outcome.runs.map(\.final)
    safety = result.safety(of: outcome.mean)
    multiplier = outcome.runs[0].multiplier
    ranked = result.recoveries(of: outcome)
    seconds = outcome.seconds
    switch outcome.exact {
    case .policy(let policy, let multiplier):
      exact = policy
      exactSafety = result.safety(of: policy)
      exactMultiplier = multiplier
    case .none(let reason): noOptimum = reason
    }
  }
}
