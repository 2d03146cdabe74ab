import Basics

/// Everything exact that can be said of one world, by name, as JSON.
///
/// A quantity whose input is missing is absent; one that does not exist carries `exists` or `feasible` false and a `reason`.
public struct TheoryReport: Sendable {
  public let document: WorldDocument
  public let json: JSONValue

  public init(_ document: WorldDocument) {
    let document = document.normalised
    self.document = document
    var members: [String: JSONValue] = ["schema": .number(1), "constants": constantsMember(document)]
    if let world = document.world {
      members["ipo"] = ipoMember(world, document)
      members["dpo"] = dpoMember(world, document)
      members["helpfulness"] = .numbers(world.winRate)
      if document.safety != nil {
        members["bfpo"] = bfpoMember(world, document)
        members["morl"] = policyMember(world.morlOptimum(tau: document.tau), world, document)
        members["frontier"] = .array(world.frontier.vertices.map { .numbers([$0.x, $0.y]) })
      }
    }
    if let reward = document.reward {
      members["rlhf"] = rlhfMember(reward, document)
      if let cost = document.cost, let budget = document.budget {
        let problem = ConstrainedProblem(
          [ConstrainedPrompt(reference: document.reference, reward: reward, cost: cost)],
          beta: document.resolvedBeta, budget: budget)
        members["constrained"] = constrainedMember(problem, document)
        members["safeRLHF"] = safeRLHFMember(problem, document)
      }
    }
    json = .object(members)
  }

  /// Which inputs the quantities that could not be computed need.
  public var missing: [String] {
    var lines: [String] = []
    func line(_ names: String, _ needs: [(String, Bool)]) {
      let absent = needs.filter { !$0.1 }.map { "`\($0.0)`" }
      if !absent.isEmpty { lines.append("\(names): needs \(absent.joined(separator: ", "))") }
    }
    let (preference, safety) = (("preference", document.preference != nil), ("safety", document.safety != nil))
    let (reward, cost) = (("reward", document.reward != nil), ("cost", document.cost != nil))
    line("bfpo, morl, frontier", [preference, safety])
    line("ipo, dpo", [preference])
    line("rlhf", [reward])
    line("constrained, safeRLHF", [reward, cost, ("budget", document.budget != nil)])
    return lines
  }
}

extension JSONValue {
  static func numbers(_ values: [Double]) -> JSONValue { .array(values.map { .number($0) }) }

  fileprivate func adding(_ others: [String: JSONValue]) -> JSONValue {
    .object((object ?? [:]).merging(others) { $1 })
  }
}

private func constantsMember(_ document: WorldDocument) -> JSONValue {
  var members: [String: JSONValue] = [
    "tau": .number(document.tau), "alpha": .number(document.alpha), "b1": .number(document.b1),
    "beta": .number(document.resolvedBeta),
  ]
  members["budget"] = document.budget.map { .number($0) }
  return .object(members)
}

/// A policy with what it attains.
private func policyMember(_ policy: [Double], _ world: FiniteWorld?, _ document: WorldDocument) -> [String: JSONValue] {
  var members: [String: JSONValue] = [
    "policy": .numbers(policy), "kl": .number(divergence(policy, from: document.reference)),
  ]
  if let world { members["helpfulness"] = .number(expectation(world.winRate, under: policy)) }
  if let safety = document.safety { members["safety"] = .number(expectation(safety, under: policy)) }
  return members
}

private func policyMember(_ optimum: GibbsOptimum, _ world: FiniteWorld?, _ document: WorldDocument) -> JSONValue {
  .object(policyMember(optimum.policy, world, document))
}

/// The optimum at τ, and at β beside it where both are given and differ.
private func rlhfMember(_ reward: [Double], _ document: WorldDocument) -> JSONValue {
  func member(_ temperature: Double, _ name: String) -> JSONValue {
    let optimum = GibbsOptimum(reference: document.reference, reward: reward, temperature: temperature)
    return policyMember(optimum, document.world, document).adding([
      name: .number(temperature), "value": .number(optimum.value),
      "reward": .number(expectation(reward, under: optimum.policy)),
    ])
  }
  let main = member(document.rlhfTau, document.givenTau == nil && document.beta != nil ? "beta" : "tau")
  guard document.resolvedBeta != document.rlhfTau else { return main }
  return main.adding(["atBeta": member(document.resolvedBeta, "beta")])
}

