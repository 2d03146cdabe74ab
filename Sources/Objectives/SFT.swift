/// Supervised fine-tuning: the negative log-likelihood of the chosen response.
///
///     L = −log π(y_w|x)
///
/// Source: Ouyang et al. 2022 (NeurIPS), arXiv 2203.02155, step 1.
public struct SFT: Objective {
  public var reduction = Reduction.sum

  public static let card = ObjectiveCard(
    id: "sft", aliases: ["nll"], title: "SFT",
    equation: "L = −log π(y_w|x)",
    tauDirection: "no τ: nothing holds the policy to the reference",
    source: "Ouyang et al. 2022 (NeurIPS), arXiv 2203.02155",
    citationKey: "ouyang2022instructgpt", labels: [.order],
    conventions:
      "one loss a pair, whatever its length; most trainers average over all tokens of a batch, so that long responses weigh more",
    stationaryPoint: "none: the chosen response is always raised",
    populationOptimum: "π(y) = probability that y is the chosen response; no reference, the rejected ones unseen",
    stepZero: "−log π_ref(y_w|x)")

  public init() {}

  public var complaint: String? { nil }

  public func evaluate(_ pair: PairSample) -> PairEvaluation {
    pair.evaluation(loss: -pair.chosenLogProbability(reduction), dChosen: -1, dRejected: 0, reduction)
  }
}
