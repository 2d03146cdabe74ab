import Basics

/// Safe RLHF: PPO-Lagrangian on the policy's own responses.
///
///     max_π E r − (KL penalty)  subject to  E_{y∼π} c ≤ d
///     λ:        ln λ ← ln λ + ηλ (J_C − d),  J_C the mean cost of the last `window` responses; first in every step
///     signals:  r̂_t = −τℓ_t + R·1[t = T],  ĉ_t = τℓ_t + C·1[t = T],  clamped to ±clipScore
///     A:        (A_r − λA_c)/(1 + λ),  each by GAE with its own critic
///     actor:    mean over responses of the mean over tokens of −min(ρA, clip(ρ, 1 ± clipRatio) A)
///     critics:  ½ max((V − G)², (clip(V, V_old ± clipValue) − G)²)
///
/// Every hyper-parameter that takes the place of a critic, of the combination or of the update of λ is one choice of a name, and
/// touches one line. The language-modelling (ptx) term is −ptxCoefficient · mean log π over the tokens of given texts; a table has no
/// texts. The code adds the two gradients halved, which a learning rate takes up.
///
/// Source: Dai et al. 2023 (ICLR 2024), arXiv 2310.12773, and its code for what the paper leaves open.
public struct SafeRLHF: RolloutObjective {
  /// τ: weight of the KL penalty in every stream that carries it (the code's `kl_coeff`).
  public var tau = 0.1
  /// d: the largest expected cost allowed (the code's `threshold`; the paper's −d).
  public var budget = 0.0
  public var klPlacement = KLPlacement.both
  public var combiner = AdvantageCombiner.lagrangian
  public var advantage = AdvantageSource.critics
  public var lambdaUpdate = MultiplierUpdate.logarithmic
  /// λ before the first step; ν or κ of a combiner that does not learn it.
  public var lambdaInitial = 1.0
  /// η of λ: the paper's. A policy that moves slowly needs a λ that moves slowly, or both swing.
  public var lambdaRate = 0.01
  public var lambdaMax = 20.0
  /// Steps before λ first moves.
  public var lambdaDelay = 0
  /// Costs of how many responses J_C averages.
  public var window = 128
  /// Responses per step; 0 takes the exact expectation over a table.
  public var samples = 128
  /// Responses to the same prompt; at least 2 without critics.
  public var groupSize = 1
  public var innerEpochs = 1
  public var clipRatio = 0.2
  public var clipScore = 50.0
  public var clipValue = 5.0
  /// γ.
  public var discount = 1.0
  /// λ of GAE.
  public var gaeDecay = 0.95
  /// The share of its error that a critic's step takes away: V ← V − criticRate · mean over the prompt's responses of ∂L/∂V on a
  /// table, the same in the direction of the features for a linear critic.
  public var criticRate = 0.1
  /// Whether one λ keeps the budget on average, or one of each prompt's own keeps it on every prompt.
  public var lambdaScope = MultiplierScope.all
  /// α: J_C is the mean of the worst share α of the costs in the window, CVaR_α, and each response's cost q + (c − q)₊/α with q the
  /// window's VaR_α; 1 is the plain mean. A small α makes signals of up to (c − q)/α, which `clipScore` may cut.
  public var costTail = 1.0
  /// r_min of the combiner `multiplicative`.
  public var rewardFloor = RewardFloor.running
  /// Weight of the language-modelling term beside the actor's loss; a language model only.
  public var ptxCoefficient = 0.0

  public init() {}

  /// Records made before them do not have these.
  public static let laterParameters: Set<String> = ["lambdaScope", "costTail", "rewardFloor", "ptxCoefficient"]

  public var costRisk: RiskMeasure { .cvar(costTail) }

  public var collection: RolloutCollection {
    RolloutCollection(
      samples: samples, groupSize: groupSize, innerEpochs: innerEpochs, usesCritics: advantage == .critics,
      criticRate: criticRate)
  }

  public var multiplierLaw: MultiplierLaw {
    var law = MultiplierLaw(
      update: lambdaUpdate, budget: budget, initial: lambdaInitial, rate: lambdaRate, maximum: lambdaMax,
      delay: lambdaDelay)
    law.isLearned = combiner.learnsMultiplier
    return law
  }

  public func targets(_ group: [ScoredRollout], under signal: ConstraintSignal) -> [RolloutTarget] {
    let signals = group.map {
      shapedTokenRewards(
        logRatios: $0.logRatios, scores: effectiveScores($0.scores, under: signal), tau: tau, placement: klPlacement,
        clipScore: clipScore)
    }
    func combine(_ streams: TokenStreams) -> [Double] {
      zip(streams.reward, streams.cost).map {
        combiner.combine(reward: $0, cost: $1, multiplier: signal.multiplier, isViolated: signal.isViolated)
      }
    }
    guard advantage == .critics else {
      return compared(group, signals).map { RolloutTarget(advantages: combine($0), returns: nil) }
    }
    return zip(group, signals).map { rollout, signal in
      guard let values = rollout.values else { preconditionFailure("GAE needs the critics' values") }
      func estimate(_ rewards: [Double], _ values: [Double]) -> [Double] {
        generalisedAdvantages(rewards: rewards, values: values, discount: discount, decay: gaeDecay)
      }
      let streams = TokenStreams(
        reward: estimate(signal.reward, values.reward), cost: estimate(signal.cost, values.cost))
      let returns = TokenStreams(
        reward: zip(streams.reward, values.reward).map(+), cost: zip(streams.cost, values.cost).map(+))
      return RolloutTarget(advantages: combine(streams), returns: returns)
    }
  }

  /// What a response's reward and cost count as: the multiplicative value for the reward where the combiner asks for it, the tail's
  /// signal for the cost.
  private func effectiveScores(_ scores: ResponseScores, under signal: ConstraintSignal) -> ResponseScores {
    ResponseScores(
      reward: combiner == .multiplicative
        ? multiplicativeValue(scores, rewardFloor: rewardFloor.value(lowest: signal.lowestReward)) : scores.reward,
      cost: costRisk.signal(scores.cost, quantile: signal.costQuantile))
  }

  /// The responses compared with each other by the sum of their signals, the same advantage at every token.
  private func compared(_ group: [ScoredRollout], _ signals: [TokenStreams]) -> [TokenStreams] {
    let total = group.reduce(0) { $0 + $1.weight }
    let weights = group[0].isExact ? group.map { $0.weight / total } : nil
    func advantages(_ totals: [Double]) -> [Double] {
      groupAdvantages(totals, source: advantage, weights: weights)
    }
    let reward = advantages(signals.map { $0.reward.reduce(0, +) })
    let cost = advantages(signals.map { $0.cost.reduce(0, +) })
    return zip(signals, zip(reward, cost)).map { signal, advantages in
      let count = signal.reward.count
      return TokenStreams(
        reward: [Double](repeating: advantages.0, count: count), cost: [Double](repeating: advantages.1, count: count))
    }
  }

  public func actorLoss(logProbability: Double, old: Double, advantage: Double) -> ClippedLoss {
    clippedSurrogate(logProbability: logProbability, old: old, advantage: advantage, clipRatio: clipRatio)
  }

  public func criticLoss(value: Double, old: Double, target: Double) -> ClippedLoss {
    clippedValueLoss(value: value, old: old, target: target, clipValue: clipValue)
  }
}
