import Basics
import Objectives
import Testing

/// Fixture F4 of the reference: h = 1.5, τ (β) = .4 for DPO, .25 for IPO and BFPO.
@Suite struct GoldenLossTests {
  @Test func `DPO, fixture F4`() {
    var dpo = DPO()
    dpo.tau = 0.4
    let value = dpo.evaluate(margin: 1.5, label: PairLabel())
    #expect(abs(value.loss - 0.437_487_950_5) < 1e-10)
    #expect(abs(value.derivative - -0.141_737_477_5) < 1e-10)
  }

  @Test func `IPO, fixture F4`() {
    var ipo = IPO()
    ipo.tau = 0.25
    #expect(ipo.evaluate(margin: 1.5, label: PairLabel()) == MarginEvaluation(loss: 0.25, derivative: -1))
    #expect(ipo.evaluate(margin: 2, label: PairLabel()) == MarginEvaluation(loss: 0, derivative: 0))
  }

  @Test(arguments: [
    (true, true, 0.25, -1.0), (true, false, 6.25, -5), (false, false, 12.25, 7), (false, true, 30.25, 11),
  ])
  func `BFPO, fixture F4, its four cases`(chosenSafe: Bool, rejectedSafe: Bool, loss: Double, derivative: Double) {
    var bfpo = BFPO()
    bfpo.tau = 0.25
    let label = PairLabel(chosenSafe: chosenSafe, rejectedSafe: rejectedSafe)
    #expect(bfpo.evaluate(margin: 1.5, label: label) == MarginEvaluation(loss: loss, derivative: derivative))
  }

  @Test func `SafeDPO, Δ = 2, safe over unsafe`() {
    var safeDPO = SafeDPO()
    (safeDPO.tau, safeDPO.delta) = (0.4, 2)
    let value = safeDPO.evaluate(margin: 1.5, label: PairLabel(chosenSafe: true, rejectedSafe: false))
    #expect(abs(value.loss - 1.620_417_409_9) < 1e-10)
    #expect(abs(value.derivative - -0.320_873_555_4) < 1e-10)
  }

  @Test func `losses at the reference: ln 2 and the target squared`() {
    let reference = PairLabel(chosenSafe: true, rejectedSafe: true)
    #expect(abs(DPO().evaluate(margin: 0, label: reference).loss - 0.693_147_180_559_945_3) < 1e-15)
    #expect(abs(IPO().evaluate(margin: 0, label: reference).loss - 25) < 1e-12)
    #expect(BFPO().evaluate(margin: 0, label: reference).loss == 2500)
  }

  @Test func `the defaults are the documented ones`() {
    #expect(DPO().tau == 0.1 && IPO().tau == 0.1 && BFPO().tau == 0.01)
    #expect(BFPO().alpha == 0.5 && BFPO().b1 == 3)
    for entry in catalogue {
      #expect(entry.defaults.reduction == (["simpo", "orpo"].contains(entry.card.id) ? .mean : .sum))
    }
    #expect(SafeDPO().delta == 10 && SafeDPO().tau == 0.1)
    #expect(BSO().shift == 30 && BSO().lambda == 0.2 && BSO().scale == 4 && BSO().tau == 0.1)
    #expect(ConservativeDPO().epsilon == 0.1 && RobustDPO().epsilon == 0.1)
    #expect(SimPO().tau == 2 && SimPO().gamma == 0.5 && ORPO().lambda == 0.1)
    #expect(KTO().lambdaDesirable == 1 && KTO().lambdaUndesirable == 1)
  }
}
