import CVectorMath
import Foundation
import Kernels
import Testing

/// The hand-vectorised loops, for each instruction set; each in a process of its own, because the choice is the process's.
@Suite struct VectorMathTests {
  @Test func `widest instructions`() async {
    await #expect(processExitsWith: .success) { exit(Int32(faults(of: nil).count)) }
  }

  @Test func `AVX2`() async {
    await #expect(processExitsWith: .success) { exit(Int32(faults(of: "avx2").count)) }
  }

  @Test func `baseline`() async {
    await #expect(processExitsWith: .success) { exit(Int32(faults(of: "baseline").count)) }
  }
}

/// What is wrong with an instruction set's functions, in words (printed, because only the exit code leaves the process).
private func faults(of instructions: String?) -> [String] {
  // A processor without the instructions has nothing to check.
  if let instructions, !useVectorInstructions(instructions) { return [] }
  if let instructions, vectorInstructions() != instructions { return ["\(instructions) was not selected"] }
  let faults = exponentialFaults() + reductionFaults() + gateFaults()
  for fault in faults { print(fault) }
  return faults
}

private func exponentials(_ x: [Float], shift: Float = 0) -> (values: [Float], sum: Float) {
  var y = [Float](repeating: -1, count: x.count + 1)
  let sum = unsafe bfpo_exp_shifted(x, &y, x.count, shift)
  return (Array(y.dropLast()), y.last == -1 ? sum : .nan)
}

private func exponentialFaults() -> [String] {
  var faults: [String] = []
  let x = (0..<400_003).map { -87.3 + 176 * Float($0) / 400_003 }
  var worst = 0.0
  for (value, y) in zip(x, exponentials(x).values) {
    let exact = exp(Double(value))
    worst = max(worst, abs(Double(y) - exact) / Double(Float(exact).ulp))
  }
  if !(worst <= 1.5) { faults.append("exp is \(worst) ulp off") }
  let special: [Float] = [0, -.infinity, .infinity, .nan, -88, 89, -1000, 1000, 88.7]
  let values = exponentials(special).values
  if values[0] != 1 || values[1] != 0 || values[2] != .infinity || !values[3].isNaN || values[4] != 0
    || values[5] != .infinity || values[6] != 0 || values[7] != .infinity || !values[8].isFinite
  {
    faults.append("special values give \(values)")
  }
  for count in [0, 1, 15, 16, 17, 33, 100] {
    let short = (0..<count).map { Float($0) / 10 }
    let (values, sum) = exponentials(short, shift: 2)
    let exact = short.reduce(0) { $0 + exp(Double($1) - 2) }
    if abs(Double(sum) - exact) > 1e-6 * exact || !zip(short, values).allSatisfy({ abs($1 - exp($0 - 2)) < 1e-6 * $1 })
    {
      faults.append("\(count) exponentials sum to \(sum), not \(exact)")
    }
  }
  return faults
}

private func reductionFaults() -> [String] {
  var faults: [String] = []
  for count in [0, 1, 16, 31, 32, 47, 500] {
    let x = (0..<count).map { Float(($0 * 37) % 101) - 50 }
    let y = (0..<count).map { Float(($0 * 53) % 13) - 6 }
    if unsafe bfpo_max(x, count) != x.max() ?? -.infinity { faults.append("max of \(count)") }
    let product = zip(x, y).reduce(0) { $0 + $1.0 * $1.1 }
    if unsafe bfpo_dot(x, y, count) != product { faults.append("dot of \(count)") }
    var z = y
    unsafe bfpo_add_scaled(x, &z, count, -2)
    if z != zip(x, y).map({ $1 - 2 * $0 }) { faults.append("scaled sum of \(count)") }
    if count > 1 {
      for place in [0, count / 2, count - 1] {
        var broken = x
        broken[place] = .nan
        if unsafe !bfpo_max(broken, count).isNaN { faults.append("max of \(count) hides a NaN at \(place)") }
      }
    }
  }
  if unsafe bfpo_max([-.infinity, .infinity, 3], 3) != .infinity { faults.append("max of infinities") }
  return faults
}

private func gateFaults() -> [String] {
  let count = 2005
  let gate = (0..<count).map { Float($0 - 1000) / 12 }
  let up = (0..<count).map { Float(($0 * 7) % 19) - 9 }
  let d = (0..<count).map { Float(($0 * 5) % 11) - 5 }
  var (out, again, dGate, dUp) = (gate, gate, d, gate)
  unsafe bfpo_gated(gate, up, &out, count)
  unsafe bfpo_gated_backward(gate, up, d, &again, &dGate, &dUp, count)
  var worst = 0.0
  for i in 0..<count {
    let (g, u, c) = (Double(gate[i]), Double(up[i]), Double(d[i]))
    let s = 1 / (1 + exp(-g))
    for (ours, exact, scale) in [
      (out[i], g * s * u, abs(u)), (again[i], g * s * u, abs(u)), (dUp[i], c * g * s, abs(c)),
      (dGate[i], c * u * s * (1 + g * (1 - s)), abs(c * u)),
    ] { worst = max(worst, abs(Double(ours) - exact) / max(abs(exact), 0.01 * scale, 1e-30)) }
  }
  return worst < 2e-6 ? [] : ["gated unit is \(worst) off"]
}
