import Basics

/// Conservative DPO: DPO with smoothed labels.
///
///     L(h) = −(1 − ε) log σ(τh) − ε log σ(−τh)        L′(h) = −τ (1 − ε − σ(τh))
///
/// ε is the probability that a label is the wrong way round. L = DPO + ετh. Stationary at h = log((1 − ε)/ε)/τ.
///
/// Source: Mitchell 2023, "A note on DPO with noisy preferences", on DPO of arXiv 2305.18290.
public struct ConservativeDPO: LogisticObjective {
  public var tau = 0.1
  /// ε in [0, ½].
  public var epsilon = 0.1
  public var reduction = Reduction.sum

  public static let card = ObjectiveCard(
    id: "conservative-dpo", aliases: ["label-smoothing", "dpo-label-smoothing"], parameterAliases: smoothingAliases,
    title: "Conservative DPO",
    equation: "L = −(1 − ε) log σ(τh) − ε log σ(−τh)",
    tauDirection: "a larger τ keeps the policy closer to the reference",
    source: "Mitchell 2023, A note on DPO with noisy preferences, on DPO of arXiv 2305.18290",
    citationKey: "mitchell2023cdpo", labels: [.order],
    conventions:
      "often called cDPO, a name that constrained DPO also bears; TRL's DPO with label_smoothing = ε; log-probabilities are summed over response tokens",
    stationaryPoint: "h = log((1 − ε)/ε)/τ; none for ε = 0",
    populationOptimum: "h = logit(p̃)/τ, p̃ = (1 − 2ε) p + ε",
    stepZero: "ln 2")

  public init() {}

  public var complaint: String? {
    if let complaint = complaintAboutTau(tau) { return complaint }
    return (0...0.5).contains(epsilon) ? nil : "epsilon must lie in [0, 0.5], got \(epsilon)"
  }

  public func term(margin h: Double, label: PairLabel) -> LogisticTerm {
    LogisticTerm(z: tau * h, slope: tau, chosen: 1 - epsilon, rejected: epsilon)
  }

  public func stationary(_ label: PairLabel) -> StationaryMargin {
    epsilon == 0 ? .none : .at(-logit(epsilon) / tau)
  }
}

/// The names that other codebases give to ε.
let smoothingAliases = ["beta": "tau", "label_smoothing": "epsilon"]