private func ipoMember(_ world: FiniteWorld, _ document: WorldDocument) -> JSONValue {
  let optimum = world.ipoOptimum(tau: document.tau)
  let zero = [Double](repeating: 0, count: world.count)
  return policyMember(optimum, world, document).adding([
    "tau": .number(document.tau),
    "minimumLoss": .number(world.ipoExpectedLoss(logRatio: optimum.logRatio, tau: document.tau)),
    "lossAtReference": .number(world.ipoExpectedLoss(logRatio: zero, tau: document.tau)),
  ])
}

private func dpoMember(_ world: FiniteWorld, _ document: WorldDocument) -> JSONValue {
  let beta = document.resolvedBeta
  let zero = [Double](repeating: 0, count: world.count)
  let atReference = JSONValue.number(world.dpoExpectedLoss(logRatio: zero, beta: beta))
  switch world.dpoOptimum(beta: beta) {
  case .fitted(let optimum):
    return .object(policyMember(optimum.policy, world, document)).adding([
      "exists": .bool(true), "beta": .number(beta), "lossAtReference": atReference,
      "minimumLoss": .number(world.dpoExpectedLoss(logRatio: optimum.logRatio, beta: beta)),
      "components": .array(optimum.components.map { .numbers($0.map(Double.init)) }),
    ])
  case .separable(let beaten, let unbeaten):
    return .object([
      "exists": .bool(false), "lossAtReference": atReference,
      "reason": .string(
        "separable: responses \(beaten) never beat any of \(unbeaten), so the loss falls for ever as those grow"),
      "beaten": .numbers(beaten.map(Double.init)), "unbeaten": .numbers(unbeaten.map(Double.init)),
    ])
  }
}

private func bfpoMember(_ world: FiniteWorld, _ document: WorldDocument) -> JSONValue {
  let constants = document.constants
  let exact = world.bfpoOptimum(constants)
  let zero = [Double](repeating: 0, count: world.count)
  return .object([
    "exact": .numbers(exact.policy),
    "product": .numbers(world.bfpoProductOptimum(constants).policy),
    "covariance": .numbers(world.covariance),
    "covarianceGap": .number(world.covarianceGap),
    "productError": .number(world.bfpoProductError(constants)),
    "minimumLoss": .number(world.bfpoExpectedLoss(logRatio: exact.logRatio, constants)),
    "lossAtReference": .number(world.bfpoExpectedLoss(logRatio: zero, constants)),
    "reward": .numbers(world.bfpoReward(constants)),
    "productReward": .numbers(world.bfpoProductReward(constants)),
    "meanSafety": .number(world.meanSafety),
    "ranksSafeFirst": .bool(world.meanSafety < 2 * constants.alpha && 2 * constants.alpha < 1 + world.meanSafety),
    "kl": .number(divergence(exact.policy, from: world.reference)),
    "helpfulness": .number(expectation(world.winRate, under: exact.policy)),
    "safety": .number(expectation(world.safety, under: exact.policy)),
  ])
}

private func outcomeMember(_ outcome: ConstrainedOutcome, _ document: WorldDocument) -> JSONValue {
  .object(policyMember(outcome.policies[0], document.world, document)).adding([
    "reward": .number(outcome.reward), "cost": .number(outcome.cost),
  ])
}

private func constrainedMember(_ problem: ConstrainedProblem, _ document: WorldDocument) -> JSONValue {
  switch problem.solve() {
  case .solved(let solution):
    return outcomeMember(solution.outcome, document).adding([
      "feasible": .bool(true), "lambda": .number(solution.multiplier), "primal": .number(solution.primal),
      "dual": .number(solution.dual),
    ])
  case .infeasible(let least):
    return .object([
      "feasible": .bool(false), "leastCost": .number(least),
      "reason": .string("no policy has an expected cost below \(problem.budget): the least possible is \(least)"),
    ])
  }
}

private func safeRLHFMember(_ problem: ConstrainedProblem, _ document: WorldDocument) -> JSONValue {
  switch problem.safeRLHFOptimum() {
  case .fixedPoint(let point):
    return outcomeMember(point.outcome, document).adding([
      "exists": .bool(true), "lambda": .number(point.multiplier), "effectiveBeta": .number(point.effectiveBeta),
      "crossings": .number(Double(point.crossings)),
    ])
  case .unreachable(let limit, let lowest):
    return .object([
      "exists": .bool(false), "limitCost": .number(limit), "lowestCost": .number(lowest),
      "reason": .string(
        "no multiplier brings the expected cost to \(problem.budget): its limit for a growing multiplier is \(limit)"),
    ])
  }
}
