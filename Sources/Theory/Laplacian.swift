import Kernels

/// A solution u of L u = b for the Laplacian of a connected graph, zero at the node of the greatest degree.
///
/// By Cholesky, on a unit diagonal so that weights of very different size do not matter; where rounding makes the system look
/// singular (clusters held together by weights below 1e-15 of the others), by elimination without subtractions.
///
/// - Parameters: `laplacian` [n, n] by rows; `right` [n], which sums to zero.
func groundedSolution(_ laplacian: [Double], _ right: [Double]) -> [Double] {
  let count = right.count
  let ground = (0..<count).max { laplacian[$0 * count + $0] < laplacian[$1 * count + $1] } ?? 0
  let kept = (0..<count).filter { $0 != ground }
  let scale = kept.map { 1 / laplacian[$0 * count + $0].squareRoot() }
  var matrix: [Double] = []
  for (a, i) in kept.enumerated() {
    for (b, j) in kept.enumerated() { matrix.append(laplacian[i * count + j] * scale[a] * scale[b]) }
  }
  let scaled = kept.enumerated().map { right[$1] * scale[$0] }
  guard let solution = solvePositiveDefinite(matrix, scaled) else {
    return eliminated(laplacian, right, order: kept + [ground])
  }
  var values = [Double](repeating: 0, count: count)
  for (a, i) in kept.enumerated() { values[i] = solution[a] * scale[a] }
  return values
}

/// The same solution by removing one node after another: its neighbours are joined by w_ik w_jk / Σ_k w and share its right side, so
/// weights are only added and multiplied and every one keeps its relative precision.
///
/// Source: Grassmann, Taksar, Heyman 1985, Operations Research 33 (for Markov chains).
///
/// - Parameter order: of removal; the last node is the one at zero.
func eliminated(_ laplacian: [Double], _ right: [Double], order: [Int]) -> [Double] {
  let count = right.count
  var weight = laplacian.enumerated().map { $0 / count == $0 % count ? 0 : -$1 }
  var source = right
  for (position, node) in order.dropLast().enumerated() {
    let rest = order[(position + 1)...]
    let degree = rest.reduce(0) { $0 + weight[node * count + $1] }
    for i in rest {
      let share = weight[node * count + i] / degree
      source[i] += share * source[node]
      for j in rest where j != i { weight[i * count + j] += share * weight[node * count + j] }
    }
  }
  var values = [Double](repeating: 0, count: count)
  for (position, node) in order.dropLast().enumerated().reversed() {
    let rest = order[(position + 1)...]
    let degree = rest.reduce(0) { $0 + weight[node * count + $1] }
    let pull = rest.reduce(0) { $0 + weight[node * count + $1] * values[$1] }
    values[node] = (source[node] + pull) / degree
  }
  return values
}
