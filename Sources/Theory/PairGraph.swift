import Kernels

/// A weighted comparison of two responses with a target for the difference of their log-ratios.
public struct PairTarget: Hashable, Sendable {
  public var first: Int
  public var second: Int
  /// w > 0 [1]; only ratios matter.
  public var weight: Double
  /// What u(first) − u(second) is pulled to, nats.
  public var target: Double

  public init(_ first: Int, _ second: Int, weight: Double, target: Double) {
    precondition(first != second && weight >= 0, "pair (\(first), \(second)) of weight \(weight)")
    self.first = first
    self.second = second
    self.weight = weight
    self.target = target
  }
}

/// The policy whose log-ratios come nearest to pairwise targets.
public struct PairGraphOptimum: Hashable, Sendable {
  /// u = log(π/π_ref) [K].
  public var logRatio: [Double]
  /// π [K].
  public var policy: [Double]
  /// Responses that comparisons connect, each ascending, by their least member. With more than one component the loss leaves one
  /// constant per component free; the optimum given keeps the mass that the reference gives each component.
  public var components: [[Int]]

  public var isConnected: Bool { components.count == 1 }
}

/// The weighted least squares of margins, min_u Σ w (u_first − u_second − target)²: a graph-Laplacian system.
///
///     L u = b,   L = Σ w (e_i − e_j)(e_i − e_j)ᵀ,   b = Σ w target (e_i − e_j)
///
/// Solved by Cholesky (LAPACK's `dposv`) on each component of the graph with one response grounded. Population optimum of every squared loss
/// for arbitrary pair weights: IPO, BFPO.
///
/// - Parameter reference: π_ref [K], which also decides the mass of each component.
///
/// Source: Jiang, Lim, Yao, Ye 2011 (HodgeRank), Mathematical Programming 127.
public func pairGraphOptimum(reference: [Double], pairs: [PairTarget]) -> PairGraphOptimum {
  let edges = pairs.filter { $0.weight > 0 }
  let components = connectedComponents(count: reference.count, edges: edges.map { ($0.first, $0.second) })
  var logRatio = [Double](repeating: 0, count: reference.count)
  for members in components where members.count > 1 {
    let solution = laplacianSolution(members, edges)
    for (member, value) in zip(members, solution) { logRatio[member] = value }
  }
  return PairGraphOptimum(keepingMassOf: reference, logRatio: logRatio, components: components)
}

extension PairGraphOptimum {
  /// Shifts u on each component so that it keeps the reference's mass, which makes π sum to one.
  init(keepingMassOf reference: [Double], logRatio: [Double], components: [[Int]]) {
    var shifted = logRatio
    var policy = [Double](repeating: 0, count: reference.count)
    for members in components {
      let mass = members.reduce(0) { $0 + reference[$1] }
      let optimum = GibbsOptimum(
        reference: members.map { mass > 0 ? reference[$0] / mass : 1 / Double(members.count) },
        reward: members.map { logRatio[$0] }, temperature: 1)
      for (index, member) in members.enumerated() {
        shifted[member] = optimum.logRatio[index]
        policy[member] = mass * optimum.policy[index]
      }
    }
    self.init(logRatio: shifted, policy: policy, components: components)
  }
}

/// The sets of responses that edges connect, each ascending, by their least member.
func connectedComponents(count: Int, edges: [(Int, Int)]) -> [[Int]] {
  var neighbours = [[Int]](repeating: [], count: count)
  for (i, j) in edges {
    neighbours[i].append(j)
    neighbours[j].append(i)
  }
  var seen = Set<Int>()
  var components: [[Int]] = []
  for start in 0..<count where !seen.contains(start) {
    let members = reachable(from: start, neighbours)
    seen.formUnion(members)
    components.append(members.sorted())
  }
  return components
}

/// Every node that can be reached from one, itself included.
func reachable(from start: Int, _ neighbours: [[Int]]) -> Set<Int> {
  var found: Set<Int> = [start]
  var open = [start]
  while let node = open.popLast() {
    for next in neighbours[node] where found.insert(next).inserted { open.append(next) }
  }
  return found
}

