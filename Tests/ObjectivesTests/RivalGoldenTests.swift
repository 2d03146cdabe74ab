import Basics
import Objectives
import Testing

/// Fixture F4 and those of the rivals: h = 1.5, τ (β) = .4.
@Suite struct RivalGoldenTests {
  @Test func `conservative DPO, robust DPO and hinge, fixture F4`() {
    var (conservative, robust, hinge) = (ConservativeDPO(), RobustDPO(), Hinge())
    (conservative.tau, robust.tau, hinge.tau) = (0.4, 0.4, 0.4)
    expect(conservative, PairLabel(), 0.497_487_950_5, -0.101_737_477_5)
    expect(robust, PairLabel(), 0.362_487_950_5, -0.191_737_477_5)
    expect(hinge, PairLabel(), 0.4, -0.4)
  }

  @Test(arguments: [
    (BregmanGenerator.logistic, 1.620_417_409_9, -0.320_873_555_4), (.sba, 1.214_761_150_5, -0.612_133_971_3),
    (.kliep, 4.455_199_966_8, -2.022_079_986_7), (.lsif, 16.951_452_843_2, -13.352_994_988),
  ])
  func `BSO, C = 2, safe over unsafe`(generator: BregmanGenerator, loss: Double, derivative: Double) {
    var bso = BSO()
    (bso.tau, bso.shift, bso.generator) = (0.4, 2, generator)
    expect(bso, PairLabel(chosenSafe: true, rejectedSafe: false), loss, derivative)
  }

  @Test func `MODPO, w₁ = .3, Δm = 1.3`() {
    var modpo = MODPO()
    (modpo.tau, modpo.safetyWeight) = (0.4, 0.3)
    let label = PairLabel(
      chosenScores: ResponseScores(reward: 9, cost: -1), rejectedScores: ResponseScores(reward: -9, cost: 0.3))
    expect(modpo, label, 0.554_355_244_5, -0.243_175_704_7)
  }

  /// ln(1 + e^{−.6}) and σ by hand: p = σ(.9 − 2 · .3) = σ(.3).
  @Test(arguments: ["constrained-dpo", "mocan", "pecan"]) func `soft labels of r − λc`(id: String) throws {
    let objective = try #require(try catalogueEntry(id).make(["tau": .number(0.4)]) as? any MarginObjective)
    let label = PairLabel(
      chosenScores: ResponseScores(reward: 1, cost: 0.5), rejectedScores: ResponseScores(reward: 0.1, cost: 0.2),
      multiplier: 2)
    // p = .574442516811659, −p log σ(.6) − (1 − p) log σ(−.6) and −.4 (p − .645656306225795).
    expect(objective, label, 0.692_822_440_399, 0.028_485_515_766)
  }

  @Test func `KTO at hand-picked numbers`() {
    var kto = KTO()
    (kto.tau, kto.lambdaDesirable, kto.lambdaUndesirable) = (0.5, 2, 3)
    var pair = PairSample(
      policyChosen: -1, policyRejected: -4, referenceChosen: -3, referenceRejected: -5,
      batch: BatchMeans(chosenLogRatio: 1.5, rejectedLogRatio: -0.7))
    // z_w = max(0, −.7) = 0, z_l = 1.5: 2 (1 − σ(.5 · 2)) + 3 (1 − σ(.5 (1.5 − 1))).
    let value = kto.evaluate(pair)
    #expect(abs(value.loss - (2 * 0.268_941_421_4 + 3 * 0.437_823_499_1)) < 1e-9)
    #expect(abs(value.dChosen - -0.196_611_933_2) < 1e-9, "−λ_D τ σ(1) σ(−1)")
    #expect(abs(value.dRejected - 3 * 0.5 * 0.246_134_082_8) < 1e-9)
    pair.batch = nil
    let alone = kto.evaluate(pair)
    // Alone: z_w = 1, z_l = 2.
    #expect(abs(alone.loss - (2 * 0.377_540_668_8 + 3 * 0.377_540_668_8)) < 1e-9)
  }

  @Test func `KTO on safety flags takes each response by its own flag`() {
    var pair = PairSample(
      policyChosen: -1, policyRejected: -4, referenceChosen: -3, referenceRejected: -5,
      batch: BatchMeans(chosenLogRatio: 0.4, rejectedLogRatio: 0.3))
    pair.label = PairLabel(chosenSafe: true, rejectedSafe: false)
    #expect(SafeKTO().evaluate(pair) == KTO().evaluate(pair))
    pair.label = PairLabel(chosenSafe: false, rejectedSafe: true)
    let value = SafeKTO().evaluate(pair)
    #expect(value.dChosen > 0 && value.dRejected < 0)
    pair.label = PairLabel(chosenSafe: true, rejectedSafe: true)
    #expect(SafeKTO().evaluate(pair).dRejected < 0 && SafeKTO().evaluate(pair).dChosen < 0)
  }

