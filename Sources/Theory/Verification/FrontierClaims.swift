import Basics

/// The frontier is the limit of all policies, and DPO's optimum is the Bradley–Terry fit.
func frontierFindings(_ formulas: Formulas) -> [Finding] { [frontier(formulas), bradleyTerry(formulas)] }

private func frontier(_ formulas: Formulas) -> Finding {
  var meter = ErrorMeter()
  for trial in 0..<100 {
    var stream = SeedTree(40).child(trial).generator()
    let worlds = (0..<1 + stream.below(4)).map { _ in randomWorld(&stream) }
    let prompts = worlds.map { FrontierPrompt(weight: 0.2 + stream.uniform(), points: $0.outcomes) }
    let frontier = formulas.frontier(prompts)
    for _ in 0..<20 {
      let policies = worlds.map { world in
        gibbsPolicy(
          reference: world.reference, reward: world.reference.map { _ in stream.normal() },
          temperature: 0.02 + stream.uniform())
      }
      meter.note(max(0, -frontier.distance(of: mean(prompts, policies)).euclidean))
    }
    for _ in 0..<10 {
      let (a, b) = (stream.uniform(), stream.uniform())
      let best = prompts.map { prompt in
        let scores = prompt.points.map { a * $0.x + b * $0.y }
        return scores.map { $0 == scores.max() ? 1.0 : 0 }
      }
      let point = mean(prompts, best)
      // The best policy of a direction is on the frontier, and no corner goes further that way.
      meter.note(frontier.distance(of: point).euclidean)
      meter.note((frontier.vertices.map { a * $0.x + b * $0.y }.max() ?? 0) - (a * point.x + b * point.y))
    }
    meter.countWorld()
  }
  return meter.finding(
    "frontier", "no policy lies beyond the frontier, and the best policy of every direction lies on it",
    checked: "100 random sets of 1 to 4 prompts, 20 policies and 10 directions each", tolerance: 1e-12)
}

private func mean(_ prompts: [FrontierPrompt], _ policies: [[Double]]) -> PlanePoint {
  let total = prompts.reduce(0) { $0 + $1.weight }
  var point = PlanePoint(x: 0, y: 0)
  for (prompt, policy) in zip(prompts, policies) {
    point.x += prompt.weight / total * expectation(prompt.points.map(\.x), under: policy)
    point.y += prompt.weight / total * expectation(prompt.points.map(\.y), under: policy)
  }
  return point
}

private func bradleyTerry(_ formulas: Formulas) -> Finding {
  var meter = ErrorMeter()
  for trial in 0..<100 {
    var stream = SeedTree(41).child(trial).generator()
    let world = randomWorld(&stream)
    let beta = 0.1 + stream.uniform()
    guard let logRatio = formulas.dpo(world, beta).optimum?.logRatio else {
      meter.note(nil)
      continue
    }
    for i in 0..<world.count {
      var slope = 0.0
      for j in 0..<world.count {
        let excess = sigmoid(beta * (logRatio[i] - logRatio[j])) - world.preference[i][j]
        slope += world.comparison[i] * world.comparison[j] * excess
      }
      meter.note(slope)
    }
    meter.countWorld()
  }
  return meter.finding(
    "DPO", "where DPO's population optimum exists, every response wins as often as the policy says it does",
    checked: "100 random worlds, gradient of the expected loss", tolerance: 1e-11)
}
