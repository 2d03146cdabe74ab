/// Numbers that a run does not have are not recorded.
extension CurvePoint {
  enum CodingKeys: String, CodingKey {
    case step, loss, chosenLogRatio, rejectedLogRatio, accuracy, gradientNorm, learningRate, multiplier,
      promptMultipliers, expectedCost, auxiliaryLoss, auxiliaryAccuracy, rollouts
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(step, forKey: .step)
    try container.encode(loss, forKey: .loss)
    if rollouts == nil {
      try container.encode(chosenLogRatio, forKey: .chosenLogRatio)
      try container.encode(rejectedLogRatio, forKey: .rejectedLogRatio)
      try container.encode(accuracy, forKey: .accuracy)
    }
    try container.encode(gradientNorm, forKey: .gradientNorm)
    try container.encode(learningRate, forKey: .learningRate)
    try container.encodeIfPresent(multiplier, forKey: .multiplier)
    try container.encodeIfPresent(promptMultipliers, forKey: .promptMultipliers)
    try container.encodeIfPresent(expectedCost, forKey: .expectedCost)
    try container.encodeIfPresent(auxiliaryLoss, forKey: .auxiliaryLoss)
    try container.encodeIfPresent(auxiliaryAccuracy, forKey: .auxiliaryAccuracy)
    try container.encodeIfPresent(rollouts, forKey: .rollouts)
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let rollouts = try container.decodeIfPresent(RolloutPoint.self, forKey: .rollouts)
    func pairNumber(_ key: CodingKeys) throws -> Double {
      rollouts == nil ? try container.decode(Double.self, forKey: key) : 0
    }
    self.init(
      step: try container.decode(Int.self, forKey: .step), loss: try container.decode(Double.self, forKey: .loss),
      chosenLogRatio: try pairNumber(.chosenLogRatio), rejectedLogRatio: try pairNumber(.rejectedLogRatio),
      accuracy: try pairNumber(.accuracy), gradientNorm: try container.decode(Double.self, forKey: .gradientNorm),
      learningRate: try container.decode(Double.self, forKey: .learningRate))
    multiplier = try container.decodeIfPresent(Double.self, forKey: .multiplier)
    promptMultipliers = try container.decodeIfPresent([Double].self, forKey: .promptMultipliers)
    expectedCost = try container.decodeIfPresent(Double.self, forKey: .expectedCost)
    auxiliaryLoss = try container.decodeIfPresent(Double.self, forKey: .auxiliaryLoss)
    auxiliaryAccuracy = try container.decodeIfPresent(Double.self, forKey: .auxiliaryAccuracy)
    self.rollouts = rollouts
  }
}
