import Basics
import Kernels
import Laboratory

extension Command {
  static let bench = Command(
    name: "bench",
    summary: "Measure how fast this machine trains, scores and generates.",
    discussion: """
      The language model has the sizes of SmolLM2-135M and random weights: no file is needed. One DPO step is 4 pairs of 128
      prompt and 128 response tokens with `down_proj` trained; its share of the product rate is the time that its matrix
      products take alone, in BLAS, divided by the step's time. Rates are medians; compare the shares, not the absolutes, with
      another day's.
      """,
    examples: [
      Example("./bfpo bench", "about a minute on two cores"),
      Example("./bfpo bench --rounds 9", "more rounds, steadier medians"),
      Example("./bfpo bench --json", "for a file or a program"),
    ],
    options: [
      Option("rounds", value: "N", "Repeats of every measurement.", defaultText: "5"),
      .workers,
    ],
    flags: [.json],
    next: "./bfpo sweep"
  ) { arguments in
    let workers = try arguments.workerCount()
    let rounds = try arguments.integer("rounds", in: 1...1000) ?? 5
    let report = BenchmarkReport(
      blas: blasDescription(), vectorInstructions: vectorInstructions(), workers: workers,
      tabular: try TabularBenchmark.measure(rounds: rounds, workers: workers),
      languageModel: try LanguageModelBenchmark.measure(rounds: rounds, workers: workers))
    arguments.console.output(arguments.isJSON ? try canonicalJSON(report, pretty: true) : report.text())
    return .success
  }
}

private struct BenchmarkReport: Encodable {
  var schema = 1
  var blas: String
  var vectorInstructions: String
  var workers: Int
  var tabular: TabularBenchmark
  var languageModel: LanguageModelBenchmark

  func text() -> String {
    let model = languageModel
    return Table(
      [
        ["DPO step, share of the product rate", fixed(100 * model.shareOfProductRate, 1), "%"],
        ["DPO step, pairs", fixed(model.pairsPerSecond, 2), "1/s"],
        ["DPO step, time", fixed(model.stepSeconds, 2), "s"],
        ["matrix products of the step", fixed(model.stepOperations * 1e-9, 0), "GFLOP"],
        ["matrix products alone", fixed(model.productRate * 1e-9, 0), "GFLOP/s"],
        ["peak memory of the step", fixed(Double(model.stepPeakBytes) * 1e-9, 2), "GB"],
        ["scoring", fixed(model.scoredTokensPerSecond, 0), "tokens/s"],
        ["generation, one sequence", fixed(model.generatedTokensPerSecond, 1), "tokens/s"],
        ["generation, eight sequences", fixed(model.batchedTokensPerSecond, 1), "tokens/s"],
        ["tabular cells (1,800 steps of 32 pairs)", fixed(tabular.cellsPerSecond, 0), "1/s"],
        ["tabular pairs per worker", fixed(tabular.pairsPerSecondAndWorker * 1e-6, 2), "10⁶/s"],
      ], header: ["measurement", "median", "unit"], alignment: [.left, .right, .left]
    ).text() + "\n\(workers) workers; \(vectorInstructions); \(blas)\n"
  }
}
