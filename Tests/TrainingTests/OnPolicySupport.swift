import Basics
import Objectives
import Policies
import TestSupport
import Theory
import Training

/// Two prompts and four responses with a known fixed point, as a table that writes its own responses.
struct TwoPromptRun {
  static let problem = Fixtures.twoPrompts
  var objective: SafeRLHF
  var configuration: TrainingConfiguration

  /// Adam with β₂ = 0.95, learning rate 0.02 and a cosine: the setting of the reference measurement.
  init(steps: Int, _ change: (inout SafeRLHF) -> Void = { _ in }) {
    objective = SafeRLHF()
    (objective.tau, objective.budget, objective.lambdaMax, objective.lambdaRate) = (0.5, -0.2, 5, 0.1)
    change(&objective)
    configuration = TrainingConfiguration()
    configuration.steps = steps
    configuration.learningRate = 0.02
    configuration.beta2 = 0.95
    configuration.schedule = .cosine
  }

  static let reference = problem.prompts.map { $0.reference.map(naturalLogarithm) }
  static let scores = problem.prompts.map { prompt in
    zip(prompt.reward, prompt.cost).map { ResponseScores(reward: $0, cost: $1) }
  }

  static func policy() -> TabularPolicy {
    TabularPolicy(promptCount: 2, responseCount: 4, logits: reference.flatMap(\.self))
  }

  struct Result {
    var curve: TrainingCurve
    var outcome: ConstrainedOutcome
    var logits: [Double]

    var multiplier: Double { curve.points.last?.multiplier ?? .nan }
    var late: ArraySlice<CurvePoint> { curve.points.suffix(curve.points.count / 4) }

    func lateMean(_ value: (CurvePoint) -> Double) -> Double { late.reduce(0) { $0 + value($1) } / Double(late.count) }
  }

  func run(
    seed: Int = 0, scores: [[ResponseScores]] = TwoPromptRun.scores,
    afterStep: (Int, borrowing TabularPolicy) throws -> Void = { _, _ in }
  ) throws -> Result {
    var policy = Self.policy()
    let curve = try trainOnPolicy(
      &policy, source: .table(reference: Self.reference, scores: scores),
      critics: TabularCritics(promptCount: 2, rate: objective.criticRate), objective: objective,
      configuration: configuration, seed: SeedTree(seed), stepZeroTolerance: 1e-12, afterStep: afterStep)
    let policies = (0..<2).map { policy.logProbabilities(prompt: $0).map(exponential) }
    return Result(curve: curve, outcome: Self.problem.outcome(of: policies), logits: policy.logits)
  }
}
