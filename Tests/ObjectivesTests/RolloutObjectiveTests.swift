import Basics
import Foundation
import Objectives
import TestSupport
import Testing

/// Safe RLHF as a method of the catalogue, and the targets that it makes of responses.
@Suite struct RolloutObjectiveTests {
  @Test func `it is found by its names, and other codebases' hyper-parameters are known`() throws {
    for name in ["safe-rlhf", "PPO-Lag", "safe-rlhf-script", "safe-rlhf-paper"] {
      #expect(try catalogueEntry(name).method is SafeRLHF)
    }
    let made = try catalogueEntry("safe-rlhf").makeMethod([
      "kl_coeff": .number(0.3), "threshold": .number(-1), "klPlacement": .string("rewardOnly"),
    ])
    let objective = try #require(made as? SafeRLHF)
    #expect(objective.tau == 0.3 && objective.budget == -1 && objective.klPlacement == .rewardOnly)
  }

  @Test func `presets differ from the defaults where their cards say so`() throws {
    let script = try #require(try catalogueEntry("safe-rlhf-script").makeMethod([:]) as? SafeRLHF)
    #expect(script.tau == 0.01 && script.lambdaMax == 5 && script.lambdaRate == 0.1 && script.lambdaInitial == 1)
    #expect(script.samples == 128 && script.window == 128 && script.clipRatio == 0.2 && script.gaeDecay == 0.95)
    let paper = try #require(try catalogueEntry("safe-rlhf-paper").makeMethod([:]) as? SafeRLHF)
    #expect(paper.lambdaRate == 0.01)
    for card in rolloutCatalogue.map(\.card) { #expect(card.source.contains("2310.12773")) }
  }

  @Test func `cards are complete, names unique, sources in the bibliography`() throws {
    let all = (catalogue + rolloutCatalogue).flatMap { [$0.card.id] + $0.card.aliases }
    #expect(Set(all).count == all.count)
    let bibliography = try String(contentsOf: packageRoot.appending(path: "Paper/references.bib"), encoding: .utf8)
    for entry in rolloutCatalogue {
      #expect(bibliography.contains("{\(entry.card.citationKey),") && entry.card.tauDirection.contains("τ"))
      let parameters = try #require(try JSONValue(encoding: try entry.makeMethod([:])).object)
      #expect(parameters == entry.parameters)
      for (alias, name) in entry.card.parameterAliases { #expect(parameters[name] != nil, "\(alias)") }
    }
  }

  @Test func `asking for the loss of a pair is refused with the reason`() {
    let error = #expect(throws: UserError.self) { try catalogueEntry("safe-rlhf").make([:]) }
    #expect(error?.exitCode == .usage && error?.why?.contains("not from labelled pairs") == true)
  }

  @Test(arguments: [
    ("window", 0), ("samples", -1), ("groupSize", 3), ("lambdaInitial", 0), ("lambdaInitial", 21), ("lambdaMax", 0),
    ("clipRatio", 0), ("gaeDecay", 1.5), ("innerEpochs", 0), ("criticRate", 0), ("tau", 0), ("budget", .infinity),
    ("lambdaDelay", -1),
  ])
  func `a hyper-parameter out of range is named`(name: String, value: Double) {
    let error = #expect(throws: UserError.self) {
      try catalogueEntry("safe-rlhf").makeMethod([name: .number(value)])
    }
    let why = error?.why ?? ""
    #expect(error?.exitCode == .usage && (why.contains(name) || why.contains("samples")), "\(why)")
  }

  @Test(
    arguments: [
      (["costTail": .number(0)], "costTail"), (["costTail": .number(1.1)], "costTail"),
      (["rewardFloor": .number(1)], "says nothing"), (["rewardFloor": .string("walking")], "running"),
      (["lambdaScope": .string("prompt"), "combiner": .string("shaping")], "no budget"),
      (["costTail": .number(0.5), "combiner": .string("multiplicative")], "costTail says nothing"),
      (["lambdaScope": .string("promt")], "prompt"),
    ] as [([String: JSONValue], String)])
  func `a variant that makes no sense is refused`(settings: [String: JSONValue], reason: String) {
    let error = #expect(throws: UserError.self) { try catalogueEntry("safe-rlhf").makeMethod(settings) }
    #expect(error?.why?.contains(reason) == true, "\(error?.why ?? "")")
  }

  /// The digest of what a record of the first version says: parameters that came later are left out at their defaults.
  @Test func `parameters that came later are recorded only where they are not at their defaults`() throws {
    let entry = try catalogueEntry("safe-rlhf")
    let plain = try #require(try entry.makeMethod([:]).recordedParameters().object)
    #expect(
      plain.count == 20 && SafeRLHF.laterParameters.allSatisfy { plain[$0] == nil && entry.parameters[$0] != nil })
    let tail = try entry.makeMethod(["costTail": .number(0.2), "lambdaScope": .string("prompt")])
    let recorded = try #require(try tail.recordedParameters().object)
    #expect(recorded.count == 22 && recorded["costTail"] == .number(0.2) && recorded["rewardFloor"] == nil)
    let back = try #require(try entry.makeMethod(recorded) as? SafeRLHF)
    #expect(back.costTail == 0.2 && back.lambdaScope == .prompt && back.rewardFloor == .running)
    let floor = try entry.makeMethod(["combiner": .string("multiplicative"), "rewardFloor": .number(-2)]) as? SafeRLHF
    #expect(floor?.rewardFloor == .given(-2))
  }

