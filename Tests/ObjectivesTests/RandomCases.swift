import Basics
import Objectives

extension CatalogueEntry {
  /// The objective with random hyper-parameters, each drawn around its default.
  func randomObjective(_ random: inout RandomStream, reduction: Reduction? = nil) throws -> any Objective {
    var settings: [String: JSONValue] = [:]
    for (name, value) in parameters.sorted(by: { $0.key < $1.key }) {
      let choices: [JSONValue] =
        switch (name, value) {
        case ("tau", _): [0.01, 0.03, 0.1, 0.5, 1, 2, 5].map(JSONValue.number)
        case ("generator", _): BregmanGenerator.allCases.map { .string($0.rawValue) }
        case ("reduction", _): (reduction.map { [$0] } ?? Reduction.allCases).map { .string($0.rawValue) }
        case (_, .bool): [.bool(true), .bool(false)]
        case (_, .number(let number)): [0.5 * number, number, 2 * number].map(JSONValue.number)
        default: [value]
        }
      let choice = choices[random.below(choices.count)]
      if (try? make([name: choice])) != nil { settings[name] = choice }
    }
    return try make(settings)
  }
}

extension PairSample {
  /// Responses of up to 60 tokens, some nats from the reference, with every label and the means of a batch.
  static func random(_ random: inout RandomStream) -> PairSample {
    PairSample(
      policyChosen: -40 + 8 * random.normal(), policyRejected: -40 + 8 * random.normal(),
      referenceChosen: -40 + 8 * random.normal(), referenceRejected: -40 + 8 * random.normal(),
      chosenTokens: 1 + random.below(60), rejectedTokens: 1 + random.below(60), label: .random(&random),
      batch: BatchMeans(chosenLogRatio: 3 * random.normal(), rejectedLogRatio: 3 * random.normal()))
  }
}

extension PairLabel {
  static func random(_ random: inout RandomStream) -> PairLabel {
    PairLabel(
      chosenSafe: random.below(2) == 1, rejectedSafe: random.below(2) == 1,
      chosenScores: ResponseScores(reward: random.normal(), cost: random.normal()),
      rejectedScores: ResponseScores(reward: random.normal(), cost: random.normal()),
      multiplier: random.below(3) == 0 ? 0 : 2 * random.uniform())
  }
}