/// The solution of L u = b on one component [members], zero at its heaviest member.
///
/// Solved for the targets, then twice for what is left of them: weak links between strong clusters would else drown in the
/// rounding of b.
private func laplacianSolution(_ members: [Int], _ pairs: [PairTarget]) -> [Double] {
  let position = Dictionary(uniqueKeysWithValues: members.enumerated().map { ($1, $0) })
  let count = members.count
  let edges = pairs.compactMap { pair in
    position[pair.first].flatMap { i in position[pair.second].map { (i: i, j: $0, pair: pair) } }
  }
  var matrix = [Double](repeating: 0, count: count * count)
  for (i, j, pair) in edges {
    matrix[i * count + i] += pair.weight
    matrix[j * count + j] += pair.weight
    matrix[i * count + j] -= pair.weight
    matrix[j * count + i] -= pair.weight
  }
  var values = [Double](repeating: 0, count: count)
  for _ in 0..<3 {
    var right = [Double](repeating: 0, count: count)
    for (i, j, pair) in edges {
      let left = pair.weight * (pair.target - (values[i] - values[j]))
      right[i] += left
      right[j] -= left
    }
    for (i, correction) in groundedSolution(matrix, right).enumerated() { values[i] += correction }
  }
  return values
}

extension FiniteWorld {
  /// Every unordered pair of different responses with a weight and a target; weight-zero pairs are left out.
  ///
  /// - Parameter weight: w(i, j), symmetric; nil for both orders of μ ⊗ μ, 2 μᵢ μⱼ.
  func pairs(weight: ((Int, Int) -> Double)?, target: (Int, Int) -> Double) -> [PairTarget] {
    var pairs: [PairTarget] = []
    for i in 0..<count {
      for j in 0..<i {
        let w = weight?(i, j) ?? 2 * comparison[i] * comparison[j]
        if w > 0 { pairs.append(PairTarget(i, j, weight: w, target: target(i, j))) }
      }
    }
    return pairs
  }

  /// BFPO's minimiser for any pair weights, by least squares; ``bfpoOptimum(_:)`` is its closed form for μ ⊗ μ.
  ///
  /// - Parameter weight: w(i, j) ≥ 0, symmetric; nil for μ ⊗ μ.
  public func bfpoOptimum(_ constants: BFPOConstants, pairWeight weight: ((Int, Int) -> Double)?) -> PairGraphOptimum {
    pairGraphOptimum(
      reference: reference,
      pairs: pairs(weight: weight) { bfpoLabel($0, $1, constants).mean / constants.tau })
  }

  /// IPO's minimiser for any pair weights: targets (2p − 1)/(2τ).
  ///
  /// - Parameter weight: w(i, j) ≥ 0, symmetric; nil for μ ⊗ μ.
  public func ipoOptimum(tau: Double, pairWeight weight: ((Int, Int) -> Double)?) -> PairGraphOptimum {
    pairGraphOptimum(
      reference: reference, pairs: pairs(weight: weight) { (2 * preference[$0][$1] - 1) / (2 * tau) })
  }

  /// IPO's minimiser for pairs from μ ⊗ μ: π ∝ π_ref e^{P/τ}.
  ///
  /// Source: Azar et al. 2023, arXiv 2310.12036.
  public func ipoOptimum(tau: Double) -> GibbsOptimum { rlhfOptimum(reward: winRate, tau: tau) }

  /// IPO's expected loss E_{i,j∼μ} E (h − 1/(2τ))², h oriented by the outcome.
  ///
  /// - Parameter logRatio: u = log π/π_ref [K].
  public func ipoExpectedLoss(logRatio: [Double], tau: Double) -> Double {
    expectedLoss { i, j in
      let h = logRatio[i] - logRatio[j]
      let (won, lost) = (h - 1 / (2 * tau), h + 1 / (2 * tau))
      return preference[i][j] * won * won + (1 - preference[i][j]) * lost * lost
    }
  }
}