  @Test func `comparing responses needs two of them`() {
    #expect(throws: UserError.self) { try catalogueEntry("safe-rlhf").makeMethod(["advantage": .string("rloo")]) }
    #expect(throws: Never.self) {
      try catalogueEntry("safe-rlhf").makeMethod(["advantage": .string("rloo"), "groupSize": .number(4)])
    }
  }

  @Test func `a response of several tokens: shaping, GAE and combination in one`() throws {
    var objective = SafeRLHF()
    objective.tau = 0.5
    let rollout = ScoredRollout(
      logProbabilities: [-1, -2], reference: [-1.4, -1.8], scores: ResponseScores(reward: 1, cost: -2),
      values: TokenStreams(reward: [0.3, 0.2], cost: [-0.5, 0.1]), weight: 1)
    let target = objective.targets([rollout], under: ConstraintSignal(multiplier: 3, isViolated: true))[0]
    // r̂ = (−0.2, 1.1), ĉ = (0.2, −2.1); δ_r = (−0.3, 0.9), δ_c = (0.8, −2.2).
    let reward = [-0.3 + 0.95 * 0.9, 0.9]
    let cost = [0.8 - 0.95 * 2.2, -2.2]
    let returns = try #require(target.returns)
    for t in 0..<2 {
      #expect(abs(target.advantages[t] - (reward[t] - 3 * cost[t]) / 4) < 1e-14)
      #expect(abs(returns.reward[t] - reward[t] - [0.3, 0.2][t]) < 1e-14)
      #expect(abs(returns.cost[t] - cost[t] - [-0.5, 0.1][t]) < 1e-14)
    }
  }

  /// E[Σ_t A_t ∇log π] is what the stationary policy of the card makes 0: the signal is constant over responses there.
  @Test(arguments: KLPlacement.allCases) func `the signal is constant at the card's stationary policy`(
    placement: KLPlacement
  ) {
    var objective = SafeRLHF()
    (objective.tau, objective.klPlacement, objective.advantage) = (0.7, placement, .groupMean)
    let lambda = 1.7
    let scores = [(1.0, 0.5), (2.0, 1.5), (0.5, -0.5), (0.0, -1.0)].map { ResponseScores(reward: $0.0, cost: $0.1) }
    let reference = [0.4, 0.3, 0.2, 0.1]
    let scale = placement == .both ? 0.7 * (1 + lambda) : 0.7
    let policy = softmax(zip(reference, scores).map { naturalLogarithm($0) + $1.lagrangian(lambda) / scale })
    let group = scores.indices.map { i in
      ScoredRollout(
        logProbabilities: [naturalLogarithm(policy[i])], reference: [naturalLogarithm(reference[i])],
        scores: scores[i], weight: policy[i], isExact: true)
    }
    for target in objective.targets(group, under: ConstraintSignal(multiplier: lambda, isViolated: true)) {
      #expect(abs(target.advantages[0]) < 1e-14)
    }
  }
}
