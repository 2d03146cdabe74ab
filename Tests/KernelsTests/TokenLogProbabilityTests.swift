import Basics
import Foundation
import Kernels
import Testing

@Suite struct TokenLogProbabilityTests {
  let rows = 300
  let width = 3
  let vocabulary = 2500
  let x = normals(900, "x")
  /// Grows along the vocabulary, so that the running maximum changes from block to block.
  let weight = normals(7500, "w").enumerated().map { $1 * (1 + Double($0) / 3000) }
  let targets: PredictionTargets
  let cotangents: [Double]

  init() {
    var stream = SeedTree(5).generator()
    var (starts, tokens) = ([0], [Int32]())
    for row in 0..<rows {
      for _ in 0..<[1, 2, 0][row % 3] { tokens.append(Int32(stream.below(2500))) }
      starts.append(tokens.count)
    }
    targets = PredictionTargets(starts: starts, tokens: tokens)
    cotangents = normals(tokens.count, "c")
  }

  struct Result {
    let logProbabilities: [Double]
    let normaliser: Matrix<Double>
    let mean: Matrix<Double>
  }

  func run(_ x: [Double], _ weight: [Double]) -> Result {
    let count = targets.tokens.count
    let (logits, normaliser, mean) = (matrix(count, 1, "l"), matrix(rows, 1, "n"), matrix(rows, width, "m"))
    let scratch = matrix(rows, vocabularyBlock, "s")
    for block in tiles(rows, limit: 64) {
      tokenLogits(
        matrix(rows, width, x).tile, rows: block, weight: LinearWeight(weight), targets: targets, logits: logits.tile,
        normaliser: normaliser.tile, mean: mean.tile, scratch: scratch.tile)
    }
    var values: [Double] = []
    for row in 0..<rows {
      for target in targets.starts[row]..<targets.starts[row + 1] {
        values.append(logits.tile[target, 0] - normaliser.tile[row, 0])
      }
    }
    return Result(logProbabilities: values, normaliser: normaliser, mean: mean)
  }

  @Test func `log-probabilities and means over the vocabulary`() {
    let result = run(x, weight)
    for row in stride(from: 0, to: rows, by: 37) {
      let logits = (0..<vocabulary).map { v in
        (0..<width).reduce(0.0) { $0 + x[row * width + $1] * weight[v * width + $1] }
      }
      let p = softmax(logits)
      for target in targets.starts[row]..<targets.starts[row + 1] {
        #expect(abs(result.logProbabilities[target] - log(p[Int(targets.tokens[target])])) < 1e-11)
      }
      for i in 0..<width {
        let mean = (0..<vocabulary).reduce(0.0) { $0 + p[$1] * weight[$1 * width + i] }
        #expect(abs(result.mean.tile[row, i] - mean) < 1e-12)
      }
    }
  }

  @Test func `gradients of hidden states and of the output head`() {
    let result = run(x, weight)
    let dx = matrix(rows, width, "dx")
    for block in tiles(rows, limit: 64) {
      tokenLogitsBackward(
        cotangents: cotangents, rows: block, weight: LinearWeight(weight), targets: targets, mean: result.mean.tile,
        into: dx.tile)
    }
    expectGradient(dx.values, of: x, samples: 10, "x") { dot(run($0, weight).logProbabilities, cotangents) }
    let sums = (0..<rows).map { cotangents[targets.starts[$0]..<targets.starts[$0 + 1]].reduce(0, +) }
    let scratch = matrix(1, headGradientScratch, "s")
    var gradient = [Double](repeating: 0, count: weight.count)
    withMutableTile(of: &gradient, rows: vocabulary, columns: width) { tile in
      for start in stride(from: 0, to: vocabulary, by: headGradientBlock) {
        outputHeadSoftmaxGradient(
          cotangentSums: sums, x: matrix(rows, width, x).tile, weight: LinearWeight(weight),
          normaliser: result.normaliser.tile,
          block: start..<min(start + headGradientBlock, vocabulary), into: tile, scratch: scratch.tile)
      }
      outputHeadTargetGradient(
        cotangents: cotangents, x: matrix(rows, width, x).tile, targets: targets, into: tile)
    }
    expectGradient(gradient, of: weight, samples: 10, "w") { dot(run(x, $0).logProbabilities, cotangents) }
    let element = Int(targets.tokens[7]) * width
    let numeric = { (step: Double) in
      var moved = weight
      moved[element] += step
      return dot(run(x, moved).logProbabilities, cotangents)
    }
    #expect(abs((numeric(1e-5) - numeric(-1e-5)) / 2e-5 - gradient[element]) < 1e-6)
  }

  @Test func `a number that is not finite shows in every log-probability of its row, and in no other`() {
    var broken = x
    broken[3 * width] = .nan
    let result = run(broken, weight)
    for row in 0..<rows {
      for target in targets.starts[row]..<targets.starts[row + 1] {
        #expect(result.logProbabilities[target].isNaN == (row == 3))
      }
    }
  }
}
