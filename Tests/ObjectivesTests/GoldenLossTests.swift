import Basics
import Objectives
import Testing

/// Fixture F4 of the reference: h = 1.5, τ (β) = .4 for DPO, .25 for IPO and BFPO.
@Suite struct GoldenLossTests {
  @Test func `DPO, fixture F4`() throws {
    var dpo = DPO()
    dpo.tau = 0.4
    let value = dpo.evaluate(margin: 1.5, label: PairLabel())
    #expect(abs(value.loss - 0.437_487_950_5) < 1e-10)
    #expect(abs(value.derivative - -0.141_737_477_5) < 1e-10)
  }
}
