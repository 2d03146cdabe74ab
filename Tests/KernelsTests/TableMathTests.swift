import Basics
import CVectorMath
import Foundation
import Kernels
import Testing

/// The tables' vectorised loops against the C library and plain loops. Their results do not depend on the instruction set, so that
/// choosing another one here does no harm to tests that run at the same time.
@Suite struct TableMathTests {
  @Test func `every instruction set gives the same bits`() {
    let standard = results()
    let used = tableInstructions()
    defer { _ = useTableInstructions(used) }
    for name in ["baseline", "avx2", "avx512"] where useTableInstructions(name) {
      #expect(tableInstructions() == name)
      #expect(results() == standard, "\(name)")
    }
    #expect(!useTableInstructions("none"))
  }

  @Test func `exponentials are exact to 1.5 ulp, and special values are kept`() {
    var worst = 0.0
    for i in 0..<400_000 {
      let x = -708 + 1417.5 * Double(i) / 400_000
      let exact = exp(x)
      worst = max(worst, abs(exponentials([x])[0] - exact) / exact.ulp)
    }
    #expect(worst <= 1.5)
    let special = exponentials([0, -.infinity, .infinity, -709, 710, -1e300, 1e300])
    #expect(special == [1, 0, .infinity, 0, .infinity, 0, .infinity])
    #expect(exponentials([.nan])[0].isNaN)
  }

  @Test func `logistic values are those of the C library to a few ulp, and the same bits however many are asked for`() {
    var worst = 0.0
    let special: [Double] = [0, -0.0, 1e-300, -1e-300, 700, -700, 1e300, -1e300]
    for x in (0..<200_000).map({ -40 + 80 * Double($0) / 200_000 }) + special {
      let values = LogisticValues(x)
      let pairs = [
        (values.sigmoid, sigmoid(x)), (values.sigmoidOfMinus, sigmoid(-x)), (values.softplus, softplus(x)),
        (values.softplusOfMinus, softplus(-x)),
      ]
      for (ours, exact) in pairs { worst = max(worst, abs(ours - exact) / max(exact, 1e-307).ulp) }
    }
    #expect(worst <= 4)
    #expect(LogisticValues(-708.2).softplus < 4e-308 && LogisticValues(708.2).softplus == 708.2)
    #expect(LogisticValues(.infinity).softplus == .infinity && LogisticValues(.infinity).sigmoidOfMinus == 0)
    #expect(LogisticValues(.nan).softplus.isNaN && LogisticValues(.nan).sigmoid.isNaN)
    for count in [1, 7, 8, 9, 24] {
      var block = (0..<(5 * 24)).map { 0.7 * Double($0) - 9 }
      var span = block.mutableSpan
      fillLogisticValues(&span, count: count)
      for i in 0..<count {
        let alone = LogisticValues(0.7 * Double(i) - 9)
        #expect(block[24 + i] == alone.sigmoid && block[48 + i] == alone.sigmoidOfMinus)
        #expect(block[72 + i] == alone.softplus && block[96 + i] == alone.softplusOfMinus)
      }
    }
  }

  @Test(arguments: [1, 2, 3, 4, 7, 8, 9, 12, 16, 17, 40]) func `normalisers are log-sum-exps`(width: Int) {
    for scale in [0.01, 1, 30, 2000] {
      let table = randomTable(prompts: 19, width: width, scale: scale)
      let normalisers = normalisers(table, width: width, prompts: Array(0..<19))
      for prompt in 0..<19 {
        let exact = logSumExp(table[(prompt * width)..<((prompt + 1) * width)])
        #expect(abs(normalisers[prompt] - exact) <= 4e-16 * max(1, abs(exact)))
      }
    }
  }

