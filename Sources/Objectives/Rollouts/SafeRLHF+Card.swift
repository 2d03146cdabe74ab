import Basics

extension SafeRLHF {
  public static let card = ObjectiveCard(
    id: "safe-rlhf", aliases: ["ppo-lag", "ppo-lagrangian"],
    parameterAliases: [
      "beta": "tau", "kl_coeff": "tau", "threshold": "budget", "lambda_init": "lambdaInitial",
      "lambda_lr": "lambdaRate",
      "lambda_max": "lambdaMax", "clip_range_ratio": "clipRatio", "clip_range_score": "clipScore",
      "clip_range_value": "clipValue", "ptx_coeff": "ptxCoefficient", "gamma": "discount", "gae_lambda": "gaeDecay",
      "update_iters": "innerEpochs",
    ],
    title: "Safe RLHF (PPO-Lagrangian)",
    equation:
      "L = −min(ρA, clip(ρ, 1 ± ε) A),  A = (A_r − λA_c)/(1 + λ),  r̂ = r − τℓ,  ĉ = c + τℓ;  ln λ ← ln λ + ηλ (J_C − d)",
    tauDirection: "a larger τ keeps the policy closer to the reference; with klPlacement both, so does a larger λ",
    source: "Dai et al. 2023 (ICLR 2024), arXiv 2310.12773, and its code",
    citationKey: "dai2024saferlhf", labels: [.rewards, .costs],
    conventions:
      "learns from responses of the policy itself, not from pairs; c above 0 means unsafe and E c ≤ budget is asked, the paper writes E c + d ≤ 0; τ is what each stream carries: the code since April 2024, half of the paper's β; λ moves first in a step and is used at once; advantages are not whitened; lambdaScope prompt gives every prompt its own λ and budget, costTail below 1 bounds the mean of the worst share of the costs (CVaR), combiner multiplicative learns from (r − r_min)(1 − σ(c)) without a budget; the default τ, lambdaMax and criticRate are ours, `safe-rlhf-script` and `safe-rlhf-paper` have published ones; the ptx term needs texts, which a table has not: there ptxCoefficient does nothing",
    stationaryPoint:
      "π ∝ π_ref e^{(r − λc)/(τ(1 + λ))} for klPlacement both, π_ref e^{(r − λc)/τ} for rewardOnly; π_ref e^{f/τ}, f = (r − r_min)(1 − σ(c)), for combiner multiplicative",
    populationOptimum:
      "the stationary policy at the λ that keeps E_π c = d: `both` is the constrained optimum for the KL weight τ(1 + λ), not τ; none for a budget out of reach, where λ ends at lambdaMax",
    stepZero: "minus the mean advantage: ρ = 1, KL 0")

  /// The values of the official training script.
  public static let script: SafeRLHF = {
    var objective = SafeRLHF()
    objective.tau = 0.01
    objective.lambdaRate = 0.1
    objective.lambdaMax = 5
    objective.ptxCoefficient = 16
    return objective
  }()

  public static let scriptCard: ObjectiveCard = {
    var card = SafeRLHF.card
    card.id = "safe-rlhf-script"
    card.aliases = []
    card.title = "Safe RLHF with the values of the official script"
    card.source = "Dai et al. 2023 (ICLR 2024), arXiv 2310.12773; scripts/ppo-lag.sh of its code after April 2024"
    card.conventions =
      "read in the script: kl_coeff 0.01, threshold 0, lambda_init 1, lambda_lr 0.1, lambda_max 5, delay 0, window 128 on each device, clip_range_ratio 0.2, clip_range_score 50, clip_range_value 5, update_iters 1, γ 1, λ_GAE 0.95, 16 prompts on each of 8 devices; ptx_coeff 16; criticRate is ours; `explain safe-rlhf` has the conventions of the method"
    return card
  }()

  /// The values of the paper's first round, where they are known.
  public static let paper: SafeRLHF = {
    var objective = SafeRLHF.script
    objective.lambdaRate = 0.01
    return objective
  }()

