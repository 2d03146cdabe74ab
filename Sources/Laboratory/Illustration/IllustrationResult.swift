import Basics

/// One run of one method.
public struct IllustrativeRun: Sendable {
  public var seed: Int
  /// Steps done at each recorded point, from 0, [points].
  public var steps: [Int]
  /// π(y) at each recorded point, [points][responses].
  public var probabilities: [[Double]]
  /// The constrained baseline's last λ, its dual variable.
  public var multiplier: Double?
  public var seconds: Double

  public init(
    seed: Int, steps: [Int], probabilities: [[Double]], multiplier: Double? = nil, seconds: Double
  ) {
    precondition(
      !steps.isEmpty && steps.count == probabilities.count, "\(steps.count) steps, \(probabilities.count) policies")
    self.seed = seed
    self.steps = steps
    self.probabilities = probabilities
    self.multiplier = multiplier
    self.seconds = seconds
  }

  /// π(y) at the end, [responses].
  public var final: [Double] { probabilities[probabilities.count - 1] }
}

/// What is known of the policy that a method would reach with infinite data and training.
public enum ExactOptimum: Sendable {
  /// The unique minimiser of the expected loss, or maximiser of the regularised reward, [responses]; λ where there is one.
  case policy([Double], multiplier: Double?)
  /// There is none, for this reason.
  case none(String)

  /// [responses]
  public var policy: [Double]? {
    if case .policy(let policy, _) = self { return policy }
    return nil
  }
}

/// All runs of one method on one design.
public struct IllustrativeOutcome: Sendable {
  public var method: IllustrativeMethod
  /// By seed; one run when nothing is drawn.
  public var runs: [IllustrativeRun]
  public var exact: ExactOptimum

  public init(method: IllustrativeMethod, runs: [IllustrativeRun], exact: ExactOptimum) {
    precondition(!runs.isEmpty, "an outcome needs a run")
    self.method = method
    self.runs = runs
    self.exact = exact
  }

  /// Steps done at each recorded point, [points].
  public var steps: [Int] { runs[0].steps }

  /// π(y) of every run at one recorded point, [runs].
  public func probabilities(of response: Int, at point: Int) -> [Double] {
    runs.map { $0.probabilities[point][response] }
  }

  /// Mean over runs of the final π(y), [responses].
  public var mean: [Double] { perResponse(Basics.mean) }

  /// Standard deviation over runs (divisor n − 1; 0 for one run) of the final π(y), [responses].
  public var standardDeviation: [Double] { perResponse(Basics.standardDeviation) }

  private func perResponse(_ statistic: ([Double]) -> Double) -> [Double] {
    runs[0].final.indices.map { response in statistic(runs.map { $0.final[response] }) }
  }

  /// Wall-clock seconds of all runs together.
  public var seconds: Double { runs.reduce(0) { $0 + $1.seconds } }
}

/// The illustrative experiment on one design.
public struct IllustrationResult: Sendable {
  public var design: IllustrativeDesign
  public var outcomes: [IllustrativeOutcome]
  public var impliedReward: ImpliedReward

  public init(design: IllustrativeDesign, outcomes: [IllustrativeOutcome], impliedReward: ImpliedReward) {
    self.design = design
    self.outcomes = outcomes
    self.impliedReward = impliedReward
  }

  /// E_π[s], the probability of a safe response.
  public func safety(of policy: [Double]) -> Double { zip(policy, design.safety).reduce(0) { $0 + $1.0 * $1.1 } }

  /// E_π[s] of every run's final policy, [runs].
  public func safeties(of outcome: IllustrativeOutcome) -> [Double] { outcome.runs.map { safety(of: $0.final) } }

  /// Whether a policy ranks the responses as BFPO's reward does, each by more than ``tieWidth``.
  public func recoversRanking(_ policy: [Double]) -> Bool {
    zip(design.ranking, design.ranking.dropFirst()).allSatisfy { policy[$0] > policy[$1] + Self.tieWidth }
  }

  /// Probabilities within this count as tied; BFPO's optimum has gaps of at least 0.033.
  public static let tieWidth = 0.005

  /// The number of runs whose final policy has BFPO's ranking.
  public func recoveries(of outcome: IllustrativeOutcome) -> Int {
    outcome.runs.count { recoversRanking($0.final) }
  }
}
