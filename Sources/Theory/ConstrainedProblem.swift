import Basics

/// One prompt of a constrained problem: its weight, and what each response gains and costs.
public struct ConstrainedPrompt: Hashable, Sendable {
  /// p(x).
  public var weight: Double
  /// π_ref(·|x) [K].
  public var reference: [Double]
  /// r(x, ·) [K].
  public var reward: [Double]
  /// c(x, ·) [K].
  public var cost: [Double]

  public init(weight: Double = 1, reference: [Double], reward: [Double], cost: [Double]) {
    precondition(
      reference.count == reward.count && reference.count == cost.count && weight > 0,
      "\(reference.count) probabilities, \(reward.count) rewards, \(cost.count) costs, weight \(weight)")
    self.weight = weight
    self.reference = reference
    self.reward = reward
    self.cost = cost
  }
}

/// Reward under a KL penalty and a budget for the expected cost:
///
///     max_π E r − β E_x KL(π ‖ π_ref)   such that   E c ≤ d
///
/// Its dual has one variable λ ≥ 0 and is smooth and convex:
///
///     π_λ ∝ π_ref e^{(r − λc)/β}              D(λ) = β E_x log E_ref e^{(r − λc)/β} + λ d
///     D′(λ) = d − E_{π_λ} c                   D″(λ) = E_x Var_{π_λ}(c) / β
///
/// Prompts may have different numbers of responses. β, r and c·λ share units; KL is in nats.
///
/// Source: constrained DPO, arXiv 2403.02475; one-shot safety alignment (MoCAN), arXiv 2405.19544, with g = −c and b = −d.
public struct ConstrainedProblem: Hashable, Sendable {
  /// At least one; weights sum to one.
  public let prompts: [ConstrainedPrompt]
  /// β > 0.
  public let beta: Double
  /// d.
  public let budget: Double

  /// - Parameter prompts: weights are divided by their sum.
  public init(_ prompts: [ConstrainedPrompt], beta: Double, budget: Double) {
    precondition(!prompts.isEmpty, "a constrained problem needs a prompt")
    precondition(beta > 0 && budget.isFinite, "β must be positive and the budget finite, got \(beta) and \(budget)")
    let total = prompts.reduce(0) { $0 + $1.weight }
    self.prompts = prompts.map { prompt in
      var prompt = prompt
      prompt.weight /= total
      return prompt
    }
    self.beta = beta
    self.budget = budget
  }

  /// The problem in the sign of one-shot safety alignment: E g ≥ b for a safety score g, which is c = −g and d = −b.
  ///
  /// - Parameter prompts: with the safety score g in place of the cost.
  public init(scored prompts: [ConstrainedPrompt], beta: Double, atLeast level: Double) {
    let costs = prompts.map { prompt in
      var prompt = prompt
      prompt.cost = prompt.cost.map { -$0 }
      return prompt
    }
    self.init(costs, beta: beta, budget: -level)
  }

  /// E_x min_y c(x, y) over the reference's support: what no policy can go below.
  public var leastCost: Double {
    prompts.reduce(0) { total, prompt in
      let possible = zip(prompt.cost, prompt.reference).filter { $0.1 > 0 }.map(\.0)
      return total + prompt.weight * (possible.min() ?? 0)
    }
  }

  /// The dual function and its derivatives at λ, with the policies π_λ that attain it.
  public func dual(at multiplier: Double) -> DualPoint {
    let optima = prompts.map { prompt in
      GibbsOptimum(
        reference: prompt.reference, reward: zip(prompt.reward, prompt.cost).map { $0 - multiplier * $1 },
        temperature: beta)
    }
    let outcome = outcome(of: optima.map(\.policy))
    let value = zip(prompts, optima).reduce(multiplier * budget) { $0 + $1.0.weight * $1.1.value }
    return DualPoint(
      multiplier: multiplier, value: value, slope: budget - outcome.cost, curvature: outcome.costVariance / beta,
      outcome: outcome)
  }

  /// What policies attain on this problem.
  ///
  /// - Parameter policies: [prompts][responses].
  public func outcome(of policies: [[Double]]) -> ConstrainedOutcome {
    precondition(policies.count == prompts.count, "\(policies.count) policies for \(prompts.count) prompts")
    var outcome = ConstrainedOutcome(policies: policies, reward: 0, cost: 0, kl: 0, costVariance: 0, covariance: 0)
    for (prompt, policy) in zip(prompts, policies) {
      let reward = expectation(prompt.reward, under: policy)
      let cost = expectation(prompt.cost, under: policy)
      outcome.reward += prompt.weight * reward
      outcome.cost += prompt.weight * cost
      outcome.kl += prompt.weight * divergence(policy, from: prompt.reference)
      let excess = prompt.cost.map { $0 - cost }
      outcome.costVariance += prompt.weight * expectation(excess.map { $0 * $0 }, under: policy)
      outcome.covariance +=
        prompt.weight * expectation(zip(prompt.reward, excess).map { ($0 - reward) * $1 }, under: policy)
    }
    return outcome
  }
}

/// Expectations of a policy on a constrained problem, averaged over prompts.
public struct ConstrainedOutcome: Hashable, Sendable {
  /// π(·|x) [prompts][responses].
  public var policies: [[Double]]
  /// E r.
  public var reward: Double
  /// E c.
  public var cost: Double
  /// E_x KL(π ‖ π_ref), nats.
  public var kl: Double
  /// E_x Var_π(c|x).
  public var costVariance: Double
  /// E_x Cov_π(r, c|x).
  public var covariance: Double

  /// E r − β KL.
  public func primal(beta: Double) -> Double { reward - beta * kl }
}

/// The dual function at one λ.
public struct DualPoint: Hashable, Sendable {
  /// λ ≥ 0.
  public var multiplier: Double
  /// D(λ).
  public var value: Double
  /// D′(λ) = d − E c.
  public var slope: Double
  /// D″(λ) = E_x Var(c)/β.
  public var curvature: Double
  /// What π_λ attains.
  public var outcome: ConstrainedOutcome
}
