import Basics
import Kernels
import Policies
import Training

/// Adam on the exact gradient of a KL-regularised expected reward over one prompt's responses.
///
///     J(θ) = E_π[R] − τ KL(π ‖ π_ref)           ∂J/∂θ = Σ_y π(y) (R(y) − τ log π(y)/π_ref(y)) ∂log π(y)/∂θ
///
/// With a constraint E_π[s] ≥ b the reward is R + λ s, and after every step λ ← max(0, λ + η (b − E_π[s])).
/// Nothing is drawn, so there is one course for each problem.
struct ExactAscent {
  /// R, [responses].
  var reward: [Double]
  /// π_ref, [responses].
  var reference: [Double]
  var tau: Double
  var constraint: Constraint?

  struct Constraint {
    /// s, [responses].
    var safety: [Double]
    /// b
    var budget: Double
    /// η
    var rate: Double
    /// λ
    var multiplier = 0.0
  }

  /// Starts from logits of zero and tells `observe` the number of steps done and the probabilities, step 0 included.
  mutating func run(_ observe: (Int, [Double]) -> Void) {
    let responses = reward.indices
    let queries = responses.map { TabularQuery(prompt: 0, response: $0) }
    let training = IllustrativeExperiment.training
    var policy = TabularPolicy(
      promptCount: 1, responseCount: reward.count, logits: [Double](repeating: 0, count: reward.count))
    var gradient = policy.zeroGradient()
    var optimiser = AdamW(like: gradient, configuration: training)
    var tape = policy.makeTape()
    observe(0, policy.logProbabilities(prompt: 0).map(exponential))
    for step in 1...training.steps {
      gradient.setZero()
      let scores = policy.score(queries, tape: &tape)
      let cotangents = responses.map { response in
        let pull = reward(of: response) - tau * (scores[response] - naturalLogarithm(reference[response]))
        return -exponential(scores[response]) * pull
      }
      policy.pullback(cotangents, tape: &tape, into: &gradient)
      optimiser.step(&policy, gradient: gradient, scale: 1, learningRate: training.learningRate(step: step - 1))
      let probabilities = policy.logProbabilities(prompt: 0).map(exponential)
      moveDual(probabilities)
      if step % IllustrativeExperiment.recordEvery == 0 { observe(step, probabilities) }
    }
  }

  /// R + λ s of one response.
  private func reward(of response: Int) -> Double {
    reward[response] + (constraint.map { $0.multiplier * $0.safety[response] } ?? 0)
  }

  private mutating func moveDual(_ policy: [Double]) {
    guard var constraint else { return }
    let safety = zip(policy, constraint.safety).reduce(0) { $0 + $1.0 * $1.1 }
    constraint.multiplier = max(0, constraint.multiplier + constraint.rate * (constraint.budget - safety))
    self.constraint = constraint
  }
}
