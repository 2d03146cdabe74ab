import Basics
import Objectives
import Testing

/// Relations between the losses that hold exactly.
@Suite struct IdentityTests {
  private let margins = Array(stride(from: -40.0, through: 40, by: 1.7))

  @Test(arguments: [0.01, 0.1, 0.25, 1, 3]) func `BFPO on safe pairs with α = ½ is IPO`(tau: Double) {
    var (bfpo, ipo) = (BFPO(), IPO())
    (bfpo.tau, ipo.tau) = (tau, tau)
    let safe = PairLabel(chosenSafe: true, rejectedSafe: true)
    for b1 in [1.5, 3, 7] {
      bfpo.b1 = b1
      for h in margins {
        let (a, b) = (bfpo.evaluate(margin: h, label: safe), ipo.evaluate(margin: h, label: safe))
        #expect(abs(a.loss - b.loss) <= 1e-13 * max(1, b.loss))
        #expect(abs(a.derivative - b.derivative) <= 1e-13 * max(1, abs(b.derivative)))
      }
    }
  }

  @Test func `stationary where the card says, and the loss is lowest there`() {
    for tau in [0.05, 0.4, 2] {
      var ipo = IPO()
      ipo.tau = tau
      expectMinimum(ipo, at: 1 / (2 * tau), PairLabel())
      var bfpo = BFPO()
      bfpo.tau = tau
      for (chosen, rejected) in [(true, true), (true, false), (false, false), (false, true)] {
        let label = PairLabel(chosenSafe: chosen, rejectedSafe: rejected)
        expectMinimum(bfpo, at: bfpo.target(label) / tau, label)
      }
    }
  }

  @Test func `DPO falls for every margin`() {
    let dpo = DPO()
    for h in margins { #expect(dpo.evaluate(margin: h, label: PairLabel()).derivative < 0) }
  }

  /// L(h) − L(−h) is −τh for DPO, −2h/τ for IPO and −4hg/τ for BFPO.
  @Test func `swapping the responses negates the margin`() {
    var random = SeedTree(6).generator()
    for (chosen, rejected) in [(true, true), (true, false), (false, false), (false, true)] {
      let label = PairLabel(chosenSafe: chosen, rejectedSafe: rejected)
      let pair = PairSample(
        policyChosen: random.normal(), policyRejected: random.normal(), referenceChosen: random.normal(),
        referenceRejected: random.normal(), label: label)
      let swapped = PairSample(
        policyChosen: pair.policyRejected, policyRejected: pair.policyChosen, referenceChosen: pair.referenceRejected,
        referenceRejected: pair.referenceChosen, label: label)
      let h = pair.margin(.sum)
      #expect(swapped.margin(.sum) == -h)
      let (dpo, ipo, bfpo) = (DPO(), IPO(), BFPO())
      func difference(_ objective: any Objective) -> Double {
        objective.evaluate(pair).loss - objective.evaluate(swapped).loss
      }
      #expect(abs(difference(dpo) + dpo.tau * h) < 1e-12)
      #expect(abs(difference(ipo) + 2 * h / ipo.tau) < 1e-10)
      #expect(abs(difference(bfpo) + 4 * h * bfpo.target(label) / bfpo.tau) < 1e-8)
    }
  }

  /// E L(h) over which response wins is lowest at logit(p)/τ.
  /// p L(x) + (1 − p) L(−x) is least where p σ(γ − x) = (1 − p) σ(γ + x), a quadratic in e^x.
  @Test(arguments: [0.05, 0.5, 0.7, 0.95], [0, 0.5, 3]) func `SimPO's population optimum`(
    probability p: Double, gamma: Double
  ) {
    let b = 2 * p - 1
    let root = (b * b + 4 * p * (1 - p) * exponential(-2 * gamma)).squareRoot()
    let x = naturalLogarithm((b + root) / (2 * (1 - p) * exponential(-gamma)))
    var objective = SimPO()
    objective.gamma = gamma
    func slope(_ difference: Double) -> Double {
      objective.evaluate(
        PairSample(
          policyChosen: difference, policyRejected: 0, referenceChosen: 0, referenceRejected: 0, label: PairLabel())
      ).dChosen
    }
    let difference = x / objective.tau
    #expect(abs(p * slope(difference) - (1 - p) * slope(-difference)) < 1e-12)
    let logit = naturalLogarithm(p / (1 - p))
    #expect(abs(x) >= abs(logit) - 1e-12 && (gamma > 0 || abs(x - logit) < 1e-12))
    #expect(abs(p * sigmoid(gamma - x) - (1 - p) * sigmoid(gamma + x)) < 1e-12)
  }

  @Test(arguments: [0.55, 0.7, 0.9]) func `DPO's population optimum`(probability: Double) {
    var dpo = DPO()
    dpo.tau = 0.4
    let h = logit(probability) / dpo.tau
    let forward = dpo.evaluate(margin: h, label: PairLabel()).derivative
    let backward = dpo.evaluate(margin: -h, label: PairLabel()).derivative
    #expect(abs(probability * forward - (1 - probability) * backward) < 1e-15)
  }

  private func expectMinimum(_ objective: some MarginObjective, at h: Double, _ label: PairLabel) {
    let value = objective.evaluate(margin: h, label: label)
    #expect(abs(value.derivative) < 1e-12)
    for step in [-0.5, -1e-3, 1e-3, 0.5] {
      #expect(objective.evaluate(margin: h + step, label: label).loss > value.loss)
    }
  }
}