  public static let paperCard: ObjectiveCard = {
    var card = SafeRLHF.card
    card.id = "safe-rlhf-paper"
    card.aliases = []
    card.title = "Safe RLHF with the values of the paper's first round"
    card.source = "Dai et al. 2023 (ICLR 2024), arXiv 2310.12773, Table 4, as reviews report it"
    card.conventions =
      "the paper's, by second-hand report: threshold 0, λ₀ 1, η 0.01 in round 1 (−3, 0.5, 0.04 in round 2; −3, 1, 0.04 in round 3, to be set by hand); everything else is the script's, because the paper's KL weight and clip ratio could not be confirmed; criticRate is ours; `explain safe-rlhf` has the conventions of the method"
    return card
  }()

  public var complaint: String? {
    if let complaint = complaintAboutTau(tau) ?? complaintAboutBudget(budget) ?? complaintAboutLambda {
      return complaint
    }
    if let complaint = complaintAboutVariant { return complaint }
    if window < 1 { return "window must hold at least 1 cost, got \(window)" }
    if samples < 0 { return "samples must not be negative, got \(samples)" }
    if groupSize < 1 { return "groupSize must be at least 1, got \(groupSize)" }
    if samples % groupSize != 0 { return "samples must be a multiple of groupSize, got \(samples) and \(groupSize)" }
    if advantage != .critics, samples > 0, groupSize < 2 {
      return "groupSize must be at least 2 for advantage \(advantage.rawValue): responses to one prompt are compared"
    }
    if innerEpochs < 1 { return "innerEpochs must be at least 1, got \(innerEpochs)" }
    for (name, value) in [
      ("clipRatio", clipRatio), ("clipScore", clipScore), ("clipValue", clipValue), ("criticRate", criticRate),
    ] where !(value > 0 && value.isFinite) {
      return "\(name) must be positive and finite, got \(value)"
    }
    if !(ptxCoefficient >= 0 && ptxCoefficient.isFinite) {
      return "ptxCoefficient must not be negative, got \(ptxCoefficient)"
    }
    for (name, value) in [("discount", discount), ("gaeDecay", gaeDecay)] where !(0...1).contains(value) {
      return "\(name) must lie in [0, 1], got \(value)"
    }
    return nil
  }

  private var complaintAboutVariant: String? {
    if !(costTail > 0 && costTail <= 1) { return "costTail must lie in (0, 1], got \(costTail)" }
    if case .given(let floor) = rewardFloor {
      if !floor.isFinite { return "rewardFloor must be finite, got \(floor)" }
      if combiner != .multiplicative { return "rewardFloor says nothing to combiner \(combiner.rawValue)" }
    }
    if lambdaScope == .prompt, !combiner.readsBudget {
      return "lambdaScope prompt says nothing to combiner \(combiner.rawValue), which has no budget to keep"
    }
    if costTail < 1, combiner == .multiplicative { return "costTail says nothing to combiner multiplicative" }
    return nil
  }

  private var complaintAboutLambda: String? {
    if !(lambdaMax > 0 && lambdaMax.isFinite) { return "lambdaMax must be positive and finite, got \(lambdaMax)" }
    if !(lambdaInitial >= 0 && lambdaInitial <= lambdaMax) {
      return "lambdaInitial must lie in [0, lambdaMax], got \(lambdaInitial)"
    }
    if lambdaInitial == 0, lambdaUpdate == .logarithmic, combiner.learnsMultiplier {
      return "lambdaInitial must be above 0 for lambdaUpdate logarithmic, which can never leave 0"
    }
    if !(lambdaRate > 0 && lambdaRate.isFinite) { return "lambdaRate must be positive and finite, got \(lambdaRate)" }
    return lambdaDelay < 0 ? "lambdaDelay must not be negative, got \(lambdaDelay)" : nil
  }
}