  @Test func `normalisers of some prompts leave the others alone, and hand on what is not finite`() {
    var table = randomTable(prompts: 5, width: 3, scale: 1)
    #expect(normalisers(table, width: 3, prompts: [3, 1]).map(\.isNaN) == [true, false, true, false, true])
    table[4] = .nan
    table[7] = .infinity
    table[9] = -.infinity
    let values = normalisers(table, width: 3, prompts: [0, 1, 2, 3])
    #expect(values[0].isFinite && values[1].isNaN && values[2].isNaN && values[3].isFinite)
  }

  @Test(arguments: [1, 4, 8, 13, 192]) func `Adam takes the step that its formula says`(count: Int) {
    let constants = AdamConstants(
      beta1: 0.9, beta2: 0.999, epsilon: 1e-8, scale: 0.3, decay: 0.99, stepSize: 0.02, correction: 0.05)
    let start = (0..<4).map { randomTable(prompts: count, width: 1, scale: Double($0 + 1)) }
    var (x, m, v) = (start[0], start[1], start[2].map(abs))
    step(constants, gradient: start[3], first: &m, second: &v, parameters: &x)
    for i in 0..<count {
      let g = start[3][i] * 0.3
      let (first, second) = (0.9 * start[1][i] + (1 - 0.9) * g, 0.999 * abs(start[2][i]) + (1 - 0.999) * g * g)
      #expect(m[i] == first && v[i] == second)
      #expect(x[i] == start[0][i] * 0.99 - 0.02 * first / (second.squareRoot() / 0.05 + 1e-8))
    }
  }

  /// A state from which the ninth draw is 0, which Lemire's method may have to draw again.
  @Test func `a draw that may have to be repeated is left to the caller`() {
    let state = 0 &- 9 &* 0x9e37_79b9_7f4a_7c15 as UInt
    var values = [Int](repeating: 0, count: 9)
    #expect(unsafe bfpo_random_below(state, 6, &values, 9) == 0)
    #expect(unsafe bfpo_random_below(state, 6, &values, 8) == 1)
    #expect(values.allSatisfy { (0..<6).contains($0) })
  }

  // MARK: Support

  private func randomTable(prompts: Int, width: Int, scale: Double) -> [Double] {
    var random = SeedTree(prompts * 1000 + width).generator()
    return (0..<(prompts * width)).map { _ in scale * random.normal() }
  }

  private func normalisers(_ table: [Double], width: Int, prompts: [Int]) -> [Double] {
    var values = [Double](repeating: .nan, count: table.count / width)
    var span = values.mutableSpan
    writeNormalisers(of: table.span, width: width, prompts: prompts.span, to: &span)
    return values
  }

  private func exponentials(_ x: [Double]) -> [Double] {
    var out = [Double](repeating: 0, count: x.count)
    var span = out.mutableSpan
    subtractExponentials(of: x.span, from: 0, count: x.count, shift: 0, factor: -1, out: &span)
    return out
  }

  private func step(
    _ constants: AdamConstants, gradient: [Double], first: inout [Double], second: inout [Double],
    parameters: inout [Double]
  ) {
    var m = first.mutableSpan
    var v = second.mutableSpan
    var x = parameters.mutableSpan
    adamStep(constants, gradient: gradient.span, first: &m, second: &v, parameters: &x)
  }

  private func results() -> [[Double]] {
    let table = randomTable(prompts: 30, width: 13, scale: 3)
    var (m, v, x) = (table, table.map(abs), table)
    step(
      AdamConstants(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, scale: 1, decay: 1, stepSize: 0.01, correction: 0.1),
      gradient: table, first: &m, second: &v, parameters: &x)
    var draws = [Int](repeating: 0, count: 29)
    _ = unsafe bfpo_random_below(77, 1000, &draws, draws.count)
    var logistic = table + table + table + table + table
    logistic.removeLast(5 * (table.count % 8))
    let count = logistic.count / 5
    var span = logistic.mutableSpan
    fillLogisticValues(&span, count: count)
    return [
      logistic, normalisers(table, width: 13, prompts: Array(0..<30)), exponentials(table.map { 100 * $0 }), m, v, x,
      draws.map(Double.init),
    ]
  }
}
