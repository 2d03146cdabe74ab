import Basics
import Objectives
import Testing

/// How the relatives of DPO reduce to each other.
@Suite struct ReductionIdentityTests {
  private static let margins = Array(stride(from: -40.0, through: 40, by: 1.7))
  private static let labels = [(true, true), (true, false), (false, false), (false, true)].map {
    PairLabel(chosenSafe: $0, rejectedSafe: $1)
  }

  private func dpo(_ tau: Double) -> DPO {
    var objective = DPO()
    objective.tau = tau
    return objective
  }

  @Test(arguments: [0.05, 0.4, 2]) func `BSO with the logistic generator is SafeDPO with Δ = C`(tau: Double) {
    for shift in [0, 2, 10, 30.0] {
      var (bso, safeDPO) = (BSO(), SafeDPO())
      (bso.tau, bso.shift, bso.generator) = (tau, shift, .logistic)
      (safeDPO.tau, safeDPO.delta) = (tau, shift)
      for keeps in [false, true] {
        (bso.keepUnsafePairs, safeDPO.keepUnsafePairs) = (keeps, keeps)
        for label in Self.labels {
          #expect(bso.admits(label) == safeDPO.admits(label))
          for h in Self.margins + [-1e4, 1e4] {
            #expect(bso.evaluate(margin: h, label: label) == safeDPO.evaluate(margin: h, label: label))
          }
        }
      }
    }
  }

  /// Every generator's expected loss is lowest at R = (1 − p)/p.
  @Test(arguments: BregmanGenerator.allCases, [0.2, 0.5, 0.8]) func `BSO's population optimum is DPO's`(
    generator: BregmanGenerator, probability: Double
  ) {
    var bso = BSO()
    (bso.tau, bso.generator) = (0.4, generator)
    let safe = Self.labels[0]
    let slope = { (h: Double) in
      probability * bso.evaluate(margin: h, label: safe).derivative
        - (1 - probability) * bso.evaluate(margin: -h, label: safe).derivative
    }
    let optimum = logit(probability) / bso.tau
    #expect(abs(slope(optimum)) < 1e-14)
    #expect(slope(optimum - 0.1) < 0 && slope(optimum + 0.1) > 0)
  }

  @Test func `the generators' clamp continues in a straight line`() {
    var bso = BSO()
    (bso.tau, bso.shift, bso.clamp) = (1, 0, 5)
    for generator in [BregmanGenerator.kliep, .lsif, .sba] {
      bso.generator = generator
      let edge = bso.evaluate(margin: -5, label: Self.labels[0])
      let beyond = bso.evaluate(margin: -9, label: Self.labels[0])
      #expect(beyond.derivative == edge.derivative)
      #expect(abs(beyond.loss - (edge.loss - 4 * edge.derivative)) < 1e-9 * abs(beyond.loss))
    }
  }

  @Test(arguments: [0.05, 0.4, 2]) func `without noise, conservative and robust DPO are DPO`(tau: Double) {
    var (conservative, robust) = (ConservativeDPO(), RobustDPO())
    (conservative.tau, conservative.epsilon, robust.tau, robust.epsilon) = (tau, 0, tau, 0)
    for h in Self.margins {
      let expected = dpo(tau).evaluate(margin: h, label: PairLabel())
      #expect(conservative.evaluate(margin: h, label: PairLabel()) == expected)
      #expect(robust.evaluate(margin: h, label: PairLabel()) == expected)
    }
  }

  @Test(arguments: [0.01, 0.1, 0.3, 0.45]) func `noise adds a line in h`(epsilon: Double) {
    let tau = 0.4
    var (conservative, robust) = (ConservativeDPO(), RobustDPO())
    (conservative.tau, conservative.epsilon, robust.tau, robust.epsilon) = (tau, epsilon, tau, epsilon)
    for h in Self.margins {
      let base = dpo(tau).evaluate(margin: h, label: PairLabel())
      let smoothed = conservative.evaluate(margin: h, label: PairLabel())
      #expect(abs(smoothed.loss - (base.loss + epsilon * tau * h)) < 1e-12)
      #expect(abs(smoothed.derivative - (base.derivative + epsilon * tau)) < 1e-14)
      let slope = epsilon / (1 - 2 * epsilon) * tau
      let corrected = robust.evaluate(margin: h, label: PairLabel())
      #expect(abs(corrected.loss - (base.loss - slope * h)) < 1e-11)
      #expect(abs(corrected.derivative - (base.derivative - slope)) < 1e-12)
    }
  }