  @Test func `SimPO and ORPO at hand-picked numbers`() {
    let pair = PairSample(
      policyChosen: -2, policyRejected: -12, referenceChosen: -50, referenceRejected: -1, chosenTokens: 4,
      rejectedTokens: 8)
    // 2 (−.5 + 1.5) − .5 = 1.5.
    let simpo = SimPO().evaluate(pair)
    #expect(abs(simpo.loss - 0.201_413_277_9) < 1e-9)
    #expect(abs(simpo.dChosen - -2 * 0.182_425_523_8 / 4) < 1e-9)
    #expect(abs(simpo.dRejected - 2 * 0.182_425_523_8 / 8) < 1e-9)
    // odds = p/(1 − p) with p = e^{−.5}, e^{−1.5}.
    let (chosen, rejected) = (0.606_530_659_712_633_4, 0.223_130_160_148_429_8)
    let ratio = chosen / (1 - chosen) / (rejected / (1 - rejected))
    let orpo = ORPO().evaluate(pair)
    #expect(abs(orpo.loss - (0.5 + 0.1 * naturalLogarithm(1 + 1 / ratio))) < 1e-12)
  }

  @Test func `ORPO stays finite for probabilities of almost and of exactly 1`() {
    for (chosen, rejected) in [(-1e-300, -3.0), (-3, -1e-300), (0, 0), (0, -2), (-2, 0), (-1e-17, -1e-17), (-1e4, 0)] {
      for reduction in Reduction.allCases {
        var orpo = ORPO()
        orpo.reduction = reduction
        let value = orpo.evaluate(
          PairSample(policyChosen: chosen, policyRejected: rejected, referenceChosen: 0, referenceRejected: 0))
        #expect(value.loss.isFinite && value.dChosen.isFinite && value.dRejected.isFinite, "\(chosen) \(rejected)")
        #expect(value.dChosen <= -1 && value.dRejected >= 0)
      }
    }
  }

  @Test func `ORPO does not lose digits next to a probability of 1`() {
    var orpo = ORPO()
    orpo.lambda = 1
    let pair = PairSample(policyChosen: -1e-9, policyRejected: -2, referenceChosen: 0, referenceRejected: 0)
    // e^{a_l}/D with D = e^{a_l} 1e−9 + 1 − e^{a_l}, to nine digits e^{−2}/(1 − e^{−2}).
    #expect(abs(orpo.evaluate(pair).dChosen - (-1 - 0.156_517_642_7)) < 1e-8)
  }

  @Test func `SFT and the anchors`() {
    let pair = PairSample(
      policyChosen: -6, policyRejected: -9, referenceChosen: -7, referenceRejected: -8, chosenTokens: 3,
      rejectedTokens: 2)
    #expect(SFT().evaluate(pair) == PairEvaluation(loss: 6, dChosen: -1, dRejected: 0))
    var averaged = SFT()
    averaged.reduction = .mean
    #expect(averaged.evaluate(pair) == PairEvaluation(loss: 2, dChosen: -1 / 3.0, dRejected: 0))
    var (dpo, anchored, cpo) = (DPO(), DPOWithSFT(), CPO())
    (dpo.tau, anchored.tau, anchored.anchor, cpo.tau, cpo.anchor) = (0.4, 0.4, 0.5, 0.4, 0.5)
    let (a, b) = (anchored.evaluate(pair), dpo.evaluate(pair))
    #expect(a.loss == b.loss + 3 && a.dChosen == b.dChosen - 0.5 && a.dRejected == b.dRejected)
    // CPO is DPO with a reference of equal log-probabilities.
    var level = pair
    (level.referenceChosen, level.referenceRejected) = (-5, -5)
    let (c, d) = (cpo.evaluate(pair), dpo.evaluate(level))
    #expect(c.loss == d.loss + 3 && c.dChosen == d.dChosen - 0.5 && c.dRejected == d.dRejected)
  }

  private func expect(_ objective: any MarginObjective, _ label: PairLabel, _ loss: Double, _ derivative: Double) {
    let value = objective.evaluate(margin: 1.5, label: label)
    #expect(abs(value.loss - loss) < 1.0001e-10, "\(value.loss)")
    #expect(abs(value.derivative - derivative) < 1.0001e-10, "\(value.derivative)")
  }
}
