import Basics
import Objectives
import Testing

/// The multiplier's three laws of motion and the window of costs.
@Suite struct MultiplierLawTests {
  private func run(_ law: MultiplierLaw, _ excesses: [Double]) -> [Double] {
    var state = law.initialState
    return excesses.map { excess in
      state = law.advanced(state, expectedCost: law.budget + excess)
      return state.value
    }
  }

  @Test func `in log space, with the speed of λ in it`() {
    let law = MultiplierLaw(budget: -0.2, initial: 1, rate: 0.1, maximum: 5)
    let values = run(law, [0.5, 0.5, -0.3])
    for (value, expected) in zip(values, [1.0512710964, 1.1080077189, 1.0717826854]) {
      #expect(abs(value - expected) < 1e-10)
    }
  }

  @Test func `an unbounded λ ends at its cap without overflowing on the way`() {
    let law = MultiplierLaw(budget: 0, initial: 1, rate: 1, maximum: 1e6)
    let values = run(law, [Double](repeating: 40, count: 10))
    #expect(values.allSatisfy(\.isFinite) && abs((values.last ?? 0) / 1e6 - 1) < 1e-9)
  }

  @Test func `a λ that has vanished does not come back in log space, and does by projection`() {
    var law = MultiplierLaw(budget: 0, initial: 1e-8, rate: 0.1, maximum: 5)
    let violated = [Double](repeating: 1, count: 1000)
    #expect((run(law, violated).last ?? 1) < 2e-8)
    law.update = .projected
    #expect(run(law, violated).last == 5)
  }

  @Test func `projection stops at 0 and starts again`() {
    let law = MultiplierLaw(update: .projected, budget: 1, initial: 0.2, rate: 0.5, maximum: 2)
    let values = run(law, [-1, -1, 0.5, 9])
    #expect(values == [0, 0, 0.25, 2])
  }

  @Test func `no update during the delay and without a cost`() {
    let law = MultiplierLaw(budget: 0, initial: 1, rate: 0.1, maximum: 5, delay: 2)
    let values = run(law, [1, 1, 1])
    #expect(values[0] == 1 && values[1] == 1 && values[2] > 1)
    let free = MultiplierLaw(budget: 0, initial: 1, rate: 0.1, maximum: 5)
    let state = free.advanced(free.initialState, expectedCost: CostWindow(capacity: 3).mean)
    #expect(state.value == 1 && state.steps == 1)
  }

  @Test func `PID has its three parts`() {
    let law = MultiplierLaw(update: .pid, budget: 0, initial: 0, rate: 1, maximum: 100)
    let values = run(law, [1, 1, 3])
    // P = 0.1·EMA, I = 0.01·Σe, D = 0.01·(EMA(J) − its oldest of ten).
    #expect(abs(values[0] - (0.1 * 0.05 + 0.01)) < 1e-15)
    #expect(abs(values[1] - (0.1 * 0.0975 + 0.02)) < 1e-15)
    let error = 0.95 * 0.0975 + 0.05 * 3
    #expect(abs(values[2] - (0.1 * error + 0.05 + 0.01 * 0.1)) < 1e-15)
    #expect(run(law, [Double](repeating: -1, count: 50)).allSatisfy { $0 == 0 })
  }

  @Test func `the window forgets the oldest cost first`() {
    var window = CostWindow(capacity: 3)
    #expect(window.mean == nil)
    window.add([1, 2])
    #expect(window.mean == 1.5)
    window.add([6, 4])
    #expect(window.costs == [2, 6, 4] && window.mean == 4)
  }
}
