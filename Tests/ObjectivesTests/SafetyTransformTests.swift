import Basics
import Objectives
import Testing

/// What becomes of a pair in helpfulness order before SafeDPO and BSO learn from it.
@Suite struct SafetyTransformTests {
  private let safeOverUnsafe = PairLabel(chosenSafe: true, rejectedSafe: false)
  private let unsafeOverSafe = PairLabel(chosenSafe: false, rejectedSafe: true)
  private let unsafe = PairLabel(chosenSafe: false, rejectedSafe: false)

  @Test(arguments: ["safedpo", "bso"]) func `unsafe over safe is learnt as the swapped pair`(id: String) throws {
    let objective = try catalogueEntry(id).make(["tau": .number(0.3)])
    let pair = PairSample(
      policyChosen: -3, policyRejected: -7.5, referenceChosen: -4, referenceRejected: -6.25, label: unsafeOverSafe)
    let swapped = PairSample(
      policyChosen: -7.5, policyRejected: -3, referenceChosen: -6.25, referenceRejected: -4, label: safeOverUnsafe)
    let (value, expected) = (objective.evaluate(pair), objective.evaluate(swapped))
    #expect(value.loss == expected.loss)
    #expect(value.dChosen == expected.dRejected && value.dRejected == expected.dChosen)
    #expect(value.dChosen > 0 && value.dRejected < 0, "the unsafe response is lowered")
    #expect(objective.admits(unsafeOverSafe))
  }

  @Test(arguments: ["safedpo", "bso"]) func `two unsafe responses are left out, or kept as they are`(id: String) throws
  {
    let pair = PairSample(
      policyChosen: -3, policyRejected: -7.5, referenceChosen: -4, referenceRejected: -6.25, label: unsafe)
    let objective = try catalogueEntry(id).make([:])
    #expect(!objective.admits(unsafe) && objective.evaluate(pair) == .none)
    let keeping = try catalogueEntry(id).make(["keepUnsafePairs": .bool(true)])
    #expect(keeping.admits(unsafe))
    var safePair = pair
    safePair.label = PairLabel(chosenSafe: true, rejectedSafe: true)
    #expect(keeping.evaluate(pair) == objective.evaluate(safePair), "no offset: the flags agree")
    #expect(objective.evaluate(safePair).dChosen < 0)
  }

  @Test func `Δ = 0 on safe pairs is DPO`() {
    var (safeDPO, dpo) = (SafeDPO(), DPO())
    for tau in [0.05, 0.4, 2] {
      (safeDPO.tau, safeDPO.delta, dpo.tau) = (tau, 0, tau)
      for h in stride(from: -40.0, through: 40, by: 1.7) {
        let label = PairLabel(chosenSafe: true, rejectedSafe: true)
        #expect(safeDPO.evaluate(margin: h, label: label) == dpo.evaluate(margin: h, label: label))
        #expect(safeDPO.evaluate(margin: h, label: safeOverUnsafe) == dpo.evaluate(margin: h, label: safeOverUnsafe))
      }
    }
  }

  /// Both orders of a mixed pair point the same way, so only pairs of equal safety have a finite optimum, DPO's.
  @Test func `Δ moves a mixed pair's loss along the margin by Δ/τ`() {
    var safeDPO = SafeDPO()
    (safeDPO.tau, safeDPO.delta) = (0.4, 3)
    var dpo = DPO()
    dpo.tau = 0.4
    for h in stride(from: -20.0, through: 20, by: 1.3) {
      let value = safeDPO.evaluate(margin: h, label: safeOverUnsafe)
      let expected = dpo.evaluate(margin: h - 3 / 0.4, label: safeOverUnsafe)
      #expect(abs(value.loss - expected.loss) < 1e-14 && abs(value.derivative - expected.derivative) < 1e-14)
    }
  }
}
