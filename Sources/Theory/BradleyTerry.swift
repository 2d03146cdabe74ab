import Basics

/// The population optimum of DPO, or why there is none.
public enum BradleyTerryOptimum: Hashable, Sendable {
  case fitted(PairGraphOptimum)
  /// Responses of the first set never beat one of the second though they are compared: the loss falls for ever as the second
  /// set's log-ratios grow.
  case separable(beaten: [Int], unbeaten: [Int])

  public var optimum: PairGraphOptimum? { if case .fitted(let optimum) = self { optimum } else { nil } }
}

extension FiniteWorld {
  /// DPO's population optimum: the Bradley–Terry fit to any preferences, by Newton's method on the convex expected loss.
  ///
  ///     min_u Σ_{i<j} w(i, j) [−p log σ(β(uᵢ − uⱼ)) − (1 − p) log σ(−β(uᵢ − uⱼ))]
  ///
  /// It exists exactly when, among the responses that comparisons connect, wins lead from each to every other (Ford 1957). Where
  /// p is itself Bradley–Terry, p = σ(rᵢ − rⱼ), it is u = r/β whatever the weights.
  ///
  /// - Parameters:
  ///   - beta: β > 0, the `tau` of the objective `dpo`.
  ///   - weight: w(i, j) ≥ 0, symmetric; nil for μ ⊗ μ.
  public func dpoOptimum(beta: Double, pairWeight weight: ((Int, Int) -> Double)? = nil) -> BradleyTerryOptimum {
    let pairs = pairs(weight: weight) { preference[$0][$1] }
    let components = connectedComponents(count: count, edges: pairs.map { ($0.first, $0.second) })
    if let split = separation(pairs, components) { return split }
    var logRatio = [Double](repeating: 0, count: count)
    for members in components where members.count > 1 {
      let scores = bradleyTerryScores(members, pairs)
      for (member, score) in zip(members, scores) { logRatio[member] = score / beta }
    }
    return .fitted(PairGraphOptimum(keepingMassOf: reference, logRatio: logRatio, components: components))
  }

  /// DPO's expected loss E_{i,j∼μ} E −log σ(βh), h oriented by the outcome.
  ///
  /// - Parameter logRatio: u = log π/π_ref [K].
  public func dpoExpectedLoss(logRatio: [Double], beta: Double) -> Double {
    expectedLoss { i, j in
      let h = beta * (logRatio[i] - logRatio[j])
      return preference[i][j] * softplus(-h) + (1 - preference[i][j]) * softplus(h)
    }
  }
}

/// The sets that keep a fit from existing, or nil; the target of a pair is p(first, second).
private func separation(_ pairs: [PairTarget], _ components: [[Int]]) -> BradleyTerryOptimum? {
  let count = components.reduce(0) { $0 + $1.count }
  var beats = [[Int]](repeating: [], count: count)
  var loses = beats
  for pair in pairs {
    if pair.target > 0 {
      beats[pair.first].append(pair.second)
      loses[pair.second].append(pair.first)
    }
    if pair.target < 1 {
      beats[pair.second].append(pair.first)
      loses[pair.first].append(pair.second)
    }
  }
  for members in components {
    let below = reachable(from: members[0], beats)
    if below.count < members.count {
      return .separable(beaten: below.sorted(), unbeaten: members.filter { !below.contains($0) })
    }
    let above = reachable(from: members[0], loses)
    if above.count < members.count {
      return .separable(beaten: members.filter { !above.contains($0) }, unbeaten: above.sorted())
    }
  }
  return nil
}

/// Bradley–Terry scores of one component [members], the first at zero: damped Newton steps on the log-likelihood.
private func bradleyTerryScores(_ members: [Int], _ pairs: [PairTarget]) -> [Double] {
  let position = Dictionary(uniqueKeysWithValues: members.enumerated().map { ($1, $0) })
  let total = pairs.reduce(0) { $0 + $1.weight }
  let edges = pairs.compactMap { pair -> BradleyTerryEdge? in
    guard let i = position[pair.first], let j = position[pair.second] else { return nil }
    return BradleyTerryEdge(i: i, j: j, weight: pair.weight / total, win: pair.target)
  }
  var scores = [Double](repeating: 0, count: members.count)
  for _ in 0..<500 {
    let step = newtonStep(edges, scores)
    // No margin moves by more than one: within that the logistic loss keeps below twice its quadratic model, so every step lowers it.
    let spread = (step.max() ?? 0) - (step.min() ?? 0)
    let damping = spread > 1 ? 1 / spread : 1
    for i in scores.indices { scores[i] -= damping * step[i] }
    if spread < 1e-13 * max(1, scores.map(abs).max() ?? 1) { break }
  }
  return scores
}

/// Two responses, how often they are compared, and how often the first wins.
private struct BradleyTerryEdge {
  var i: Int
  var j: Int
  var weight: Double
  var win: Double
}

/// H⁻¹ ∇ of the negative log-likelihood: a Laplacian system with weights w σ(h) σ(−h).
private func newtonStep(_ edges: [BradleyTerryEdge], _ scores: [Double]) -> [Double] {
  let count = scores.count
  var gradient = [Double](repeating: 0, count: count)
  var hessian = [Double](repeating: 0, count: count * count)
  for edge in edges {
    let h = scores[edge.i] - scores[edge.j]
    let slope = edge.weight * ((1 - edge.win) * sigmoid(h) - edge.win * sigmoid(-h))
    gradient[edge.i] += slope
    gradient[edge.j] -= slope
    let curvature = edge.weight * sigmoid(h) * sigmoid(-h)
    hessian[edge.i * count + edge.i] += curvature
    hessian[edge.j * count + edge.j] += curvature
    hessian[edge.i * count + edge.j] -= curvature
    hessian[edge.j * count + edge.i] -= curvature
  }
  return groundedSolution(hessian, gradient)
}
