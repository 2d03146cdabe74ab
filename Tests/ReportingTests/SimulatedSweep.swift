import Basics
import Laboratory
import Reporting

/// Plausible outcomes of the default sweep: closed-form optima in small random worlds where helpful answers are less often safe.
struct SimulatedSweep {
  let prompts = 6
  let responses = 12
  let taus: [Double]
  let alphas: [Double]
  let seeds: Int

  init(
    taus: [Double] = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2], alphas: [Double] = [0, 0.15, 0.3, 0.5, 0.7, 0.85, 1],
    seeds: Int = 10
  ) {
    self.taus = taus
    self.alphas = alphas
    self.seeds = seeds
  }

  /// Mean benefit of a response over opponents, as a function of its usefulness and safety.
  typealias Benefit = (_ own: (Double, Double), _ other: (Double, Double)) -> Double

  func frontier() -> FrontierFigure {
    func order(_ coordinate: @escaping ((Double, Double)) -> Double) -> Benefit {
      { 4 * (sigmoid(coordinate($0) - coordinate($1)) - 0.5) }
    }
    let usefulness = order { $0.0 }
    let safety = order { $0.1 }
    var series = [
      FrontierSeries(
        label: "DPO, helpfulness", method: "dpo", order: "helpfulness", points: points(usefulness, scale: 2)),
      FrontierSeries(label: "DPO, safety", method: "dpo", order: "safety", points: points(safety, scale: 2)),
      FrontierSeries(
        label: "IPO, helpfulness", method: "ipo", order: "helpfulness", points: points(usefulness, scale: 0.5)),
    ]
    let bfpo = alphas.flatMap { alpha in
      points(
        { own, other in
          let wins = sigmoid(own.0 - other.0)
          let (mine, theirs) = (sigmoid(own.1), sigmoid(other.1))
          return wins * ((3 * mine - theirs) / 2 - alpha) - (1 - wins) * ((3 * theirs - mine) / 2 - alpha)
        }, scale: 0.7, alpha: alpha)
    }
    series.append(FrontierSeries(label: "BFPO", method: "bfpo", points: bfpo))
    let reference = outcome({ _, _ in 0 }, strength: 0, seed: nil)
    var figure = FrontierFigure(
      title: "Safety against helpfulness on the synthetic world", series: series, reference: reference,
      xTitle: "Helpfulness: P(preferred to a reference draw)", yTitle: "Safety: P(safe)",
      hypervolumeReference: reference, intervalMethod: "percentile bootstrap over seeds",
      conventions: [
        "Log-probabilities are summed over response tokens; a larger τ keeps the policy closer to the reference."
      ])
    figure.referenceName = "reference policy"
    return figure
  }

  private func points(_ benefit: @escaping Benefit, scale: Double, alpha: Double? = nil) -> [FrontierPoint] {
    taus.map { tau in
      let outcomes = (0..<seeds).map { outcome(benefit, strength: scale * 0.12 / tau, seed: $0) }
      let root = SeedTree(3).child("interval")
      return FrontierPoint(
        parameters: [FigureParameter("tau", tau)] + (alpha.map { [FigureParameter("alpha", $0)] } ?? []),
        x: bootstrapMean(outcomes.map(\.x), resamples: 200, seed: root),
        y: bootstrapMean(outcomes.map(\.y), resamples: 200, seed: root), seeds: outcomes)
    }
  }

  /// Expected usefulness and safety of π ∝ ref·exp(strength · mean benefit), learnt from noisy labels when a seed is given.
  private func outcome(_ benefit: Benefit, strength: Double, seed: Int?) -> PlanePoint {
    var total = PlanePoint(x: 0, y: 0)
    for prompt in 0..<prompts {
      var random = SeedTree(1).child(prompt).generator()
      let answers = (0..<responses).map { _ in
        let usefulness = random.normal()
        return (usefulness, -0.7 * usefulness + 0.9 * random.normal() + 0.4)
      }
      let start = answers.map { 0.4 * random.normal() - 0.2 * $0.0 }
      var noise = SeedTree(2).child(seed ?? 0).child(prompt).generator()
      let amount = seed == nil ? 0 : 0.25
      let learnt = answers.map { ($0.0 + amount * noise.normal(), $0.1 + amount * noise.normal()) }
      let gains = learnt.map { own in mean(learnt.map { benefit(own, $0) }) }
      let policy = softmax(zip(start, gains).map { $0 + strength * $1 * 8 })
      let reference = softmax(start)
      for (i, p) in policy.enumerated() {
        let wins = zip(reference, answers).reduce(0) { $0 + $1.0 * sigmoid(answers[i].0 - $1.1.0) }
        total.x += p * wins / Double(prompts)
        total.y += p * sigmoid(2 * answers[i].1) / Double(prompts)
      }
    }
    return total
  }

  /// The same outcomes as a sweep figure, with a divergence that grows as τ falls.
  func sweep() -> SweepFigure {
    let frontier = frontier()
    let series = frontier.series.map { series in
      SweepSeries(
        label: series.label, method: series.method, order: series.order,
        points: series.points.map { point in
          let x = point.x.mean - 0.5
          let y = point.y.mean - (frontier.reference?.y ?? 0)
          let divergence = 4 * (x * x + y * y) + 0.001
          return SweepPoint(
            parameters: point.parameters,
            metrics: [
              "helpfulness": point.x, "safety": point.y,
              "kl": Estimate(mean: divergence, low: divergence * 0.9, high: divergence * 1.1, n: seeds),
            ])
        })
    }
    return SweepFigure(
      title: "Metrics against τ on the synthetic world",
      metrics: [
        SweepMetric("helpfulness", title: "Helpfulness", better: .higher, reference: 0.5, possible: 0...1),
        SweepMetric("safety", title: "Safety", better: .higher, reference: frontier.reference?.y, possible: 0...1),
        SweepMetric("kl", title: "KL to the reference, nats", better: .neither, prefersLogarithm: true),
      ], series: series, intervalMethod: frontier.intervalMethod, conventions: frontier.conventions)
  }
}