  /// E over the flips of a noisy label of robust DPO's loss is DPO's loss of the clean label.
  @Test func `robust DPO is unbiased`() {
    var robust = RobustDPO()
    (robust.tau, robust.epsilon) = (0.4, 0.2)
    for h in Self.margins {
      let kept = robust.evaluate(margin: h, label: PairLabel()).loss
      let flipped = robust.evaluate(margin: -h, label: PairLabel()).loss
      #expect(abs(0.8 * kept + 0.2 * flipped - dpo(0.4).evaluate(margin: h, label: PairLabel()).loss) < 1e-11)
    }
  }

  @Test func `MODPO without weight on safety is DPO`() {
    var modpo = MODPO()
    (modpo.tau, modpo.safetyWeight) = (0.4, 0)
    var random = SeedTree(41).generator()
    for h in Self.margins {
      #expect(modpo.evaluate(margin: h, label: .random(&random)) == dpo(0.4).evaluate(margin: h, label: PairLabel()))
    }
  }

  /// h = (w₀ logit p + w₁ Δm)/τ.
  @Test func `MODPO's population optimum`() {
    var modpo = MODPO()
    (modpo.tau, modpo.safetyWeight) = (0.4, 0.3)
    let (p, chosen, rejected) = (0.8, ResponseScores(reward: 0, cost: -1), ResponseScores(reward: 0, cost: 0.3))
    let h = (0.7 * logit(p) + 0.3 * 1.3) / 0.4
    let forward = modpo.evaluate(margin: h, label: PairLabel(chosenScores: chosen, rejectedScores: rejected))
    let backward = modpo.evaluate(margin: -h, label: PairLabel(chosenScores: rejected, rejectedScores: chosen))
    #expect(abs(p * forward.derivative - (1 - p) * backward.derivative) < 1e-15)
  }

  /// With λ = 0 the labels are the Bradley–Terry probabilities of the reward: DPO averaged over which response wins.
  @Test(arguments: ["constrained-dpo", "mocan", "pecan"]) func `soft labels without a multiplier are expected DPO`(
    id: String
  ) throws {
    let objective = try #require(try catalogueEntry(id).make(["tau": .number(0.4)]) as? any MarginObjective)
    var random = SeedTree(42).generator()
    for h in Self.margins {
      var label = PairLabel.random(&random)
      label.multiplier = 0
      let p = sigmoid((label.chosenScores?.reward ?? 0) - (label.rejectedScores?.reward ?? 0))
      let (win, loss) = (
        dpo(0.4).evaluate(margin: h, label: label), dpo(0.4).evaluate(margin: -h, label: label)
      )
      let value = objective.evaluate(margin: h, label: label)
      #expect(abs(value.loss - (p * win.loss + (1 - p) * loss.loss)) < 1e-13)
      #expect(abs(value.derivative - (p * win.derivative - (1 - p) * loss.derivative)) < 1e-14)
    }
  }

  /// L(h; chosen, rejected) = L(−h; rejected, chosen): a soft label knows no order.
  @Test func `soft labels do not depend on which response is called chosen`() {
    var random = SeedTree(43).generator()
    for h in Self.margins {
      let label = PairLabel.random(&random)
      let swapped = PairLabel(
        chosenScores: label.rejectedScores, rejectedScores: label.chosenScores, multiplier: label.multiplier)
      let value = ConstrainedDPO().evaluate(margin: h, label: label)
      let other = ConstrainedDPO().evaluate(margin: -h, label: swapped)
      #expect(abs(value.loss - other.loss) < 1e-13 && abs(value.derivative + other.derivative) < 1e-14)
    }
  }

  @Test func `the multiplier rules say what the hyper-parameters say`() throws {
    let settings = ["budget": JSONValue.number(0.3), "tau": .number(0.7)]
    for id in ["mocan", "pecan"] {
      #expect(try catalogueEntry(id).make(settings).multiplierRule == .oneShot(budget: 0.3, tau: 0.7))
    }
    let ascent = DualAscent(budget: 0.3, initial: 1, rate: 0.05, interval: 10, maximum: 20)
    #expect(try catalogueEntry("constrained-dpo").make(settings).multiplierRule == .ascent(ascent))
    #expect(ascent.advanced(1, expectedCost: 0.5) > 1, "λ rises over the budget")
    for entry in catalogue where !entry.card.labels.isSuperset(of: [.rewards, .costs]) {
      #expect(entry.defaults.multiplierRule == .none, "\(entry.card.id)")
    }
  }
}
